-- beat runs from the worker's image and with its role: it refreshes the planner's statistics and forgets
-- minutes that no chart shows any more.
grant maintain on ballot, tally, votes_per_minute to worker;
grant delete on votes_per_minute to worker;
