-- A position means nothing without the data it was read from. Redis may be emptied, replaced or restored from an older
-- copy, and this database from a dump that is older than what Redis has trimmed since. Workers note the same two facts
-- beside each stream in Redis, and so notice either.
alter table stream_position
    add column origin          uuid,                      -- identity of the data in Redis; null before the first contact
    add column entries_read    bigint not null default 0, -- since that origin
    add column entries_missing bigint not null default 0; -- trimmed from Redis, but not counted in this database
