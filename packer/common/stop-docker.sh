#!/bin/sh
# Docker's files must be at rest when the disk is copied.
set -eu

if [ -d /run/systemd/system ]; then
  systemctl stop docker.socket docker.service containerd.service
  exit 0
fi
pid=$(cat /var/run/docker.pid)
kill "$pid"
tries=60
while [ -d "/proc/$pid" ] && ! grep -q '^State:[[:space:]]Z' "/proc/$pid/status"; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "dockerd ($pid) does not stop" >&2
    exit 1
  fi
  sleep 1
done
rm -f /var/log/dockerd.log
