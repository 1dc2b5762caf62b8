# shellcheck shell=sh
# Where PostgreSQL is on this machine. Read after common.sh.

INSIGHT_DATA=${INSIGHT_DATA:-/var/lib/insight}
INSIGHT_SOCKETS=${INSIGHT_SOCKETS:-/run/insight-postgres}
INSIGHT_PORT=${INSIGHT_PORT:-5432}
# Owner of the server's process and files, and name of the database's administrator.
INSIGHT_POSTGRES_USER=${INSIGHT_POSTGRES_USER:-postgres}
INSIGHT_PGDATA=$INSIGHT_DATA/pgdata
export INSIGHT_PGDATA

# Debian keeps each version's programs in a folder of its own; an image has one version.
if [ -z "${INSIGHT_POSTGRES_BIN:-}" ]; then
  INSIGHT_POSTGRES_BIN=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort -V | tail -n 1)
fi
[ -x "$INSIGHT_POSTGRES_BIN/postgres" ] || die "PostgreSQL is not installed on this machine"

as_postgres() {
  as_user "$INSIGHT_POSTGRES_USER" "$@"
}
