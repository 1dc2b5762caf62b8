# The Python of this machine.
# shellcheck shell=sh

# Debian's python3 alone lacks what a venv needs; that is in python3-venv.
can_make_venv() {
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 </dev/null
}
