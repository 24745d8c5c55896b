-- Spreads the ballots over 16 partitions by the hash of their id. As the owner of the schema:
--
--     psql votes < deploy/scaling/sql/partition-ballots.sql
--
-- The services notice nothing: their statements name the table "ballot", and so do later migrations. Batches of workers
-- wait until it is done, or fail and are repeated; nothing is lost.
begin;

alter table ballot rename to ballot_before;
alter index ballot_pkey rename to ballot_before_pkey;

create table ballot (like ballot_before including all) partition by hash (id);

do $$
begin
    for remainder in 0 .. 15 loop
        execute format('create table ballot_%s partition of ballot for values with (modulus 16, remainder %s)',
                       remainder, remainder);
    end loop;
end
$$;

grant select, insert, update, maintain on ballot to worker;

insert into ballot select * from ballot_before;
drop table ballot_before;

commit;
