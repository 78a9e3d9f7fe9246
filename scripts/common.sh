# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# What ./check and ./up share: words on stderr, the packages a build needs, the build. Sourced, from
# the top folder of the repository.

say() { printf '%s\n' "$*" >&2; }

# Debian 12's names. Everything that the build and the demonstration need.
packages=(gcc g++ make pkg-config meson ninja-build python3 libpng-dev libturbojpeg0-dev libopenjp2-7-dev
  libtiff-dev libjansson-dev libseccomp-dev libz3-dev libsodium-dev libsqlite3-dev libp11-kit-dev libmicrohttpd-dev
  libcurl4-openssl-dev scdoc)
# What only the tests need.
test_packages=(golang-go golang-golang-x-mod-dev softhsm2)

need_packages() { # need_packages [more]: installs what is missing
  local missing=() p
  if ! command -v dpkg-query >/dev/null; then
    say "this is not Debian: make sure of what Debian calls ${packages[*]} $*"
    return 0
  fi
  for p in "${packages[@]}" "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    say "missing packages; run as root: apt-get install ${missing[*]}"
    exit 6
  fi
  say "installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >&2; then
    say "apt could not install them; its words are above"
    exit 6
  fi
}

build() { # build DIR [meson options]
  local dir=$1
  shift
  [ -f "$dir/build.ninja" ] || meson setup "$dir" "$@" >&2
  ninja -C "$dir" ${quiet:+--quiet} >&2
}
