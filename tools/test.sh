#!/usr/bin/env bash
# Every test: JavaScript, Python with coverage, the browser, then the story on the shipped processes. FULL=1 adds the slow ones.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
bin=.venv/bin
marks=(-m "not slow"); [ -n "${FULL:-}" ] && marks=()

echo "== JavaScript"
$bin/python tools/node.py npm --prefix extensions/meta-pixel test --silent
$bin/python tools/node.py node --test --test-reporter=dot extensions/cart-choice/test/*.test.mjs

echo "== Python"
rm -f build/.coverage*
$bin/pytest -q -n 2 "${marks[@]}" --ignore tests/browser --cov --cov-report= "$@"

echo "== Coverage"
$bin/coverage report --include='plugin/recovery/*' --fail-under=100 | tail -n 4
$bin/coverage report --fail-under=90 | tail -n 25

echo "== Browser"  # apart: one world and one browser serve all of them, whatever order the tests come in
$bin/pytest -q -n 0 "${marks[@]}" tests/browser

echo "== Story"
$bin/backstop story
