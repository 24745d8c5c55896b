#!/bin/sh
# Starts redis-server with the arguments given, as the user redis when started as root.
set -eu

case ${1:-} in
  -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find /data ! -user redis -exec chown redis: {} +
  exec setpriv --reuid redis --regid redis --init-groups -- "$0" "$@"
fi

# Debian's build refuses other hosts until a password is set, the original's build does not. The
# original's default goes first, so that what is set here or in the configuration file wins over it.
if [ "$1" = redis-server ]; then
  shift
  case ${1:-} in
    -v | -h | --version | --help | --test-memory | --check-system | -)
      ;;
    -* | '')
      set -- --protected-mode no "$@"
      ;;
    *)
      file=$1
      shift
      grep --quiet --ignore-case '^ *protected-mode ' "$file" || set -- --protected-mode no "$@"
      set -- "$file" "$@"
      ;;
  esac
  set -- redis-server "$@"
fi

# The append-only file holds the votes: for redis only.
umask 077
exec "$@"
