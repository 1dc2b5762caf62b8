#!/bin/sh
# The program, its units and the compose file.
set -eu

library=/usr/local/lib/swarm-cluster
rm -rf "$library"
mkdir -p "$library"
cp -R /tmp/swarm-cluster/host/bin /tmp/swarm-cluster/host/lib "$library"
find "$library" -name __pycache__ -prune -exec rm -rf {} +
chown -R root:root "$library"
chmod -R u=rwX,go=rX "$library"
chmod 0755 "$library/bin/swarm-node"
ln -sf "$library/bin/swarm-node" /usr/local/sbin/swarm-node

install -D -m 0644 /tmp/swarm-cluster/app/docker-compose.yml /opt/swarm-cluster/docker-compose.yml

# Enabled, not started: a machine that builds an image is in no swarm.
for unit in /tmp/swarm-cluster/host/systemd/*; do
  install -m 0644 "$unit" /etc/systemd/system/
done
systemctl enable docker.service swarm-node.service swarm-node.timer
