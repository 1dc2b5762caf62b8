#!/bin/sh
# httpd and the application as an instance runs them, but without a database: the probe is
# answered, the page says what is missing, and nothing of it is root's or open to others.
set -eu

work=$(mktemp -d)
app=
clean_up() {
  apache2ctl -k stop 2>/dev/null || true
  [ -z "$app" ] || kill "$app" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
fail() {
  echo "$1" >&2
  cat "$work/app.log" /var/log/apache2/insight-error.log >&2 || true
  exit 1
}

apache2ctl configtest
cd /opt/insight/app
DB_HOST=127.0.0.1 DB_PORT=1 DB_PASSWORD_FILE=/dev/null PYTHONDONTWRITEBYTECODE=1 \
  setsid runuser --user insight -- /opt/insight/venv/bin/gunicorn >"$work/app.log" 2>&1 &
app=$!
apache2ctl -k start

tries=60
until curl --fail --silent --output "$work/probe" http://127.0.0.1/healthz; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || fail "httpd does not answer /healthz"
  sleep 1
done
grep -q '"status":"ok"' "$work/probe" || fail "/healthz answers something else"
code=$(curl --silent --output "$work/page" --write-out '%{http_code}' http://127.0.0.1/)
[ "$code" = 503 ] || fail "the page answers $code without a database, and should answer 503"
grep -q "<dd id=\"host\">$(hostname)</dd>" "$work/page" || fail "the page does not name this machine"
code=$(curl --silent --output /dev/null --write-out '%{http_code}' --request TRACE http://127.0.0.1/)
[ "$code" = 405 ] || fail "TRACE is answered with $code"
owners=$(
  for process in /proc/[0-9]*; do
    case $(tr '\000' ' ' <"$process/cmdline" 2>/dev/null) in
      /opt/insight/venv/bin/python*gunicorn*) stat -c %U "$process" ;;
    esac
  done | sort -u
)
[ "$owners" = insight ] || fail "the application runs as '$owners'"
echo "httpd and the application answer"
