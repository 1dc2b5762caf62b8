#!/bin/sh
# Reads the database's password when an instance boots.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends awscli
aws --version
