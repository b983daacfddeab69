#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What docs/lab.md and the README show is what the command prints.
set -euo pipefail
readonly program=${1:?usage: $0 TCPTWIN TREE} root=${2:?usage: $0 TCPTWIN TREE}
failures=0

# shown DOCUMENT COMMAND: the code block whose first line is "$ COMMAND", without that line.
shown() {
  awk -v first="\$ $2" '/^```/ { inside = 0 } inside { print } $0 == first { inside = 1 }' "$1"
}

# compare DOCUMENT ARGUMENTS...
compare() {
  local document=$1
  shift
  if ! diff <(shown "${root}/${document}" "tcptwin $*") <(LC_ALL=C.UTF-8 "${program}" "$@" 2>/dev/null); then
    echo "FAILED: ${document} shows another output of 'tcptwin $*'"
    failures=$((failures + 1))
  fi
}

compare docs/lab.md lab verify
compare docs/lab.md lab why simultaneous-open
compare README.md lab why third-ack

# A terminal without UTF-8 gets ASCII, and nothing is cut off at 80 columns.
plain=$(LC_ALL=C "${program}" lab why simultaneous-open 2>/dev/null)
if LC_ALL=C grep -q '[^ -~]' <<<"${plain}"; then
  echo "FAILED: not ASCII in a locale without UTF-8"
  failures=$((failures + 1))
fi
if [[ $(LC_ALL=C.UTF-8 "${program}" lab why simultaneous-open 2>/dev/null | LC_ALL=C.UTF-8 wc -L) -gt 80 ]]; then
  echo "FAILED: wider than 80 columns"
  failures=$((failures + 1))
fi

# expect CODE WORD ARGUMENTS...: the exit code, and a word of the message.
expect() {
  local code=$1 word=$2 message result=0
  shift 2
  message=$("${program}" "$@" 2>&1 >/dev/null) || result=$?
  if [[ ${result} -ne ${code} || ${message} != *"${word}"* ]]; then
    echo "FAILED: 'tcptwin $*' ended with ${result}: ${message}"
    failures=$((failures + 1))
  fi
}
expect 2 'lab verify' lab
expect 2 'did you mean time-wait' lab why time-wiat
expect 2 "does not know 'prove'" lab prove
"${program}" lab why simultaneous-open --json 2>/dev/null | python3 -c '
import json, sys
answer = json.load(sys.stdin)
assert answer["answers"][0]["conclusive"], answer
assert answer["answers"][0]["ladder"][-1]["left"] == "SYN-SENT", answer
'
exit $((failures > 0))
