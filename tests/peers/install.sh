#!/bin/sh
# Installs the peers of the end-to-end tests: Python `mcp` and the JavaScript SDK with its everything server.
#
#   tests/peers/install.sh DIRECTORY        (make test passes target/peers)
#
# Leaves DIRECTORY/python (a virtual environment) and DIRECTORY/node (node_modules). What is installed is fixed by
# the two lock files, digest by digest; no install script of a package is run. A second call with the same lock files and
# the same interpreters does nothing.
set -eu

fail() {
    printf 'peers: %s\n' "$1" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null 2>&1 || fail "\`$1\` not found: install $2, then run \`make test\` again"
}

[ $# -eq 1 ] || fail 'usage: install.sh DIRECTORY'
need python3 'Python 3.11 or newer'
need node 'Node.js 20 or newer'
need npm 'npm, which comes with Node.js'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || fail "python3 is $(python3 -V 2>&1 | cut -d' ' -f2): version 3.11 or newer is needed"
python3 -c 'import venv, ensurepip' 2>/dev/null \
    || fail 'python3 cannot make virtual environments: install its venv module (package `python3-venv` on Debian)'
node -e 'process.exit(parseInt(process.versions.node, 10) < 20 ? 1 : 0)' \
    || fail "node is $(node --version): version 20 or newer is needed"

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$1"
target=$(CDPATH='' cd -- "$1" && pwd)

# digest FILES...: one line that changes with the lock files, the interpreter and this script. cksum would do against
# accidents, but the stamp decides whether pinned code is taken for installed, so it is a real digest.
digest() {
    python3 -c 'import hashlib, sys; h = hashlib.sha256()
for name in sys.argv[1:]: h.update(open(name, "rb").read())
print(h.hexdigest())' "$0" "$@"
}

# fresh PART STAMP: whether DIRECTORY/PART was completed with exactly this stamp.
fresh() {
    [ -f "$target/$1/.stamp" ] && [ "$(cat "$target/$1/.stamp")" = "$2" ]
}

python_stamp="$(digest "$here/python/requirements.txt") $(python3 -V 2>&1) $target"
if ! fresh python "$python_stamp"; then
    rm -rf "$target/python"
    python3 -m venv "$target/python" || fail 'python3 could not make a virtual environment'
    "$target/python/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --only-binary :all: --require-hashes -r "$here/python/requirements.txt" \
        || fail 'the Python peers could not be installed: is the package index reachable, and is this Python one of those that requirements.txt names?'
    printf '%s\n' "$python_stamp" >"$target/python/.stamp"
fi

node_stamp="$(digest "$here/node/package.json" "$here/node/package-lock.json") $(node --version)"
if ! fresh node "$node_stamp"; then
    rm -rf "$target/node"
    mkdir -p "$target/node"
    cp "$here/node/package.json" "$here/node/package-lock.json" "$target/node/"
    (cd "$target/node" && npm ci --ignore-scripts --no-audit --no-fund --silent) \
        || fail 'the JavaScript peers could not be installed: is the package registry reachable?'
    printf '%s\n' "$node_stamp" >"$target/node/.stamp"
fi
