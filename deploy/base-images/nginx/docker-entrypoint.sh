#!/bin/sh
# Runs what is in /docker-entrypoint.d in the order of its names, then the command.
set -eu

if [ "$1" = nginx ]; then
  for hook in /docker-entrypoint.d/*; do
    case $hook in
      *.envsh) . "$hook" ;;
      *.sh)    [ ! -x "$hook" ] || "$hook" ;;
    esac
  done
fi

exec "$@"
