#!/bin/sh
# What the builds of the application's images have left is no part of the machine's image.
set -eu

docker image prune --force >/dev/null
docker builder prune --force --all >/dev/null
