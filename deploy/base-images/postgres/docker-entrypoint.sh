#!/usr/bin/env bash
# Starts Postgres; on an empty data directory it creates the database first:
#
#   POSTGRES_PASSWORD      of POSTGRES_USER; required
#   POSTGRES_USER          the superuser, postgres by default
#   POSTGRES_DB            a database to create, named as the user by default
#   POSTGRES_INITDB_ARGS   more arguments for initdb
#   /docker-entrypoint-initdb.d   *.sql and *.sh, run in the order of their names
#
# Each of the first three may come from the file that <name>_FILE names. While this goes on the server
# listens on its socket only, so a client that connects over the network finds everything in place.
set -euo pipefail

readonly init_directory=/docker-entrypoint-initdb.d
readonly unfinished=$PGDATA/first-start-unfinished

main() {
  if [[ ${1:-} == -* ]]; then
    set -- postgres "$@"
  fi
  if [[ ${1:-} != postgres ]] || asks_for_information "$@"; then
    exec "$@"
  fi

  # As root, because a secret may be readable by root only.
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER
  from_file POSTGRES_DB

  if (( EUID == 0 )); then
    own "$PGDATA" /run/postgresql
    exec setpriv --reuid postgres --regid postgres --init-groups -- "$0" "$@"
  fi

  if [[ -e $unfinished ]]; then
    fail "the first start on $PGDATA did not finish; its log says why. Empty the volume and start again."
  fi
  if [[ ! -s $PGDATA/PG_VERSION ]]; then
    create_database "$@"
  fi
  unset POSTGRES_PASSWORD
  exec "$@"
}

create_database() {
  export POSTGRES_USER=${POSTGRES_USER:-postgres}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  [[ ${POSTGRES_PASSWORD:-} ]] \
    || fail "$PGDATA is empty, and a new database needs a password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE."

  # xargs splits as a shell would, quotes included, and executes nothing.
  local arguments=()
  mapfile -t arguments < <(printf '%s' "${POSTGRES_INITDB_ARGS:-}" | xargs --no-run-if-empty printf '%s\n')
  initdb --username "$POSTGRES_USER" --pwfile <(printf '%s\n' "$POSTGRES_PASSWORD") \
    --auth-local trust --auth-host scram-sha-256 --set listen_addresses='*' "${arguments[@]}"
  # From here on PG_VERSION exists, and without this file the next start would take what is there,
  # however much of it, for a finished database.
  touch "$unfinished"
  printf 'host all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"

  local options=("${@:2}" -c listen_addresses=)
  pg_ctl --wait start --options "${options[*]@Q}"
  if [[ $POSTGRES_DB != postgres ]]; then
    printf 'create database :"name"' | as_superuser --dbname postgres --set name="$POSTGRES_DB"
  fi
  run_init_directory
  pg_ctl --wait stop --mode fast

  rm "$unfinished"
  say "the database is ready for its first clients"
}

run_init_directory() {
  local file
  for file in "$init_directory"/*; do
    case $file in
      *.sql) say "running $file"; as_superuser --dbname "$POSTGRES_DB" --file "$file" ;;
      *.sh)  say "running $file"; run_script "$file" ;;
    esac
  done
}

# A script without the executable bit (a checkout from Windows) is read instead.
run_script() {
  if [[ -x $1 ]]; then
    "$1"
    return
  fi
  (set +u; . "$1")
}

as_superuser() {
  psql --no-psqlrc --no-password --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" "$@"
}

from_file() {
  local name=$1 file_name=$1_FILE
  local file=${!file_name:-}
  [[ $file ]] || return 0
  [[ -z ${!name:-} ]] || fail "set $name or $file_name, not both."
  [[ -r $file ]] || fail "cannot read $file, which $file_name names."
  export "$name=$(< "$file")"
  unset "$file_name"
}

own() {
  mkdir --parents "$@"
  find "$@" ! -user postgres -exec chown postgres: {} +
}

asks_for_information() {
  local argument
  for argument in "$@"; do
    case $argument in
      --help | '-?' | --version | -V | --describe-config) return 0 ;;
    esac
  done
  return 1
}

say()  { printf 'entrypoint: %s\n' "$*"; }
fail() { printf 'entrypoint: %s\n' "$*" >&2; exit 1; }

main "$@"
