#!/bin/sh
# The agent takes the configuration that an instance writes for it.
set -eu

if [ -e /usr/local/share/insight/consul-is-a-stand-in ]; then
  [ "${CONSUL_STAND_IN:-refused}" = allowed ] || {
    echo "a stand-in is in the place of Consul" >&2
    exit 1
  }
  echo "CONSUL IS A STAND-IN in this image: not for use outside a sandbox"
fi

case $IMAGE in postgres) role=server ;; *) role=client ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "no-secret-at-all" |
  python3 /usr/local/lib/insight/lib/consul_config.py "$role" insight-verify 127.0.0.1 "$(hostname)" >"$work/insight.json"
consul version
consul validate "$work"
