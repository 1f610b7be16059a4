#!/usr/bin/env bash
# Every test: JavaScript, Python with coverage, then the browser beside the story on the shipped processes. FULL=1 adds the slow ones.
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
$bin/pytest -q -n 3 "${marks[@]}" --ignore tests/browser --cov --cov-report= "$@"

echo "== Coverage"
$bin/coverage report --include='plugin/recovery/*' --fail-under=100 | tail -n 4
$bin/coverage report --fail-under=90 | tail -n 25

echo "== Browser and story"  # browser tests apart: one world and one browser serve all of them, whatever order they come in
$bin/backstop story >build/story.log 2>&1 & story=$!
browser=0; $bin/pytest -q -n 0 "${marks[@]}" tests/browser || browser=$?
told=0; wait $story || told=$?
cat build/story.log
[ $browser -eq 0 ] && [ $told -eq 0 ]
