#!/bin/sh
set -eu

case $IMAGE in
  httpd) boot=insight-web-boot.service units="$boot insight-app.service consul.service" ;;
  postgres) boot=insight-database-boot.service units="$boot insight-postgres.service consul.service" ;;
esac
[ "$(systemctl is-enabled "$boot")" = enabled ] || {
  echo "$boot is not enabled" >&2
  exit 1
}
for unit in $units; do
  [ -s "/etc/systemd/system/$unit" ]
done
if [ -d /run/systemd/system ]; then
  # shellcheck disable=SC2086
  complaints=$(cd /etc/systemd/system && systemd-analyze verify --man=no $units 2>&1) || true
  # Other packages' units are not ours to judge.
  if printf '%s\n' "$complaints" | grep -e insight -e consul >&2; then exit 1; fi
fi
for program in /usr/local/lib/insight/bin/*; do
  sh -n "$program"
done
echo "units are installed and enabled"
