#!/bin/sh
# Consul from CONSUL_URL, the publisher's or a mirror's, and only with the publisher's
# signature on the checksums and the right checksum on the archive. Where CONSUL_URL cannot
# be reached at all, CONSUL_STAND_IN=allowed takes a stand-in.
set -eu

root=${INSIGHT_ROOT:-}
stand_in=${INSIGHT_STAND_IN:-/tmp/insight/stand-in/consul}
program=$root/usr/local/bin/consul
marker=$root/usr/local/share/insight/consul-is-a-stand-in
base=${CONSUL_URL%/}/$CONSUL_VERSION
archive=consul_${CONSUL_VERSION}_linux_$(dpkg --print-architecture).zip
sums=consul_${CONSUL_VERSION}_SHA256SUMS

fail() {
  echo "$*" >&2
  exit 1
}

# A mirror has the key beside the releases; the publisher has it elsewhere.
key_url=${CONSUL_KEY_URL:-}
if [ -z "$key_url" ]; then
  case ${CONSUL_URL%/} in
    https://releases.hashicorp.com/*) key_url=https://www.hashicorp.com/.well-known/pgp-key.txt ;;
    *) key_url=${CONSUL_URL%/}/pgp-key.txt ;;
  esac
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fetch() {
  curl --fail --silent --show-error --location --connect-timeout 15 --max-time 600 --retry 2 \
    --proto '=http,https,file' --output "$work/$2" "$1"
}

status=0
fetch "$base/$sums" "$sums" || status=$?
case $status in
  0) ;;
  # Of curl's codes those that mean: nobody there. 5 and 6 names, 7 and 28 connections.
  5 | 6 | 7 | 28)
    [ "${CONSUL_STAND_IN:-refused}" = allowed ] ||
      fail "$base cannot be reached: set consul_url to a mirror"
    echo "$base cannot be reached: INSTALLING A STAND-IN that is not Consul"
    install -D -m 0755 "$stand_in" "$program"
    install -d -m 0755 "$(dirname "$marker")"
    : >"$marker"
    exit 0
    ;;
  *) fail "$base/$sums cannot be fetched: see the message of curl above" ;;
esac
fetch "$base/$sums.sig" "$sums.sig" || fail "$base has no signature $sums.sig"
fetch "$base/$archive" "$archive" || fail "$base has no $archive"
fetch "$key_url" key.asc || fail "the publisher's key cannot be fetched from $key_url: set consul_key_url"

# The file may hold other keys too. What counts is the one that has signed: the last word
# of VALIDSIG is the fingerprint of its primary key (GnuPG, doc/DETAILS).
gpg --homedir "$work" --batch --quiet --dearmor --output "$work/key.gpg" "$work/key.asc" ||
  fail "$key_url holds no public key"
gpgv --homedir "$work" --keyring "$work/key.gpg" --status-fd 3 "$work/$sums.sig" "$work/$sums" \
  3>"$work/status" 2>"$work/gpgv.log" || {
  cat "$work/gpgv.log" >&2
  fail "the signature of $base/$sums is not good"
}
signer=$(awk '$2 == "VALIDSIG" { print $NF }' "$work/status")
[ "$signer" = "$CONSUL_KEY_FINGERPRINT" ] ||
  fail "$base/$sums is signed with the key $signer, not with $CONSUL_KEY_FINGERPRINT"

line=$(grep -F "  $archive" "$work/$sums") || fail "$base/$sums does not name $archive"
printf '%s\n' "$line" >"$work/sum"
(cd "$work" && sha256sum --check --status sum) || fail "$base/$archive has not the checksum that was signed"

unzip -q -o "$work/$archive" consul -d "$work"
install -D -m 0755 "$work/consul" "$program"
rm -f "$marker"
"$program" version
