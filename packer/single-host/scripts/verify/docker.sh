#!/bin/sh
# The engine works, listens on its socket alone, and goes on serving while it is restarted.
set -eu

docker info --format 'docker {{.ServerVersion}}, live restore {{.LiveRestoreEnabled}}'
[ "$(docker info --format '{{.LiveRestoreEnabled}}')" = true ] || {
  echo "daemon.json is not in force" >&2
  exit 1
}
if grep -qi '"hosts"' /etc/docker/daemon.json || tr '\0' ' ' <"/proc/$(cat /var/run/docker.pid)/cmdline" | grep -q tcp://; then
  echo "the engine listens on the network" >&2
  exit 1
fi
