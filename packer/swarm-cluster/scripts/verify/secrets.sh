#!/bin/sh
# Nothing in the image may be a secret, or come from the machine that built it.
set -eu

for path in /etc/swarm-cluster /var/lib/swarm-cluster/joined /root/.aws /home/*/.aws \
  /root/.docker/config.json /home/*/.docker/config.json /root/.netrc /home/*/.netrc; do
  if [ -e "$path" ]; then
    echo "$path is in the image" >&2
    exit 1
  fi
done
if find /var/lib/docker/swarm -name '*.key' 2>/dev/null | grep .; then
  echo "a swarm's keys are in the image" >&2
  exit 1
fi
echo "no secret found"
