#!/bin/sh
# Stands in for cloud-init, so that scripts which wait for it find it done, and scripts which clean up
# after it find nothing to do.
set -eu

case "${1:-}" in
  status) echo 'status: done' ;;
  clean) ;;
  --version | -v) echo 'cloud-init (builder machine: no instance data)' ;;
  *)
    echo "cloud-init: '$*' is not available in the sandbox's builder machine" >&2
    exit 1
    ;;
esac
