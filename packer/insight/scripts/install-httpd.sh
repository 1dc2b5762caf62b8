#!/bin/sh
# httpd with nothing of its own to show: all it serves comes from the application.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get install --yes --no-install-recommends apache2
a2enmod --quiet proxy proxy_http setenvif reqtimeout
a2dissite --quiet 000-default
install -m 0644 /tmp/insight/httpd/apache/insight.conf /etc/apache2/sites-available/insight.conf
a2ensite --quiet insight
# The boot program starts it: before, there is nothing behind it.
systemctl disable apache2.service
apache2 -v
