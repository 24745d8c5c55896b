-- Which workers are there and what they find in Redis, for the page that shows the pipeline: result has no access to
-- Redis. Written once a second by each worker. Unlogged, as after a crash of Postgres a second repairs the loss.
create unlogged table worker_presence (
    worker            uuid        not null primary key, -- another one at each start
    seen_at           timestamptz not null,             -- by the clock of Postgres, which also judges how long ago it is
    draining          boolean     not null,             -- whether its last step went well
    waiting           bigint[],                         -- entries per stream; null when Redis did not say
    oldest_age_millis bigint,                           -- of the oldest of them, by the clock of Redis; null for none
    constraint oldest_is_one_of_waiting check (waiting is not null or oldest_age_millis is null)
);

-- A worker that died leaves its row to the next one to delete.
grant select, insert, update, delete on worker_presence to worker;
grant select on worker_presence to result;
