#!/bin/sh
# PostgreSQL as an instance runs it, with data of no worth: listens, takes the role with its
# password over TLS from the ranges given, and nobody else.
set -eu

work=$(mktemp -d)
chmod 0755 "$work"
server=
signal() {
  kill "-$1" "$(head -n 1 "$work/data/pgdata/postmaster.pid")"
}
clean_up() {
  signal INT 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
fail() {
  echo "$1" >&2
  cat "$work/log" >&2
  exit 1
}

export INSIGHT_DATA="$work/data" INSIGHT_ETC="$work/etc" INSIGHT_SOCKETS="$work/sockets" INSIGHT_SHARED_BUFFERS=16MB
WEB_CIDRS=127.0.0.1/32 insight-postgres-prepare
runuser --user postgres -- /usr/local/lib/insight/bin/insight-postgres >"$work/log" 2>&1 &
server=$!
tries=60
until pg_isready --quiet --host=127.0.0.1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || fail "PostgreSQL does not listen on port 5432"
  sleep 1
done

password=$(head -c 18 /dev/urandom | base64)
printf '%s\n' "$password" | insight-postgres-accounts insight insight
ask() {
  PGPASSWORD=$1 psql --no-psqlrc --no-password --tuples-only --no-align \
    "host=$2 dbname=insight user=$3 sslmode=$4 connect_timeout=5" --command='SELECT current_user' 2>"$work/answer"
}
[ "$(ask "$password" 127.0.0.1 insight require)" = insight ] || fail "the role cannot log in: $(cat "$work/answer")"
refused() {
  what=$1
  shift
  if ask "$@" >/dev/null; then fail "PostgreSQL takes $what"; fi
}
refused "a wrong password" wrong 127.0.0.1 insight require
refused "a connection that is not encrypted" "$password" 127.0.0.1 insight disable
refused "the administrator" "$password" 127.0.0.1 postgres require
# Every connection here comes from 127.0.0.1, so it is the range that moves away.
WEB_CIDRS=192.0.2.0/24 insight-postgres-prepare
signal HUP
tries=20
while ask "$password" 127.0.0.1 insight require >/dev/null; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || fail "PostgreSQL takes an address that is in no range"
  sleep 1
done
grep -q 'pg_hba.conf rejects' "$work/answer" || fail "another address is refused for another reason: $(cat "$work/answer")"

hashed=$(runuser --user postgres -- psql --no-psqlrc --host="$INSIGHT_SOCKETS" --tuples-only --no-align \
  --command="SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'insight'")
[ "$hashed" = SCRAM-SHA-256 ] || fail "the password is stored as $hashed"
[ -z "$(find /var/lib/postgresql -name PG_VERSION 2>/dev/null)" ] || fail "a data folder is in the image"
echo "PostgreSQL listens, and takes the role by scram only"
