#!/bin/sh
# The Debian that the app's images start from, under a name of its own, so that an
# instance can build new versions without asking a registry for it.
set -eu

base=dashboard-base:bookworm
offered=/usr/share/amiable/base-image.tar

if timeout 180 docker pull --quiet debian:bookworm-slim; then
  docker tag debian:bookworm-slim "$base"
  docker image rm debian:bookworm-slim >/dev/null
elif [ -e "$offered" ]; then
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
