#!/bin/sh
set -eu

docker info --format 'docker {{.ServerVersion}}: {{.Images}} images, swarm {{.Swarm.LocalNodeState}}'
# Every instance starts its own: a swarm in the image would be shared by all of them.
[ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = inactive ] || {
  echo "a swarm is in the image" >&2
  exit 1
}
