#!/bin/sh
# The programs that boot this image's instances.
set -eu

getent passwd consul >/dev/null ||
  useradd --system --user-group --no-create-home --home-dir /var/lib/consul --shell /usr/sbin/nologin consul

library=/usr/local/lib/insight
rm -rf "$library"
mkdir -p "$library"
for part in common "$IMAGE"; do
  for folder in bin lib sql; do
    [ ! -d "/tmp/insight/$part/$folder" ] || cp -R "/tmp/insight/$part/$folder" "$library"
  done
done
find "$library" -name __pycache__ -prune -exec rm -rf {} +
chown -R root:root "$library"
chmod -R u=rwX,go=rX "$library"
for program in "$library"/bin/*; do
  chmod 0755 "$program"
  ln -sf "$program" /usr/local/sbin/
done
