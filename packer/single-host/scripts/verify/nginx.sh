#!/bin/sh
# nginx has the host's configuration and no other site.
set -eu

nginx -t
configuration=$(nginx -T 2>/dev/null)
for line in "worker_shutdown_timeout 60s;" "location = /.host/ready {" "no version is released yet"; do
  printf '%s\n' "$configuration" | grep -qF "$line" || {
    echo "nginx's configuration lacks: $line" >&2
    exit 1
  }
done
servers=$(printf '%s\n' "$configuration" | grep -c '^[[:space:]]*listen[[:space:]]')
[ "$servers" = 1 ] || {
  echo "nginx listens $servers times, not once" >&2
  exit 1
}
echo "nginx passes requests on as the host says"
