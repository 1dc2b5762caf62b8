# shellcheck shell=sh
# What the insight-* programs share. The folders can be moved by environment.

INSIGHT_ETC=${INSIGHT_ETC:-/etc/insight}
INSIGHT_RUN=${INSIGHT_RUN:-/run/insight}
export INSIGHT_ETC INSIGHT_RUN

say() {
  printf '%s\n' "$*"
}

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# load_instance_env NAME...: reads what the user data wrote and exports these names,
# which must be there. Nothing that the caller's environment happens to hold may stand
# in for one that is missing. A name that ends with ? may be empty.
load_instance_env() {
  [ -r "$INSIGHT_ETC/instance.env" ] || die "cannot read $INSIGHT_ETC/instance.env: the instance's user data writes it"
  for load_name; do unset "${load_name%\?}"; done
  # shellcheck source=/dev/null
  . "$INSIGHT_ETC/instance.env"
  for load_name; do
    eval "load_value=\${${load_name%\?}-}"
    case $load_name in
      *\?) eval "${load_name%\?}=\$load_value" ;;
      *) [ -n "$load_value" ] || die "$load_name is missing in $INSIGHT_ETC/instance.env" ;;
    esac
    export "${load_name%\?}"
  done
}

# retry ATTEMPTS COMMAND...: with pauses that double up to 15 seconds.
retry() {
  retry_left=$1
  retry_pause=1
  shift
  until "$@"; do
    retry_left=$((retry_left - 1))
    [ "$retry_left" -gt 0 ] || return 1
    sleep "$retry_pause"
    retry_pause=$((retry_pause * 2))
    [ "$retry_pause" -le 15 ] || retry_pause=15
  done
}

fetch_once() {
  (umask 077 && aws secretsmanager get-secret-value --secret-id "$1" \
    --query "SecretString || ''" --output text >"$2")
}

# fetch_secret ARN FILE: writes a secret's text into a file that only root reads. The
# instance profile's credentials may come a moment after the network.
fetch_secret() {
  fetch_arn=$1
  fetch_file=$2
  mkdir -p "$(dirname "$fetch_file")"
  retry 8 fetch_once "$fetch_arn" "$fetch_file.new" ||
    die "cannot read $fetch_arn: the instance profile has to allow secretsmanager:GetSecretValue on it"
  # What the aws command adds is one line end.
  case $(cat "$fetch_file.new") in
    '')
      rm -f "$fetch_file.new"
      die "$fetch_arn holds no text"
      ;;
  esac
  mv "$fetch_file.new" "$fetch_file"
}

# as_user USER COMMAND...: root becomes the user; anybody else stays who he is.
as_user() {
  as_user_name=$1
  shift
  if [ "$(id -u)" -eq 0 ]; then
    runuser --user "$as_user_name" -- "$@"
  else
    "$@"
  fi
}
