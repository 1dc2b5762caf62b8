# The Debian mirror that this machine itself is configured with.
# shellcheck shell=sh

# apt_mirror_of SUITE [FOLDER]: the first address that serves main of the suite, or nothing.
apt_mirror_of() {
  sources=${2:-/etc/apt}
  {
    cat "$sources/sources.list" "$sources"/sources.list.d/*.list 2>/dev/null |
      sed -n 's/^deb  *\(\[[^]]*\]\)\{0,1\} *\([^ ]*\)  *\([^ ]*\)  *\(.*\)$/\2|\3|\4/p'
    for file in "$sources"/sources.list.d/*.sources; do
      [ ! -f "$file" ] || stanzas <"$file"
    done
  } | awk -F '|' -v suite="$1" '
    # The word must be there by itself: not bookworm-updates, not non-free.
    (" " $2 " ") ~ (" " suite " ") && (" " $3 " ") ~ " main " { split($1, uri, " "); print uri[1]; exit }'
}

# The deb822 stanzas on stdin as lines of URIs|SUITES|COMPONENTS.
stanzas() {
  awk '
    function flush() {
      if (field["uris"] != "" && field["types"] ~ /(^| )deb( |$)/ && tolower(field["enabled"]) != "no")
        print field["uris"] "|" field["suites"] "|" field["components"]
      split("", field)
      name = ""
    }
    /^#/ { next }
    /^[ \t]*$/ { flush(); next }
    /^[ \t]/ { sub(/^[ \t]+/, ""); field[name] = field[name] " " $0; next }
    {
      name = tolower(substr($0, 1, index($0, ":") - 1))
      value = substr($0, index($0, ":") + 1)
      gsub(/^[ \t]+|[ \t]+$/, "", value)
      field[name] = value
    }
    END { flush() }'
}
