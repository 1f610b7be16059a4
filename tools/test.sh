#!/usr/bin/env bash
# Every test: JavaScript; Python with coverage; a browser at the shipped processes; the story. FULL=1 adds the slow ones.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
bin=.venv/bin
marks=(-m "not slow"); [ -n "${FULL:-}" ] && marks=()

outside() {  # what looks at the shipped processes from outside; the browser's tests apart, since they share one world
  local failed=0
  $bin/pytest -q -n 0 "${marks[@]}" tests/browser >build/browser.log 2>&1 || failed=1
  $bin/backstop story >build/story.log 2>&1 || failed=1
  return $failed
}

echo "== JavaScript"
$bin/python tools/node.py npm --prefix extensions/meta-pixel test --silent
$bin/python tools/node.py node --test --test-reporter=dot extensions/cart-choice/test/*.test.mjs

echo "== Python"
rm -f build/.coverage*
if [ -z "${FULL:-}" ]; then outside & beside=$!; fi  # half of its time is waiting; the slow ones need a machine of their own
tested=0
$bin/pytest -q -n 3 "${marks[@]}" --ignore tests/browser --ignore tests/bench/test_guards.py --cov --cov-report= --durations=12 --durations-min=4 "$@" || tested=1

echo "== Browser and story"  # what began is waited for, whatever became of the others: it takes its processes down itself
seen=0
if [ -n "${beside:-}" ]; then wait "$beside" || seen=1; else outside || seen=1; fi
cat build/browser.log build/story.log
[ "$tested $seen" = "0 0" ]

if [ -n "${FULL:-}" ]; then
  echo "== Guards of speed"
  $bin/pytest -q -n 0 tests/bench/test_guards.py
fi

echo "== Coverage"
$bin/coverage report --include='plugin/recovery/*' --fail-under=100 | tail -n 4
$bin/coverage report --fail-under=90 | tail -n 25
