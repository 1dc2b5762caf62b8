#!/bin/sh
# Configured before it is installed: the package starts the daemon at once where it can.
set -eu

host=/tmp/dashboard/host/docker
install -D -m 0644 "$host/daemon.json" /etc/docker/daemon.json
install -D -m 0644 "$host/local-images.conf" /etc/systemd/system/docker.service.d/local-images.conf

export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends apparmor docker.io iptables
docker --version
