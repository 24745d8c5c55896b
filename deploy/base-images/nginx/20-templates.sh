#!/bin/sh
# Fills in /etc/nginx/templates/*.template: ${NAME} becomes the environment variable of that name.
# Nginx' own variables stay, because only names that are set are replaced.
set -eu

target=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
names=$(env --null | sed --null-data 's/\([^=]*\)=.*/${\1} /' | tr --delete '\0')

for template in /etc/nginx/templates/*.template; do
  [ -e "$template" ] || exit 0
  if [ ! -w "$target" ]; then
    echo "templates: cannot write to $target: with a read-only root file system mount a tmpfs there." >&2
    exit 1
  fi
  envsubst "$names" < "$template" > "$target/$(basename "$template" .template)"
done
