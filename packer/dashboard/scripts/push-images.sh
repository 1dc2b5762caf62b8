#!/bin/sh
# Optional: needs DOCKERHUB_USER and DOCKERHUB_PASS.
set -eu

if [ -z "${DOCKERHUB_USER:-}" ] || [ -z "${DOCKERHUB_PASS:-}" ]; then
  echo "not pushing the images: DOCKERHUB_USER and DOCKERHUB_PASS are not both set"
  exit 0
fi

# Docker writes the password down when it logs in. This folder does not outlive the push.
DOCKER_CONFIG=$(mktemp -d)
export DOCKER_CONFIG
trap 'rm -rf "$DOCKER_CONFIG"' EXIT

printf '%s' "$DOCKERHUB_PASS" | docker login --username "$DOCKERHUB_USER" --password-stdin
unset DOCKERHUB_PASS

docker image ls --filter label=amiable.dashboard.app --format '{{.Repository}}:{{.Tag}}' |
  while read -r image; do
    docker tag "$image" "$DOCKERHUB_USER/$image"
    docker push "$DOCKERHUB_USER/$image"
    docker image rm "$DOCKERHUB_USER/$image"
  done
