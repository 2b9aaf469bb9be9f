# Sourced by scripts/test-swift: finds a Swift 6 compiler, or on Debian as root makes one in a root folder of its own.
#
# After `daylong_swift` these are set:
#   SWIFT_ROOT   "" when `swift` of the PATH is used; else the folder of a Debian system that holds it, entered by chroot.
#
# Debian 12 has no Swift; Debian 13 (trixie) has 6.0. Its packages are put into a folder by debootstrap, which leaves the machine as
# it is. The folder takes 3.4 GB and about four minutes, once: DAYLONG_SWIFT_ROOT, else /var/cache/daylong/swift-trixie.

daylong_swift_fail() {
  echo "daylong: $*" >&2
  exit 1
}

# Succeeds when `swift` of the PATH is version 6 or newer.
daylong_swift_in_path() {
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\).*/\1/p' | head -n 1) || return 1
  [ -n "$version" ] && [ "$version" -ge 6 ]
}

# The mirror of Debian's packages that this machine is set to use: none is named here.
daylong_debian_mirror() {
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 2>/dev/null | awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }'
}

daylong_swift_box() {
  local root=$1 mirror
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 ||
    daylong_swift_fail "a Swift 6 compiler is needed: put 'swift' into PATH (swift.org/install), or run this as root on Debian, where it is installed into a folder of its own."
  if ! command -v debootstrap >/dev/null 2>&1; then
    echo "daylong: installing debootstrap ..." >&2
    { apt-get update && apt-get install -y --no-install-recommends debootstrap; } >/dev/null 2>&1 ||
      daylong_swift_fail "debootstrap could not be installed; 'apt-get install debootstrap' says why."
  fi
  mirror=$(daylong_debian_mirror)
  if [ -z "$mirror" ]; then
    apt-get update >/dev/null 2>&1
    mirror=$(daylong_debian_mirror)
  fi
  [ -n "$mirror" ] || daylong_swift_fail "no mirror of Debian's packages is set up on this machine ('apt-get indextargets' names none)."
  # A box that was not finished is made anew: the mark is written last.
  rm -rf "$root"
  mkdir -p "$root"
  echo "daylong: making a Debian 13 folder for Swift at $root (about 1.5 minutes) ..." >&2
  debootstrap --variant=minbase trixie "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; daylong_swift_fail "debootstrap failed; its last lines are above."; }
  echo "daylong: installing Swift in it (1 to 3 minutes) ..." >&2
  cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
  rm -f "$root"/etc/apt/apt.conf.d/*docker*
  # The compiler's loader looks at /proc/self. It is mounted in a mount namespace of this command alone.
  unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    apt-get install -y --no-install-recommends swiftlang swiftlang-dev libc6-dev libstdc++-14-dev libssl-dev git ca-certificates \
    >>"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2; daylong_swift_fail "Swift could not be installed; the last lines of apt are above."; }
  rm -rf "$root"/var/cache/apt/archives/*.deb
  touch "$root/.daylong-ready"
}

daylong_swift() {
  if daylong_swift_in_path; then
    SWIFT_ROOT=""
    return 0
  fi
  SWIFT_ROOT=${DAYLONG_SWIFT_ROOT:-/var/cache/daylong/swift-trixie}
  [ -e "$SWIFT_ROOT/.daylong-ready" ] || daylong_swift_box "$SWIFT_ROOT"
}
