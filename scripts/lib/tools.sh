# Where a program is, in the order in which amiable looks for it.
# shellcheck shell=sh

home=${AMIABLE_HOME:-${XDG_DATA_HOME:-${HOME:?}/.local/share}/amiable}
AMIABLE_HOME=$home
export AMIABLE_HOME

# find_tool NAME [OVERRIDE]: prints the program's path, or fails.
find_tool() {
  if [ -n "${2:-}" ]; then
    command -v -- "$2"
    return
  fi
  command -v -- "$1" && return
  for folder in "$home/bin" "$home/venv/bin"; do
    if [ -x "$folder/$1" ]; then
      printf '%s\n' "$folder/$1"
      return
    fi
  done
  return 1
}
