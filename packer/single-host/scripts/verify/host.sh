#!/bin/sh
# single-host as it is installed: loads with this system's Python and libraries, and does
# nothing without being told what it is.
set -eu

said=$(mktemp)
trap 'rm -f "$said"' EXIT
if PYTHONDONTWRITEBYTECODE=1 single-host status >"$said" 2>&1; then
  cat "$said" >&2
  echo "single-host goes on without being told what it is" >&2
  exit 1
fi
grep -q "user data writes it" "$said" || {
  cat "$said" >&2
  echo "single-host does not say what is missing" >&2
  exit 1
}
echo "single-host starts"
