#!/bin/sh
# The browser tests drive a real Chromium: find one, or install Debian's where we may, or say what to do.
set -eu
if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then
    exit 0
fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation
    exit 0
fi
echo "The browser tests need Chromium: install the package chromium (Debian, Ubuntu: sudo apt-get install chromium)." >&2
exit 1
