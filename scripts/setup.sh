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

# npm writes node_modules/.package-lock.json last: if it is older than the lock file, the installation is not whole.
daylong_install() {
  daylong_check_node
  # 'npm ci' empties the folder that a link leads to, which may be another working copy's.
  [ ! -L node_modules ] || return 0
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "daylong: installing packages (a minute or two, once) ..." >&2
    local log prefix
    log=$(mktemp)
    # better-sqlite3 is compiled where no prebuilt binary can be fetched; Node's own headers, if they are here, save
    # fetching them too.
    prefix=$(node -p 'require("node:path").resolve(process.execPath, "../..")')
    if [ -z "${npm_config_nodedir:-}" ] && [ -e "$prefix/include/node/node.h" ]; then
      export npm_config_nodedir=$prefix
    fi
    # A package that swagger-ui-dist brings reports installations to its makers unless it is told not to.
    export SCARF_ANALYTICS=false
    if ! npm ci --no-audit --no-fund >"$log" 2>&1; then
      tail -n 40 "$log" >&2
      rm -f "$log"
      daylong_fail "'npm ci' failed; its last lines are above."
    fi
    rm -f "$log"
    touch node_modules/.package-lock.json
  fi
}

daylong_build() {
  daylong_install
  if [ ! -e dist/.built ] || [ -n "$(find server conformance client/src client/generator test/bench test/soak test/torture test/mutate test/swift test/conformance test/golden test/pictures test/support tsconfig.json tsconfig.build.json package-lock.json -newer dist/.built -print -quit)" ]; then
    echo "daylong: building ..." >&2
    rm -rf dist
    node_modules/.bin/tsc -p tsconfig.build.json || daylong_fail "the build failed; see above."
    touch dist/.built
  fi
  # The page is a build of its own, a second in all: it is also made anew when only it has changed.
  if [ ! -e dist/.built-web ] || [ -n "$(find web client/src package-lock.json -newer dist/.built-web -print -quit)" ]; then
    echo "daylong: building the page ..." >&2
    node_modules/.bin/vite build --config web/vite.config.ts --logLevel warn >&2 || daylong_fail "the build of the page failed; see above."
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
