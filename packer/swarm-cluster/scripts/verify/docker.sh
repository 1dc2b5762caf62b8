#!/bin/sh
# The engine works, with the ranges it was given, and belongs to no swarm.
set -eu

docker info --format 'docker {{.ServerVersion}}, swarm {{.Swarm.LocalNodeState}}'
# A swarm in the image would be shared by all machines.
[ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = inactive ] || {
  echo "a swarm is in the image" >&2
  exit 1
}
gateway=$(docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}}')
[ "$gateway" = 198.19.0.1 ] || {
  echo "docker's bridge is at $gateway, not where daemon.json puts it" >&2
  exit 1
}
