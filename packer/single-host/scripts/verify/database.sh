#!/bin/sh
# MariaDB starts from an empty folder, lets root in by its socket, and nobody by the network.
set -eu

name=verify-database
fail() {
  docker logs --tail 30 "$name" >&2 || true
  docker rm --force --volumes "$name" >/dev/null
  echo "$1" >&2
  exit 1
}
docker run --detach --name "$name" single-host-database >/dev/null
tries=120
until docker exec "$name" mariadb-admin --silent ping >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || fail "MariaDB does not answer after a minute"
  sleep 0.5
done
accounts=$(docker exec "$name" mariadb --batch --skip-column-names --execute \
  "SELECT count(*) FROM mysql.global_priv WHERE Host NOT IN ('localhost', '')") || fail "root cannot ask MariaDB"
[ "$accounts" = 0 ] || fail "there are $accounts accounts that the network reaches"
docker exec "$name" mariadb --version
docker rm --force --volumes "$name" >/dev/null
echo "MariaDB starts, and lets nobody in by the network"
