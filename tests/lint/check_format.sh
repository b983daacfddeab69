#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every source is as clang-format leaves it. `./dev format` repairs it.
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

if ! command -v clang-format >/dev/null; then
  echo "skipped: clang-format is not installed"
  [[ ${CI:-} != true ]] || exit 1
  exit 77
fi
while IFS=: read -r file line _; do
  violation "${file}:${line}" "not as clang-format leaves it"
done < <(sources | xargs -P "$(nproc)" -n 8 clang-format --dry-run -Werror 2>&1 |
  grep -E '^[^ ]+:[0-9]+:[0-9]+: error' | sort -t: -u -k1,1)
finish "all sources are formatted (./dev format)"
