# Says, asks for and does what `look` found to be done.
# shellcheck shell=sh
# shellcheck disable=SC2154 # what look.sh leaves behind

# The package commands as they are run, one a line.
package_commands() {
  [ -n "$packages" ] || return 0
  printf 'apt-get update\n'
  printf 'env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends %s\n' "$packages"
}

root_commands() {
  package_commands
  printf '%s' "$tasks" | sed -n 's/^root //p'
}

user_commands() {
  printf '%s' "$tasks" | sed -n 's/^user //p'
}

all_commands() {
  package_commands
  printf '%s' "$tasks" | sed 's/^[a-z]* //'
}

# What this user may run, in the order in which it works.
own_commands() {
  if is_root; then all_commands; else user_commands; fi
}

# Root's home is another one, so the scripts are told whose folder to use.
with_sudo() {
  sed "s|^\(scripts/[^ ]*\)|env AMIABLE_HOME='$home' '$root/\1'|; s/^/sudo /"
}

tell_plan() {
  say ""
  if ! is_root && [ -n "$(root_commands)" ]; then
    say "To do as root; please run these yourself:"
    root_commands | with_sudo | indent
  fi
  if [ -n "$(own_commands)" ]; then
    say "To do, in $root:"
    own_commands | indent
  fi
  [ -z "$advice" ] || tell_advice
  say ""
}

tell_advice() {
  say "Only you can do:"
  printf '%s' "$advice" | indent
}

indent() {
  sed 's/^/  /' >&2
}

ask() {
  if [ "$consent" = none ] || [ ! -t 0 ]; then
    die 2 "nobody is there to be asked: --yes does the above without asking"
  fi
  printf 'Do this now? [y/N] ' >&2
  read -r reply || reply=''
  case $reply in
    y | Y | yes | Yes) ;;
    *) die 6 "declined; nothing was changed" ;;
  esac
}

# Two at once would install the same things; the second waits, then finds them there.
hold_lock() {
  mkdir -p "$home"
  command -v flock >/dev/null 2>&1 || return 0
  exec 9>"$home/bootstrap.lock"
  if ! flock --nonblock 9; then
    say "Another bootstrap is at work; waiting for it."
    flock 9
    look
  fi
}

# A command that fails does not stop the others: `look` then says what is missing.
perform() {
  log=$home/bootstrap.log
  : >"$log"
  own_commands >"$home/bootstrap.todo"
  while IFS= read -r line; do
    say "  $line"
    printf '+ %s\n' "$line" >>"$log"
    before=$(wc -l <"$log")
    # Without the lock's descriptor, which a program left running would keep.
    if ! sh -c "$line" </dev/null >>"$log" 2>&1 9>&-; then
      say "  this failed (all of it: $log):"
      tail -n "+$((before + 1))" "$log" | tail -n 8 | sed 's/^/  | /' >&2
    fi
  done <"$home/bootstrap.todo"
  rm -f "$home/bootstrap.todo"
}

tell_lacking() {
  say ""
  say "Still missing:"
  printf '%s' "$lacking" | indent
  if [ -z "$check" ] && ! is_root && [ -n "$(root_commands)" ]; then
    say "Run the commands for root above, then this again."
  fi
  [ -z "$advice" ] || tell_advice
}

# The launcher reads this: as long as these paths exist, it does not look again.
remember() {
  sum=$(cat scripts/bootstrap scripts/lib/* scripts/install/* | cksum)
  mkdir -p "$home/ready"
  stamp=$home/ready/${sum%% *}.$level
  printf '%s' "$found" >"$stamp.$$"
  mv -f "$stamp.$$" "$stamp"
}
