#!/usr/bin/env bash
# A Chromium for the browser tests: the machine's own; as root on Debian, apt-get brings one.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium ..."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "No Chromium here, so the browser tests will be skipped. To run them: apt-get install chromium." >&2
fi
