#!/bin/sh
# Where systemd does not run the machine, nothing starts the daemon but this. Its environment is this script's then.
set -eu

log=/var/log/dockerd.log
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl restart docker.service
elif ! docker info >/dev/null 2>&1; then
  rm -f /var/run/docker.pid /run/docker/containerd/containerd.pid
  setsid dockerd >"$log" 2>&1 </dev/null &
fi

tries=60
until docker info >/dev/null 2>&1; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "docker does not answer after a minute" >&2
    tail -n 30 "$log" >&2 || true
    exit 1
  fi
  sleep 1
done
docker info --format 'docker {{.ServerVersion}}, storage {{.Driver}}'
