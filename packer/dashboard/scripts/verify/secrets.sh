#!/bin/sh
# Nothing in the image may be a secret, or come from the machine that built it.
set -eu

fail() {
  echo "$1" >&2
  exit 1
}

for path in /etc/dashboard/instance.env /var/lib/dashboard/secret /root/.aws /home/*/.aws \
  /root/.docker/config.json /home/*/.docker/config.json /root/.pgpass /home/*/.pgpass \
  /root/.netrc /home/*/.netrc; do
  if [ -e "$path" ]; then fail "$path is in the image"; fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -z "$(docker image ls --quiet --filter label=amiable.dashboard.stage=build)" ] ||
  fail "a stage that saw this machine's pip configuration is still there"

for image in $(docker image ls --filter label=amiable.dashboard.app --format '{{.Repository}}:{{.Tag}}'); do
  docker history --no-trunc --format '{{.CreatedBy}}' "$image" >"$work/history"
  docker image inspect --format '{{json .Config}}' "$image" >>"$work/history"
  # Up to the equals sign: this must not be what shows the secret.
  if grep -ioE '[a-z_]*(pass(word)?|secret|token|_key)=' "$work/history"; then
    fail "$image: its history names a secret"
  fi

  # Every layer, as a file that a later one removes is still in the image.
  docker save "$image" >"$work/image.tar"
  mkdir "$work/layers"
  tar -x -f "$work/image.tar" -C "$work/layers"
  find "$work/layers" -type f -exec sh -c '
    for layer; do tar -t -f "$layer" 2>/dev/null || true; done
  ' sh {} + >"$work/names"
  grep -q 'gunicorn.conf.py$' "$work/names" || fail "$image: its layers cannot be read"
  if grep -E '(^|/)(host-ca\.crt|host-pip\.conf|pip\.conf|aws_db|\.netrc|\.pgpass)$' "$work/names"; then
    fail "$image has a file of the machine that built it"
  fi
  rm -rf "$work/layers" "$work/image.tar"
done
echo "no secret found"
