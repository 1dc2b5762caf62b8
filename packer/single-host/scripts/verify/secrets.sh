#!/bin/sh
# Nothing in the image may be a secret, or come from the machine that built it.
set -eu

for path in /etc/single-host /var/lib/single-host /run/single-host/app.env /root/.aws /home/*/.aws \
  /root/.docker/config.json /home/*/.docker/config.json /root/.netrc /home/*/.netrc; do
  if [ -e "$path" ]; then
    echo "$path is in the image" >&2
    exit 1
  fi
done
if docker volume ls --quiet | grep .; then
  echo "a volume is in the image" >&2
  exit 1
fi
echo "no secret found"
