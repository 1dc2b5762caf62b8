#!/bin/sh
# The compose file parses and every image it names is there.
set -eu

tree=/opt/dashboard/current
images=$(python3 /usr/local/lib/dashboard/lib/compose_images.py "$tree" | cut -f 1)
[ -n "$images" ]
for image in $images; do
  docker image inspect --format '{{index .RepoTags 0}} {{.Id}}' "$image"
done

if docker stack --help | grep -q '^ *config '; then
  DB_HOST=db.invalid docker stack config --compose-file "$tree/docker-compose.yml" >/dev/null
fi
