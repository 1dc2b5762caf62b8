#!/bin/sh
# The programs that boot and update the dashboard.
set -eu

library=/usr/local/lib/dashboard
rm -rf "$library"
mkdir -p "$library"
cp -R /tmp/dashboard/host/bin /tmp/dashboard/host/lib "$library"
rm -rf "$library/lib/__pycache__"
chown -R root:root "$library"
chmod -R u=rwX,go=rX "$library"
for program in "$library"/bin/*; do
  chmod 0755 "$program"
  ln -sf "$program" /usr/local/sbin/
done
