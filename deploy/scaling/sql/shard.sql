-- Makes this database one of several that share the streams: its workers drain every stream whose number, divided by the
-- number of databases, leaves this one's number. As the owner, after migrate and before any worker is started:
--
--     psql votes --set=shards=4 --set=shard=0 < deploy/scaling/sql/shard.sql
--
-- A worker drains no stream whose position it cannot lock, so it is enough that the others have none here. A ballot always
-- comes through the same stream, hence into the same database. The number of databases is fixed for a deployment.
begin;

create function skip_streams_of_other_shards() returns trigger language plpgsql as $$
begin
    if new.stream % tg_argv[0]::integer = tg_argv[1]::integer then
        return new;
    end if;
    return null;
end
$$;

create trigger skip_streams_of_other_shards before insert on stream_position
    for each row execute function skip_streams_of_other_shards(:shards, :shard);

-- What the summary is made of.
create publication tally for table tally, votes_per_minute;

commit;
