#!/bin/sh
# /opt/dashboard: a repository that begins with the tree of this image, and the
# releases taken from it. The link `current` names the one that runs.
set -eu

home=/opt/dashboard
rm -rf "$home"
mkdir -p "$home/releases"
git init --quiet --bare "$home/repository.git"

# Through git, so that modes and names are those that an update would bring.
find /tmp/dashboard/app -name __pycache__ -prune -exec rm -rf {} +
git="git --git-dir=$home/repository.git --work-tree=/tmp/dashboard/app"
$git add --all
$git -c user.name=dashboard -c user.email=dashboard@localhost commit --quiet --message="The app as this image was built"
commit=$($git rev-parse HEAD)
git --git-dir="$home/repository.git" update-ref refs/dashboard/image "$commit"

mkdir "$home/releases/$commit"
umask 022
git --git-dir="$home/repository.git" -c tar.umask=0022 archive --output=/tmp/dashboard/app.tar "$commit"
tar -x -f /tmp/dashboard/app.tar -C "$home/releases/$commit" --no-same-owner
ln -s "releases/$commit" "$home/current"
