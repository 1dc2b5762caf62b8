#!/bin/sh
# Docker and nginx, configured before they are installed: the packages start them at once
# where they can. Python with AWS's library is what the host's program is written in.
set -eu

install -D -m 0644 /tmp/single-host/host/docker/daemon.json /etc/docker/daemon.json

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends apparmor ca-certificates docker.io e2fsprogs iptables nginx-light \
  python3 python3-boto3 sudo
docker --version
nginx -v
