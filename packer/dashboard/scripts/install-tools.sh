#!/bin/sh
# What the dashboard's own programs call.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends \
  ca-certificates git openssh-client postgresql-client python3-yaml systemd util-linux
