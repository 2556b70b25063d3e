#!/usr/bin/env bash
# Chromium and a Chinese font for the browser tests, from Debian's packages.
set -euo pipefail
if command -v chromium >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q .; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "浏览器测试需要 chromium 和中文字体（如 fonts-noto-cjk），请用系统的软件包管理器安装" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "浏览器测试需要 chromium 和中文字体，请先运行：sudo apt-get install chromium fonts-noto-cjk fontconfig" >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk fontconfig >/dev/null
