#!/bin/sh
set -eu

for unit in dashboard-boot.service dashboard-boot.path dashboard-update.timer docker.service; do
  [ "$(systemctl is-enabled "$unit")" = enabled ] || {
    echo "$unit is not enabled" >&2
    exit 1
  }
done

units="dashboard-boot.service dashboard-boot.path dashboard-update.service dashboard-update.timer"
if command -v systemd-analyze >/dev/null; then
  # shellcheck disable=SC2086
  complaints=$(cd /etc/systemd/system && systemd-analyze verify --man=no $units 2>&1) || true
  # Other packages' units are not ours to judge.
  if printf '%s\n' "$complaints" | grep dashboard >&2; then exit 1; fi
fi
for program in boot update build deploy; do
  sh -n "/usr/local/sbin/dashboard-$program"
done
echo "units are installed and enabled"
