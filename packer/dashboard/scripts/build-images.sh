#!/bin/sh
# With the program that builds an update, so an image that builds here builds there.
set -eu

/usr/local/lib/dashboard/bin/dashboard-build /opt/dashboard/current
docker image ls
