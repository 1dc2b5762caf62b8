# Asking and downloading over HTTP, each request bounded in time.
# shellcheck shell=sh

can_ask() {
  command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1
}

# fetch URL FILE SECONDS
fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --connect-timeout 5 --max-time "$3" \
      --output "$2" -- "$1"
  else
    wget --quiet --tries=1 --connect-timeout=5 --read-timeout="$3" --output-document="$2" -- "$1"
  fi
}

# A page of its own, not just any answer: some networks answer for every name.
terraform_registry_answers() {
  page=$(fetch https://registry.terraform.io/.well-known/terraform.json - 5 2>/dev/null) || return 1
  case $page in *providers.v1*) ;; *) return 1 ;; esac
}

# A registry answers an anonymous request with 401, which wget reports as exit code 6.
registry_answers() {
  if command -v curl >/dev/null 2>&1; then
    http_status=$(curl --silent --connect-timeout 5 --max-time 5 --output /dev/null --write-out '%{http_code}' -- "$1/v2/") || return 1
    case $http_status in 200 | 401) ;; *) return 1 ;; esac
  else
    wget --quiet --tries=1 --timeout=5 --output-document=/dev/null -- "$1/v2/" || [ $? -eq 6 ]
  fi
}

# container_registry_answers [MIRROR...]: the engine's own mirrors, then the default registry.
container_registry_answers() {
  for registry in "$@" https://registry-1.docker.io; do
    ! registry_answers "${registry%/}" || return 0
  done
  return 1
}

sha256_of() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum -- "$1"
  else
    shasum -a 256 -- "$1"
  fi | cut -d ' ' -f 1
}
