#!/bin/sh
# The program, nginx's configuration, and the units.
set -eu

from=/tmp/single-host/host
library=/usr/local/lib/single-host
rm -rf "$library"
mkdir -p "$library"
cp -R "$from/bin" "$from/lib" "$library"
find "$library" -name __pycache__ -prune -exec rm -rf {} +
chown -R root:root "$library"
chmod -R u=rwX,go=rX "$library"
chmod 0755 "$library"/bin/*
ln -sf "$library/bin/single-host" /usr/local/bin/single-host

rm -f /etc/nginx/sites-enabled/default
install -D -m 0644 "$from/nginx/proxy.conf" /etc/nginx/single-host/proxy.conf
install -m 0644 "$from/nginx/site.conf" /etc/nginx/conf.d/single-host.conf
install -m 0644 "$from/nginx/main.conf" /etc/nginx/modules-enabled/90-single-host.conf
# What is passed on before anything is released.
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$library/lib python3 -c \
  'from single_host import proxy; print(proxy.NO_RELEASE, end="")' >/etc/nginx/single-host/route.conf
nginx -t

if [ -d "$from/systemd" ] && command -v systemctl >/dev/null; then
  # Enabled, not started: the machine that builds an image has no data volume.
  for unit in "$from"/systemd/*; do
    install -m 0644 "$unit" /etc/systemd/system/
  done
  systemctl enable docker.service nginx.service single-host-boot.service single-host-metrics.timer
fi
