# shellcheck shell=sh
# What the dashboard-* programs share. The folders can be moved by environment.

DASHBOARD_HOME=${DASHBOARD_HOME:-/opt/dashboard}
DASHBOARD_STATE=${DASHBOARD_STATE:-/var/lib/dashboard}
DASHBOARD_ENV=${DASHBOARD_ENV:-/etc/dashboard/instance.env}
export DASHBOARD_HOME DASHBOARD_STATE DASHBOARD_ENV

say() {
  printf '%s\n' "$*"
}

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# The file is written by root in the shell's own quoting. Nothing that the caller's
# environment happens to hold may stand in for a name it lacks.
load_instance_env() {
  [ -r "$DASHBOARD_ENV" ] || die "cannot read $DASHBOARD_ENV: the instance's user data writes it"
  unset DB_HOST DB_PORT DB_NAME DB_USER DB_SECRET_ARN APP_REPOSITORY APP_BRANCH
  # shellcheck source=/dev/null
  . "$DASHBOARD_ENV"
  for load_name in DB_HOST DB_PORT DB_NAME DB_USER DB_SECRET_ARN AWS_DEFAULT_REGION; do
    eval "load_value=\${$load_name-}"
    [ -n "$load_value" ] || die "$load_name is missing in $DASHBOARD_ENV"
  done
  APP_REPOSITORY=${APP_REPOSITORY-}
  APP_BRANCH=${APP_BRANCH-}
  export DB_HOST DB_PORT DB_NAME DB_USER DB_SECRET_ARN AWS_DEFAULT_REGION
}

# take_lock FLOCK-OPTION...: holds the machine's one lock until the program ends.
take_lock() {
  mkdir -p "$DASHBOARD_STATE"
  exec 9>"$DASHBOARD_STATE/lock"
  flock "$@" 9
}

# retry ATTEMPTS COMMAND...: with pauses that double up to 15 seconds.
retry() {
  retry_left=$1
  retry_pause=${DASHBOARD_RETRY_PAUSE:-1}
  shift
  until "$@"; do
    retry_left=$((retry_left - 1))
    [ "$retry_left" -gt 0 ] || return 1
    sleep "$retry_pause"
    retry_pause=$((retry_pause * 2))
    [ "$retry_pause" -le 15 ] || retry_pause=15
  done
}
