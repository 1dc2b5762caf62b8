#!/bin/sh
# Configured before it is installed: the package starts the daemon at once where it can.
set -eu

install -D -m 0644 /tmp/swarm-cluster/host/docker/daemon.json /etc/docker/daemon.json

export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends apparmor docker.io iptables
docker --version
