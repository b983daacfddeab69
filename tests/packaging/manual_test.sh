#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# manual_test.sh REFERENCE: neither man nor mandoc has anything to say against the man pages.
set -uo pipefail
pages=("$1"/man/*.[15])
failures=0

for tool in man mandoc; do
  command -v "${tool}" >/dev/null && continue
  echo "not installed: ${tool}"
  [[ ${TCPTWIN_REQUIRE_KERNEL_TESTS:-} == 1 ]] && exit 1
  exit 77
done

# nothing_said WHAT PAGE TEXT
nothing_said() {
  [[ -z $3 ]] && return
  echo "$1: $2: $3"
  failures=$((failures + 1))
}

for page in "${pages[@]}"; do
  nothing_said man "${page}" "$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 \
    man --warnings -E UTF-8 -l -Tutf8 -Z "${page}" 2>&1 >/dev/null)"
  nothing_said mandoc "${page}" "$(mandoc -Tlint "${page}" 2>&1)"
done
[[ ${failures} -eq 0 && ${#pages[@]} -gt 10 ]] && echo "ok: ${#pages[@]} pages"
