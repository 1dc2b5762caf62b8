#!/bin/sh
# Removes what every machine has to have of its own, and what it has no use for: also the files
# and folders that LEFTOVERS names. Nobody can log in with a key after this: it has to be the last step.
set -eu

# shellcheck disable=SC2086 # a list of paths
rm -rf ${LEFTOVERS:?}
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi
# Where Docker is: a machine's own name for itself among a swarm's nodes.
rm -f /etc/docker/key.json /var/lib/docker/engine-id
rm -f /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys
rm -f /root/.bash_history /home/*/.bash_history
# cloud-init makes new ones on the first boot.
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
: >/etc/machine-id

if [ -d /run/systemd/system ]; then journalctl --rotate --vacuum-time=1s >/dev/null 2>&1; fi
find /var/log -type f -exec truncate --size=0 {} +
sync
