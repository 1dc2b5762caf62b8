#!/bin/sh
# swarm-node as it is installed: loads with this system's Python and libraries, speaks
# with docker, and does nothing without being told what it is.
set -eu

fail() {
  echo "$1" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if SWARM_NODE_FILE="$work/none" SWARM_NODE_STATE="$work/state" swarm-node 2>"$work/said"; then
  fail "swarm-node goes on without being told what it is"
fi
grep -q "user data writes it" "$work/said" || {
  cat "$work/said" >&2
  fail "swarm-node does not say what is missing"
}

cd /usr/local/lib/swarm-cluster/lib
PYTHONDONTWRITEBYTECODE=1 python3 - <<'END'
from pathlib import Path

from swarm_node.engine import Engine
from swarm_node.secrets import Secrets

Secrets("us-east-1")
assert Engine(Path("/var/run/docker.sock")).swarm_state() == "inactive"
END
echo "swarm-node starts, and speaks with docker"
