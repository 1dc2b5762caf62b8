# Which machine this is, in the words of HashiCorp's releases.
# shellcheck shell=sh

# Prints for example linux_amd64.
platform() {
  system=$(uname -s | tr '[:upper:]' '[:lower:]')
  machine=$(uname -m)
  case $machine in
    x86_64) machine=amd64 ;;
    aarch64) machine=arm64 ;;
  esac
  printf '%s_%s\n' "$system" "$machine"
}

# Debian, Ubuntu and their like.
has_apt() {
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1
}

is_root() {
  [ "$(id -u)" -eq 0 ]
}
