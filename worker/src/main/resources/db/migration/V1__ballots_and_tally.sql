-- What the worker stores, and who may touch it. The role that runs the migrations owns everything;
-- the passwords of the two service roles are set by the migrate command, not here.

do $$
begin
    if not exists (select from pg_roles where rolname = 'worker') then
        create role worker login;
    end if;
    if not exists (select from pg_roles where rolname = 'result') then
        create role result login;
    end if;
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to worker, result', current_database());
end
$$;

-- A worker that hangs inside a transaction holds the lock of its stream: Postgres ends the session, and
-- another worker takes over. Ten seconds is a hundred times the longest batch.
alter role worker set idle_in_transaction_session_timeout = '10s';

-- One row per ballot identity; a later vote with the same id replaces the choice.
create table ballot (
    id     uuid not null primary key,
    choice text not null
);

-- Ballots per option, kept by the same transaction that changes them. Reading it costs the same at ten
-- votes and at ten million. Per stream, so that streams never wait for each other's rows; a single row
-- may go below zero when a voter's ballots came through different streams, the sum never does.
create table tally (
    stream integer not null,
    choice text    not null,
    votes  bigint  not null,
    primary key (stream, choice)
);

-- How far each stream has been read, stored with what was read. The row's lock is the stream's lease.
create table stream_position (
    stream   integer not null primary key,
    entry_id text    not null default '0-0',
    constraint entry_id_is_an_entry_id check (entry_id ~ '^\d+-\d+$')
);

-- Ballots per minute of their acceptance, for the chart of the recent past. Per stream like the tally.
create table votes_per_minute (
    minute timestamptz not null,
    stream integer     not null,
    votes  bigint      not null,
    primary key (minute, stream)
);

-- Entries that cannot be ballots, kept as they came: fields are names and values in turn.
create table rejected_entry (
    id          bigint      not null generated always as identity primary key,
    stream      integer     not null,
    entry_id    text        not null,
    fields      bytea[]     not null,
    reason      text        not null,
    rejected_at timestamptz not null default now()
);

grant select, insert, update on ballot, tally, stream_position, votes_per_minute to worker;
grant select, insert on rejected_entry to worker;
grant select on tally, votes_per_minute to result;
