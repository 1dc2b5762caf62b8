#!/bin/sh
# Installs what the machine image has beyond Debian's base system. Runs once, while the image is built.
set -eu

export DEBIAN_FRONTEND=noninteractive

host_ca=/usr/share/amiable/host-ca
bundle=/etc/ssl/certs/ca-certificates.crt

# Split bundles: update-ca-certificates hashes only files with a single certificate.
if [ -d "$host_ca" ]; then
  mkdir -p /usr/local/share/ca-certificates
  cat "$host_ca"/*.crt | awk '
    /-----BEGIN CERTIFICATE-----/ { file = sprintf("/usr/local/share/ca-certificates/host-%03d.crt", ++n) }
    file { print > file }
    /-----END CERTIFICATE-----/ { close(file); file = "" }'
  # For apt itself, until the package ca-certificates is there.
  if [ ! -s "$bundle" ]; then
    mkdir -p "${bundle%/*}"
    cat "$host_ca"/*.crt >"$bundle"
  fi
fi

# Package sources of the host, where Debian's own servers are out of reach.
if [ -d /usr/share/amiable/host-apt ]; then
  rm -rf /etc/apt/sources.list /etc/apt/sources.list.d
  cp -R /usr/share/amiable/host-apt/. /etc/apt/
fi

# No daemon is to start while the image is built; on the machine they do, as they would on EC2.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d

apt-get update
# systemctl is Debian's stand-in that runs unit files without systemd, which a container has no room for.
apt-get install -y --no-install-recommends \
  apt-utils \
  bash-completion \
  ca-certificates \
  curl \
  gnupg \
  iproute2 \
  iptables \
  iputils-ping \
  kmod \
  less \
  locales \
  lsb-release \
  netbase \
  openssh-client \
  openssh-server \
  openssh-sftp-server \
  procps \
  psmisc \
  python3 \
  rsync \
  socat \
  sudo \
  systemctl \
  tzdata \
  vim-tiny \
  wget \
  xz-utils
update-ca-certificates

rm -f /usr/sbin/policy-rc.d /etc/ssh/ssh_host_*
rm -rf /var/lib/apt/lists/*

# Images of cloud providers keep downloaded lists and packages; images for containers switch that off,
# which would make scripts that rely on it fail here alone.
rm -f /etc/apt/apt.conf.d/docker-clean /etc/apt/apt.conf.d/docker-gzip-indexes

# Debian's unit for Docker takes its socket from systemd, which is not there to hand it over.
mkdir -p /etc/systemd/system/docker.service.d
cat >/etc/systemd/system/docker.service.d/amiable.conf <<'UNIT'
[Service]
ExecStart=
ExecStart=/bin/sh -c "exec dockerd"
UNIT

# What scripts wait for before they touch apt on a fresh instance.
mkdir -p /var/lib/cloud/instance /run/sshd
touch /var/lib/cloud/instance/boot-finished

cat >/etc/ssh/sshd_config.d/amiable.conf <<'CONFIG'
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UseDNS no
CONFIG
