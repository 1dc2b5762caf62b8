# What is on this machine and what it lacks. Looks only; changes nothing.
# shellcheck shell=sh
# shellcheck disable=SC2154 # the versions come from pins.sh, home from tools.sh
#
# Leaves behind, each a list of lines:
#   lacking   what amiable cannot work without
#   packages  Debian packages that bring it
#   tasks     "root COMMAND" or "user COMMAND", in the order in which they work
#   advice    what only the user can do
#   found     paths whose disappearance means looking again

# there NAME VERSION [PATH]
there() {
  inventory="$inventory  $(printf '%-20s %-12s %s' "$1" "$2" "${3:-}")
"
  case ${3:-} in /*) found="$found$3
" ;; esac
}

# lacks NAME WHY [MEND]
lacks() {
  inventory="$inventory  $(printf '%-20s %-12s %s' "$1" "$2" "${3:-}")
"
  lacking="$lacking$1: $2
"
}

packages() {
  for package in "$@"; do
    case " $packages " in *" $package "*) ;; *) packages="${packages:+$packages }$package" ;; esac
  done
}

task() {
  tasks="$tasks$1 $2
"
}

advise() {
  advice="$advice$1
"
}

# wants NAME "PACKAGES" ADVICE VERSION-COMMAND...: a program of which any version will do.
wants() {
  name=$1 debian=$2 mend=$3
  shift 3
  if tool=$(find_tool "$name"); then
    there "$name" "$("$@" 2>&1 </dev/null | version_in)" "$tool"
    return
  fi
  lacks "$name" missing
  by_package "$debian" "$mend"
}

# by_package "PACKAGES" ADVICE: the packages where there is apt, else the advice.
by_package() {
  if has_apt; then
    # shellcheck disable=SC2086 # a list of packages
    packages $1
  else
    advise "$2"
  fi
}

look_at_rust() {
  minimum=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$root/Cargo.toml" 2>/dev/null || true)
  minimum=${minimum:-1.85}
  cargo=$(find_tool cargo || find_tool "${CARGO_HOME:-${HOME:?}/.cargo}/bin/cargo" || true)
  version=''
  [ -z "$cargo" ] || version=$("$cargo" --version 2>/dev/null </dev/null | version_in)
  if at_least "$minimum" "$version"; then
    there cargo "$version" "$cargo"
    return
  fi
  lacks cargo "${version:-missing}" "(Rust $minimum or later builds amiable)"
  if command -v rustup >/dev/null 2>&1; then
    task user "rustup toolchain install stable --profile default"
    task user "rustup default stable"
  elif has_apt; then
    task root scripts/install/rust
  else
    advise "Rust $minimum or later, from https://rustup.rs: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
  fi
}

look_at_compiler() {
  wants cc "gcc libc6-dev" "a C compiler: on macOS, xcode-select --install" cc -dumpfullversion
}

look_at_downloads() {
  if can_ask; then
    return
  fi
  lacks curl missing
  by_package "curl ca-certificates" "curl, from the system's packages"
}

look_at_packer() {
  version=''
  if packer=$(find_tool packer "${AMIABLE_PACKER:-}"); then
    # Another program of that name, part of cracklib, waits for words on stdin.
    version=$(CHECKPOINT_DISABLE=1 "$packer" version 2>/dev/null </dev/null | grep '^Packer' | version_in)
    if at_least "$packer_minimum" "$version"; then
      there packer "$version" "$packer"
      return
    fi
    lacks packer "${version:-unknown}" "($packer is not Packer $packer_minimum or later)"
    advise "Packer $packer_minimum or later before $packer on PATH, or AMIABLE_PACKER set to it: https://developer.hashicorp.com/packer/install"
    return
  fi
  lacks packer missing
  by_package packer "Packer: https://developer.hashicorp.com/packer/install (brew install hashicorp/tap/packer)"
}

look_at_terraform() {
  version=''
  if terraform=$(find_tool terraform "${AMIABLE_TERRAFORM:-}"); then
    version=$(CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null "$terraform" version 2>/dev/null </dev/null | version_in)
    if at_least "$terraform_minimum" "$version"; then
      there terraform "$version" "$terraform"
      return
    fi
    lacks terraform "${version:-unknown}" "($terraform is not Terraform $terraform_minimum or later)"
    advise "Terraform $terraform_minimum or later instead of $terraform, or AMIABLE_TERRAFORM set to another one"
    return
  fi
  if [ -n "${AMIABLE_TERRAFORM:-}" ]; then
    lacks terraform missing "(AMIABLE_TERRAFORM=$AMIABLE_TERRAFORM is not a program)"
    advise "AMIABLE_TERRAFORM names no program: correct or unset it"
    return
  fi
  lacks terraform missing
  if tofu=$(find_tool tofu); then
    advise "OpenTofu is at $tofu: AMIABLE_TERRAFORM=tofu uses it instead of Terraform"
  fi
  [ -n "$(find_tool unzip)" ] || by_package unzip "unzip, from the system's packages"
  task user scripts/install/terraform
}

# The version of moto that a moto_server program runs with.
moto_version() {
  ask='from importlib.metadata import version; print(version("moto"))'
  interpreter=$(sed -n '1s/^#! *\(.*python[0-9.]*\)$/\1/p' "$1")
  "${interpreter:-python3}" -c "$ask" 2>/dev/null </dev/null | version_in
}

look_at_python_tools() {
  incomplete=''
  if aws=$(find_tool aws "${AMIABLE_AWS:-}") &&
    version=$("$aws" --version 2>&1 </dev/null | version_in) && at_least "$aws_minimum" "$version"; then
    there aws "$version" "$aws"
  else
    lacks aws missing
    incomplete=yes
  fi
  if [ "$level" != aws ]; then
    version=''
    if moto_server=$(find_tool moto_server "${AMIABLE_MOTO_SERVER:-}"); then
      version=$(moto_version "$moto_server")
    fi
    if at_least "$moto_minimum" "$version"; then
      there moto_server "$version" "$moto_server"
    else
      lacks moto_server "${version:-missing}" "(the AWS emulator of the sandbox, moto $moto_minimum or later)"
      incomplete=yes
    fi
  fi
  [ -n "$incomplete" ] || return 0
  look_at_venv
  task user scripts/install/python-tools
}

look_at_venv() {
  can_make_venv ||
    by_package "python3 python3-venv" "Python 3.10 or later with its venv module (brew install python)"
}

look_at_provider() {
  mirror=$home/providers/registry.terraform.io/hashicorp/aws
  mirrored=$mirror/$provider_version/linux_amd64
  if [ -d "$mirrored" ]; then
    there "AWS provider" "$provider_version" "$mirrored"
  elif ! can_ask; then
    task user "scripts/install/aws-provider --if-needed"
  elif terraform_registry_answers; then
    there "AWS provider" registry registry.terraform.io
  else
    lacks "AWS provider" missing "(registry.terraform.io does not answer)"
    if [ "$(platform)" = linux_amd64 ]; then
      [ -x "$home/venv/bin/pip" ] || look_at_venv
      task user scripts/install/aws-provider
    else
      advise "a way to registry.terraform.io, or the AWS provider's zip for $(platform) in $mirror"
    fi
  fi
}

look_at_docker() {
  docker=$(find_tool docker "${AMIABLE_DOCKER:-}" || true)
  if [ -z "$docker" ]; then
    lacks docker missing
    by_package "docker.io iptables" "a Docker engine: https://docs.docker.com/engine/install/"
    ! has_apt || start_docker
    return
  fi
  if version=$(docker_engine "$docker"); then
    there docker "$version" "$docker"
    ! dockerd_started_by_hand || found="$found$dockerd_pid_file
/proc/$(cat "$dockerd_pid_file")
"
    return
  fi
  case $version in
    *"permission denied"*)
      lacks docker "no access" "($(id -un) may not use the engine's socket)"
      join_docker
      ;;
    *)
      lacks docker "not running" "$docker"
      if command -v dockerd >/dev/null 2>&1 || [ -x /usr/sbin/dockerd ]; then
        start_docker
      elif has_apt; then
        packages docker.io iptables
        start_docker
      else
        advise "a running Docker engine: start it, and see that \`docker info\` answers"
      fi
      ;;
  esac
}

start_docker() {
  task root scripts/start-docker
  is_root || join_docker
}

# Only members of that group may use the engine that root runs.
join_docker() {
  task root "usermod --append --groups docker $(id -un)"
  advise "log in again after joining the group docker"
}

look_at_base() {
  tarball=$home/base/rootfs.tar
  if [ -f "$tarball" ]; then
    there "Debian base" bookworm "$tarball"
    return
  elif can_ask; then
    # shellcheck disable=SC2046 # a list of addresses
    if container_registry_answers $(docker_mirrors "${docker:-docker}"); then
      there "Debian base" registry "the container registry"
      return
    fi
    lacks "Debian base" missing "(no container registry answers)"
    condition=''
  else
    condition=' --if-needed'
  fi
  if [ "$(uname -s)" = Linux ] && has_apt; then
    [ -n "$(PATH=$PATH:/usr/sbin find_tool debootstrap)" ] || packages debootstrap debian-archive-keyring
    task root "scripts/install/base-rootfs$condition"
  else
    advise "a way to a container registry, or a Debian bookworm root file system as $tarball"
  fi
}

look_at_test_tools() {
  wants curl "curl ca-certificates" "curl" curl --version
  wants wget wget "wget" wget --version
  wants unzip unzip "unzip" unzip -v
  wants shellcheck shellcheck "shellcheck" shellcheck --version
  wants gpg gnupg "GnuPG" gpg --version
  wants pass pass "pass, the password store" pass version
  wants dbus-run-session dbus "D-Bus" dbus-run-session --version
  wants gnome-keyring-daemon gnome-keyring "gnome-keyring" gnome-keyring-daemon --version
  wants secret-tool libsecret-tools "secret-tool" true
  wants tmux tmux "tmux" tmux -V
  wants strace strace "strace" strace --version
  wants ps procps "ps" ps --version
  wants psql postgresql-client "PostgreSQL's client" psql --version
  if [ -n "$(find_tool initdb)" ] || [ -n "$(find /usr/lib/postgresql -name initdb -print 2>/dev/null)" ]; then
    there postgresql "" ""
  else
    lacks postgresql missing
    by_package postgresql "PostgreSQL's server"
  fi
}

look() {
  inventory='' lacking='' packages='' tasks='' advice='' found=''
  look_at_rust
  look_at_compiler
  wants git git "git" git --version
  look_at_downloads
  look_at_packer
  look_at_terraform
  look_at_python_tools
  look_at_provider
  if [ "$level" != aws ]; then
    wants ssh-keygen openssh-client "OpenSSH's client" ssh -V
  fi
  if [ "$level" = sandbox ]; then
    look_at_docker
    look_at_base
  fi
  [ -z "$with_tests" ] || look_at_test_tools
}
