#!/bin/sh
# Each image, under the limits it gets from the compose file: becomes healthy, and no
# process of it is root's.
set -eu

container=
trap '[ -z "$container" ] || docker rm --force "$container" >/dev/null' EXIT

fail() {
  echo "$image: $1" >&2
  docker logs "$container" >&2
  exit 1
}

images=$(python3 /usr/local/lib/dashboard/lib/compose_images.py /opt/dashboard/current | awk '$2 != "-" { print $1 }')
[ -n "$images" ] || {
  echo "the compose file names no image of our own" >&2
  exit 1
}
for image in $images; do
  container=$(docker run --detach --read-only --cap-drop ALL --health-interval 1s "$image")
  tries=60
  until [ "$(docker inspect --format '{{.State.Health.Status}}' "$container")" = healthy ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "does not become healthy"
    sleep 1
  done
  owners=$(docker top "$container" -eo pid,uid | awk 'NR > 1 { print $2 }' | sort -u)
  [ -n "$owners" ] || fail "its processes cannot be listed"
  if printf '%s\n' "$owners" | grep -qx 0; then fail "runs as root"; fi
  docker rm --force "$container" >/dev/null
  container=
  echo "$image answers /healthz, as user $owners"
done
