#!/bin/sh
# Reloads nginx when the replicas behind "vote" or "result" have changed, so that scaling needs no restart. nginx
# itself looks names up again only with "resolve" in an upstream, which the free version has since 1.27.3.
set -eu

replicas() {
  for name in vote result; do
    busybox nslookup -type=a "$name" 127.0.0.11 2>/dev/null | awk '/^Address/ && !/:53$/ { print $NF }' | sort
  done
}

follow() {
  known=$(replicas)
  while sleep 2; do
    found=$(replicas)
    if [ -n "$found" ] && [ "$found" != "$known" ]; then
      known=$found
      nginx -s reload
    fi
  done
}

follow &
