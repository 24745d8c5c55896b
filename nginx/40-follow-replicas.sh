#!/bin/sh
# Reloads nginx when there are new replicas of "vote" or "result", so that scaling needs no restart. nginx itself looks
# names up again only with "resolve" in an upstream, which the free version has since 1.27.3. A reload ends nobody's
# request, but an HTTP/2 connection that has none yet; its client has to open another.
#
# One that is gone is kept for a while, as most come back where they were: it costs its requests the time of a failed
# connection, while a replica that is not known yet when the others are restarted would cost the requests themselves.
set -eu

interval_seconds=1
forget_after=60 # looks that found the same: not while one replica after the other is restarted

replicas() {
  for name in vote result; do
    busybox nslookup -type=a "$name" 127.0.0.11 2>/dev/null | awk '/^Address/ && !/:53$/ { print $NF }' | sort
  done
}

has_new() {
  for replica in $1; do
    case " $(echo $2) " in
      *" $replica "*) ;;
      *) return 0 ;;
    esac
  done
  return 1
}

follow() {
  known=$(replicas)
  last=$known
  unchanged_for=0
  while sleep "$interval_seconds"; do
    found=$(replicas)
    if [ "$found" = "$last" ]; then unchanged_for=$((unchanged_for + 1)); else unchanged_for=0; fi
    last=$found
    if [ -z "$found" ] || [ "$found" = "$known" ]; then
      continue
    fi
    if has_new "$found" "$known" || [ "$unchanged_for" -ge "$forget_after" ]; then
      nginx -s reload
      known=$found
    fi
  done
}

# nginx does not start while a name has no address.
for name in vote result; do
  until busybox nslookup -type=a "$name" 127.0.0.11 >/dev/null 2>&1; do
    echo "Waiting for the first replica of $name."
    sleep "$interval_seconds"
  done
done
follow &
