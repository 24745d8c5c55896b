-- What a ballot was before its last change: tells the statement that stores a batch what it did to the tally, so that
-- ballots need not be read before they are written. Null for who voted once.
alter table ballot add column previous_choice text;
