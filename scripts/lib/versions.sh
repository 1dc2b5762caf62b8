# Reading and comparing version numbers.
# shellcheck shell=sh

# The first version number in the first line of the text on stdin.
version_in() {
  sed -n '1s/^[^0-9]*\([0-9][0-9]*\(\.[0-9][0-9]*\)*\).*/\1/p'
}

# at_least MINIMUM VERSION
at_least() {
  lowest=$(printf '%s\n%s\n' "$1" "$2" | sort -t . -k 1,1n -k 2,2n -k 3,3n | head -n 1)
  [ -n "$2" ] && [ "$lowest" = "$1" ]
}
