#!/bin/sh
# What the scripts and insight's own programs call.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends \
  ca-certificates curl e2fsprogs gpg gpgv openssl postgresql-client python3 unzip util-linux
