-- Makes this database the one that result reads: the tallies of all shards, kept by logical replication. Their rows never
-- meet, because each stream is drained into one shard. As the owner, after migrate; then once for each shard:
--
--     create subscription shard_0 connection 'host=… dbname=votes user=… password=…' publication tally;
--
-- Shards need wal_level=logical. result looks again when it is told to, as with one database.
begin;

create function tell_viewers() returns trigger language plpgsql as $$
begin
    perform pg_notify('tally', (extract(epoch from now()) * 1000)::bigint::text); -- once per transaction: the same text
    return null;
end
$$;

create trigger tell_viewers after insert or update on tally for each row execute function tell_viewers();
alter table tally enable always trigger tell_viewers; -- also for rows that replication brings

commit;
