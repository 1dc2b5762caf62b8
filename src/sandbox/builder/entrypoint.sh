#!/bin/sh
# First process of a builder machine: makes the users Packer connects as, then becomes sshd.
#
# AMIABLE_USERS       user names, separated by blanks
# AMIABLE_PUBLIC_KEY  the OpenSSH public key that may log in as each of them
set -eu

: "${AMIABLE_USERS:?}" "${AMIABLE_PUBLIC_KEY:?}"

for user in $AMIABLE_USERS; do
  if ! id -u "$user" >/dev/null 2>&1; then
    useradd --create-home --shell /bin/bash --groups adm,sudo "$user"
  fi
  home=$(getent passwd "$user" | cut -d: -f6)
  group=$(id -gn "$user")
  install -d -m 0700 -o "$user" -g "$group" "$home/.ssh"
  printf '%s\n' "$AMIABLE_PUBLIC_KEY" >"$home/.ssh/authorized_keys"
  chown "$user:$group" "$home/.ssh/authorized_keys"
  chmod 0600 "$home/.ssh/authorized_keys"
  printf '%s ALL=(ALL) NOPASSWD:ALL\n' "$user" >>/etc/sudoers.d/90-cloud-init-users
done
chmod 0440 /etc/sudoers.d/90-cloud-init-users

# Logins start from /etc/environment, not from the container's environment, and sudo from neither.
if env | grep -iE '^(http|https|no)_proxy=' >>/etc/environment; then
  printf 'Defaults env_keep += "%s"\n' 'http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY' \
    >/etc/sudoers.d/proxy
  chmod 0440 /etc/sudoers.d/proxy
fi

ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
mkdir -p /run/sshd
unset AMIABLE_USERS AMIABLE_PUBLIC_KEY
exec /usr/sbin/sshd -D -e
