#!/bin/sh
# The application in /opt/insight, with its libraries at the versions that it names.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends python3-venv
getent passwd insight >/dev/null ||
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin insight

home=/opt/insight
rm -rf "$home"
mkdir -p "$home"
cp -R /tmp/insight/app "$home/app"
find "$home/app" -name __pycache__ -prune -exec rm -rf {} +
# The system's authorities, as a company's network may have one of its own.
export PIP_CERT=/etc/ssl/certs/ca-certificates.crt
python3 -m venv "$home/venv"
"$home/venv/bin/pip" install --no-cache-dir --disable-pip-version-check --requirement "$home/app/requirements.txt"
"$home/venv/bin/pip" uninstall --yes --quiet pip setuptools || true
chown -R root:root "$home"
chmod -R u=rwX,go=rX "$home"
