-- Ballots of today that are counted or wait, as of one moment: who adds up the two as of different ones, counts what was
-- drained in between twice. Null when Redis did not say, and in the row of a worker that does not know of it yet.
alter table worker_presence add column accepted_today bigint;
