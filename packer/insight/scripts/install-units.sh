#!/bin/sh
# Enabled, not started: an instance that builds an image has nothing to serve.
set -eu

for unit in /tmp/insight/common/systemd/* "/tmp/insight/$IMAGE"/systemd/*; do
  install -m 0644 "$unit" /etc/systemd/system/
done
install -D -m 0644 /tmp/insight/common/resolved/insight.conf /etc/systemd/resolved.conf.d/insight.conf
case $IMAGE in
  httpd) systemctl enable insight-web-boot.service ;;
  postgres) systemctl enable insight-database-boot.service ;;
esac
