#!/bin/sh
# What swarm-node is written in, and AWS's library for it.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends ca-certificates python3 python3-boto3
