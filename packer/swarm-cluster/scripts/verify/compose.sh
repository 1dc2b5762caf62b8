#!/bin/sh
# The compose file is one that this docker deploys, with every variable at its default.
set -eu

compose=/opt/swarm-cluster/docker-compose.yml
[ -s "$compose" ] || {
  echo "$compose is missing" >&2
  exit 1
}
# Where docker can check a compose file without deploying it (from version 24 on).
if docker stack --help | grep -q '^ *config '; then
  docker stack config --compose-file "$compose" >/dev/null
  echo "docker accepts $compose"
else
  echo "this docker checks a compose file only when it deploys it"
fi
