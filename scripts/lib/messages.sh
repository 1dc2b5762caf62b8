# What the scripts tell the user: on stderr, because stdout belongs to amiable.
# shellcheck shell=sh

say() {
  printf '%s\n' "$*" >&2
}

# die CODE MESSAGE
die() {
  code=$1
  shift
  printf 'error: %s\n' "$*" >&2
  exit "$code"
}
