#!/bin/sh
# Reads the secrets when an instance boots. Debian packages the AWS CLI, Ubuntu 24.04 does
# not: there it comes from PyPI, in a folder of its own.
set -eu

export DEBIAN_FRONTEND=noninteractive
if apt-get install --yes --no-install-recommends awscli; then
  aws --version
  exit 0
fi
echo "there is no package awscli: installing it from PyPI"
apt-get install --yes --no-install-recommends python3-venv
export PIP_CERT=/etc/ssl/certs/ca-certificates.crt
python3 -m venv /opt/aws-cli
/opt/aws-cli/bin/pip install --no-cache-dir --disable-pip-version-check 'awscli>=1.36,<2'
ln -sf /opt/aws-cli/bin/aws /usr/local/bin/aws
aws --version
