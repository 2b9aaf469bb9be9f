# Sourced by the scripts beside it: brings Node's packages and the build up to date, and says so only when it works.
# Relative paths of a command start where it was called.
export DAYLONG_CWD=$PWD
# What the program calls itself in its hints.
export DAYLONG_COMMAND=scripts/daylong
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

daylong_fail() {
  echo "daylong: $*" >&2
  exit 1
}

daylong_check_node() {
  command -v node >/dev/null 2>&1 || daylong_fail "Node.js 20.19 or newer is needed, and there is no 'node' in PATH."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    daylong_fail "Node.js 20.19 or newer is needed; this is $(node --version)."
}

# Runs a command that may take a while: says what it does, how far it is each five seconds, and how long it took. What the command
# prints is shown when it fails.
#   daylong_step WHAT HOW-FAR COMMAND...    HOW-FAR: a function that prints how far it is
daylong_step() {
  local what=$1 far=$2 log watcher code=0 began=$SECONDS
  shift 2
  echo "daylong: $what ..." >&2
  log=$(mktemp)
  # Ends by itself when a Ctrl-C has ended the script, and holds no output of the script's open while it sleeps.
  (while sleep 5 </dev/null >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    echo "daylong:   $((SECONDS - began)) s: $($far)" >&2
  done) &
  watcher=$!
  "$@" >"$log" 2>&1 || code=$?
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  if [ "$code" != 0 ]; then
    tail -n 40 "$log" >&2
  elif [ $((SECONDS - began)) -ge 5 ]; then
    echo "daylong:   done in $((SECONDS - began)) s" >&2
  fi
  rm -f "$log"
  return "$code"
}

daylong_install_far() {
  local addon=node_modules/better-sqlite3/build
  if [ -e "$addon/Makefile" ] && [ ! -e "$addon/Release/better_sqlite3.node" ]; then
    echo "compiling better-sqlite3, because a ready-made one could not be fetched"
  else
    echo "$(du -sm node_modules 2>/dev/null | cut -f1) MB unpacked"
  fi
}
daylong_build_far() { echo "still at it"; }

# Whether the packages that only tests and development need are there too.
daylong_has_all() { [ -e node_modules/jest/package.json ]; }

# Installs what runs and builds the server; with "all", what tests and development need too. npm writes
# node_modules/.package-lock.json last: if it is older than the lock file, the installation is not whole.
daylong_install() {
  local want=${1:-} what prefix how
  daylong_check_node
  # 'npm ci' empties the folder that a link leads to, which may be another working copy's.
  [ ! -L node_modules ] || return 0
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    # A working copy of a developer's stays one.
    ! daylong_has_all || want=all
    how=(ci)
    what="installing packages (once; a minute or two)"
  elif [ "$want" = all ] && ! daylong_has_all; then
    # What is there stays: nothing is fetched or compiled a second time.
    how=(install --no-save)
    what="installing the packages of the tests (once)"
  else
    return 0
  fi
  [ "$want" = all ] && how+=(--include=dev) || how+=(--omit=dev)
  # better-sqlite3 is compiled where no prebuilt binary can be fetched; Node's own headers, if they are here, save
  # fetching them too.
  prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
  if [ -z "${npm_config_nodedir:-}" ] && [ -e "$prefix/include/node/node.h" ]; then
    export npm_config_nodedir=$prefix
  fi
  # A package that swagger-ui-dist brings reports installations to its makers unless it is told not to.
  export SCARF_ANALYTICS=false
  daylong_step "$what" daylong_install_far npm "${how[@]}" --prefer-offline --no-audit --no-fund ||
    daylong_fail "'npm ${how[0]}' failed; its last lines are above."
  touch node_modules/.package-lock.json
}

# Builds the server and its page; with "all", or in a working copy that has the packages for it, the programs of tests and
# development too.
daylong_build() {
  local want=${1:-} sources project
  daylong_install "$want"
  ! daylong_has_all || want=all
  if [ "$want" = all ]; then
    project=tsconfig.build.json
    sources=(server conformance client/src client/generator test/bench test/soak test/torture test/mutate test/swift test/conformance test/golden test/pictures test/support)
  else
    project=tsconfig.server.json
    sources=(server client/src)
  fi
  if [ ! -e dist/.built ] || { [ "$want" = all ] && [ "$(cat dist/.built)" = server ]; } ||
    [ -n "$(find "${sources[@]}" tsconfig.json tsconfig.build.json tsconfig.server.json package-lock.json -newer dist/.built -print -quit)" ]; then
    mkdir -p dist
    # The page is a build of its own.
    find dist -mindepth 1 -maxdepth 1 ! -name web ! -name .built-web -exec rm -rf {} +
    daylong_step "building the server" daylong_build_far node_modules/.bin/tsc -p "$project" || daylong_fail "the build failed; see above."
    [ "$want" = all ] && : >dist/.built || echo server >dist/.built
  fi
  # A second in all: it is also made anew when only it has changed.
  if [ ! -e dist/.built-web ] || [ -n "$(find web client/src package-lock.json -newer dist/.built-web -print -quit)" ]; then
    daylong_step "building the page" daylong_build_far node_modules/.bin/vite build --config web/vite.config.ts --logLevel warn ||
      daylong_fail "the build of the page failed; see above."
    touch dist/.built-web
  fi
}

# The proxies whose recipes are in docs/remote-access.md; their tests fail where one is missing.
daylong_proxies() {
  local missing=() log
  command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
  command -v caddy >/dev/null 2>&1 || missing+=(caddy)
  [ ${#missing[@]} != 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "daylong: the tests of the proxies need nginx and Caddy; not here: ${missing[*]}." >&2
    return 0
  fi
  echo "daylong: installing ${missing[*]} for the tests of the proxies (once) ..." >&2
  log=$(mktemp)
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "daylong: ${missing[*]} could not be installed; the tests of the proxies will fail. The last lines are above." >&2
  fi
  rm -f "$log"
}

# The browser of the browser tests; without one they fail, and say so.
daylong_chromium() {
  local place
  for place in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome-stable; do
    [ -z "$place" ] || [ ! -x "$place" ] || return 0
  done
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "daylong: the browser tests need Chromium: install the package 'chromium', or name a Chromium in the variable CHROMIUM." >&2
    return 0
  fi
  echo "daylong: installing Chromium for the browser tests (a minute or two, once) ..." >&2
  local log
  log=$(mktemp)
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "daylong: Chromium could not be installed; the browser tests will fail. The last lines are above." >&2
  fi
  rm -f "$log"
}
