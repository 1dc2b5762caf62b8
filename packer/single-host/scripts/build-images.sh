#!/bin/sh
# The database's image, and the Debian that it and the sample app start from: a machine that
# boots or takes a release does not depend on a registry for them.
set -eu

base=debian:bookworm-slim
offered=/usr/share/amiable/base-image.tar

if ! timeout 180 docker pull --quiet "$base"; then
  if [ -e "$offered" ]; then
    echo "no registry answers: importing $offered"
    docker import "$offered" "$base"
  else
    echo "no registry answers: making a base image with debootstrap"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --no-install-recommends debootstrap
    root=$(mktemp -d)
    debootstrap --variant=minbase bookworm "$root"
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
    tar -C "$root" -c . | docker import - "$base"
    rm -rf "$root"
    apt-get purge --yes debootstrap
  fi
fi

docker build --tag single-host-database /tmp/single-host/database
