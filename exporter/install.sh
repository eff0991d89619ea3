#!/bin/sh
# Installs Hyperion's exporter and agent on a Linux machine with systemd and Python 3.11 or newer.
# It gets one file from the control API, with nothing from anywhere else, and checks it by the
# checksum below. Run again it brings the newer version, also of hyperion-update and the units, and
# keeps what was decided here.
#
#   sh install.sh --token TOKEN [--name NAME] [--act-as USER] [--ca-file FILE]
#   sh install.sh --uninstall
#
# Without --act-as the machine is watched and nothing can be run on it; --act-as root lets who may
# act in Hyperion do everything here. /etc/hyperion/agent-policy.toml says it more finely.
set -eu
url='@URL@'
sha256='@SHA256@'
home=/opt/hyperion config=/etc/hyperion state=/var/lib/hyperion-agent units=/etc/systemd/system

say() { echo "hyperion: $*"; }
fail() { echo "hyperion: $*" >&2; exit 1; }

main() {
  token='' name='' user='' ca='' uninstall=''
  while [ $# -gt 0 ]; do
    if [ "$1" = --uninstall ]; then uninstall=yes; shift; continue; fi
    [ $# -gt 1 ] || fail "$1 needs a value"
    case $1 in
      --token) token=$2 ;;
      --name) name=$2 ;;
      --act-as) user=$2 ;;
      --ca-file) ca=$2 ;;
      *) fail "there is no option $1" ;;
    esac
    shift 2
  done
  [ "$(id -u)" = 0 ] || fail "run this as root: it makes users and services"
  command -v systemctl >/dev/null || fail "this machine has no systemd"
  if [ -n "$uninstall" ]; then uninstall; else install_all; fi
}

install_all() {
  check
  say "installs into $home, $config and $units, with the users hyperion-exporter and hyperion-agent"
  unpack
  make_users
  configure
  start
}

check() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "this machine has no Python 3.11 or newer as python3"
  command -v sha256sum >/dev/null || fail "this machine has no sha256sum"
  [ -n "$token" ] || [ -e "$state/identity.json" ] || fail "say --token, as an enrolment gives it"
  [ -z "$user" ] || id "$user" >/dev/null 2>&1 || fail "there is no user $user on this machine"
  [ -z "$ca" ] || [ -r "$ca" ] || fail "there is no file $ca"
  case "$name" in *[\"\\]*) fail "a name with a quote or backslash is not taken" ;; esac
}

unpack() {
  # What it began would be the older version.
  systemctl --quiet stop hyperion-update.path hyperion-update.service 2>/dev/null || true
  release=$home/lib/$sha256
  [ -d "$release" ] || add
  link current
  link installed
  wrap exporter current cli
  wrap agent current agent.cli
  wrap update installed agent.update
  rm -f "$home/trial" "$home/back" "$home/before"
  for old in "$home"/lib/*; do
    [ "$old" != "$release" ] || continue
    mv -T "$old" "$old.gone" # what is left of a release is not to be taken for one
    rm -rf "$old.gone"
  done
}

add() {
  mkdir -p "$home/lib" "$home/bin"
  new=$(mktemp -d "$home/lib/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  fetch "$url/install/package.zip" "$new/package.zip" || fail "cannot get the package from $url"
  echo "$sha256  $new/package.zip" | sha256sum -c --quiet - >/dev/null 2>&1 ||
    fail "the package is not the one that this script is for: nothing was installed"
  python3 -m zipfile -e "$new/package.zip" "$new" || fail "the package cannot be unpacked"
  rm "$new/package.zip"
  python3 -m compileall -q -s "$new" -p "$release" "$new" || true
  chmod -R u=rwX,go=rX "$new"
  sync -f "$new"
  mv "$new" "$release"
}

fetch() {
  if command -v curl >/dev/null; then
    curl -fsSL ${ca:+--cacert "$ca"} -o "$2" "$1"
  elif command -v wget >/dev/null; then
    wget -q ${ca:+--ca-certificate="$ca"} -O "$2" "$1"
  else
    python3 -c 'import ssl, sys, urllib.request as u
context = ssl.create_default_context(cafile=sys.argv[3] or None)
context.verify_flags &= ~ssl.VERIFY_X509_STRICT # as curl does
open(sys.argv[2], "wb").write(u.urlopen(sys.argv[1], timeout=60, context=context).read())' \
      "$1" "$2" "$ca"
  fi
}

# All programs change at once, when a link does.
link() {
  ln -sfn "lib/$sha256" "$home/$1.new"
  mv -fT "$home/$1.new" "$home/$1"
}

# A program goes on with the release that it began with.
wrap() {
  program=$home/bin/hyperion-$1
  cat >"$program.new" <<END
#!$(command -v python3) -I
import os, sys
sys.path.insert(0, os.path.realpath("$home/$2"))
from hyperion_exporter.$3 import main
sys.exit(main())
END
  chmod 755 "$program.new"
  mv "$program.new" "$program"
}

make_users() {
  for each in hyperion-exporter hyperion-agent; do
    id "$each" >/dev/null 2>&1 ||
      useradd --system --no-create-home --home-dir / --shell /usr/sbin/nologin "$each"
  done
}

configure() {
  mkdir -p "$config"
  # Where the agent, which sees no home of anybody, may read it.
  [ -z "$ca" ] || [ "$ca" -ef "$config/ca.pem" ] || install -m 644 "$ca" "$config/ca.pem"
  for unit in exporter.service agent.service update.service update.path; do
    cp "$release/hyperion-$unit" "$units/hyperion-$unit"
  done
  if [ ! -e "$config/agent.toml" ] || [ -n "$name$ca" ]; then
    {
      echo "url = \"$url\""
      [ -z "$name" ] || echo "name = \"$name\""
      [ ! -e "$config/ca.pem" ] || echo "ca_file = \"$config/ca.pem\""
      case $url in http://*) echo 'allow_http = true' ;; esac
    } >"$config/agent.toml"
  fi
  if [ -n "$user" ]; then allow; elif [ ! -e "$config/agent-policy.toml" ]; then
    echo '# What may be run on this machine, whoever asks; --act-as of install.sh changes it.
run = false' >"$config/agent-policy.toml"
  fi
  if [ -n "$token" ] && [ ! -e "$state/identity.json" ]; then
    (umask 077; echo "$token" >"$config/agent.token")
    chown hyperion-agent "$config/agent.token"
    [ -z "$user" ] || chown "$user" "$config/agent.token"
  fi
}

# What it runs is as shut in as itself, so an agent that acts is not.
allow() {
  printf 'run = true\nusers = []\ncommands = [["**"]]\n' >"$config/agent-policy.toml"
  mkdir -p "$units/hyperion-agent.service.d"
  {
    echo '[Service]'
    echo "User=$user"
    echo 'CapabilityBoundingSet=~'
    for each in NoNewPrivileges PrivateDevices ProtectClock ProtectControlGroups ProtectHome \
      ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectSystem \
      RestrictNamespaces RestrictRealtime RestrictSUIDSGID; do
      echo "$each=no"
    done
    echo 'RestrictAddressFamilies='
    echo 'SystemCallFilter='
  } >"$units/hyperion-agent.service.d/act.conf"
}

start() {
  systemctl daemon-reload
  systemctl --quiet enable hyperion-exporter hyperion-agent hyperion-update.path
  systemctl restart hyperion-exporter hyperion-agent hyperion-update.path
  waited=0
  until [ -e "$state/identity.json" ] && systemctl --quiet is-active hyperion-agent; do
    waited=$((waited + 1))
    if [ $waited -gt 60 ] || systemctl --quiet is-failed hyperion-agent; then
      journalctl --no-pager --lines 5 --output cat --unit hyperion-agent >&2
      fail "the control API has not seen this machine: what the agent said stands above"
    fi
    sleep 1
  done
  rm -f "$config/agent.token"
  say "this machine calls home: $url/machines"
}

uninstall() {
  say "takes away $home, $config, the services, their users and what they kept"
  systemctl --quiet disable --now hyperion-update.path hyperion-exporter hyperion-agent \
    2>/dev/null || true
  systemctl --quiet stop hyperion-update.service 2>/dev/null || true
  rm -rf "$units/hyperion-exporter.service" "$units/hyperion-agent.service" \
    "$units/hyperion-update.service" "$units/hyperion-update.path" \
    "$units/hyperion-agent.service.d" "$home" "$config" "$state" /var/lib/hyperion-exporter
  systemctl daemon-reload
  for each in hyperion-exporter hyperion-agent; do userdel "$each" 2>/dev/null || true; done
  say "done; the machine stays in the inventory until somebody deletes it there"
}

# All of it is here before anything runs, should the download break.
main "$@"
