#!/bin/sh
# The distribution's PostgreSQL, without the database cluster that its package makes: the
# data is not the image's.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends postgresql-common
mkdir -p /etc/postgresql-common/createcluster.d
printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.d/insight.conf
apt-get install --yes --no-install-recommends postgresql
systemctl disable postgresql.service
