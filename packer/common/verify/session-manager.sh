#!/bin/sh
# The agent is the only way onto a machine, so an image without it is none. Canonical's
# images bring it as a snap (AWS Systems Manager user guide, "Find AMIs with the SSM Agent
# preinstalled").
set -eu

if [ -e /usr/share/amiable/entrypoint.sh ]; then
  echo "not checked: the sandbox's builder machine is no Ubuntu and has no agent"
  exit 0
fi
for unit in snap.amazon-ssm-agent.amazon-ssm-agent.service amazon-ssm-agent.service; do
  if [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = enabled ]; then
    echo "Session Manager's agent is there: $unit"
    exit 0
  fi
done
echo "Session Manager's agent is not there: nobody could reach a machine of this image" >&2
exit 1
