#!/bin/sh
# Canonical's images have the agent as a snap. Without it there is no way in.
set -eu

if [ ! -d /run/systemd/system ]; then
  echo "NOT CHECKED: systemd does not run this machine, so it is none of Canonical's"
  exit 0
fi
systemctl is-enabled --quiet snap.amazon-ssm-agent.amazon-ssm-agent.service ||
  systemctl is-enabled --quiet amazon-ssm-agent.service || {
  echo "the agent of Session Manager is not there or not enabled" >&2
  exit 1
}
echo "the agent of Session Manager is enabled"
