#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# demo_test.sh TCPTWIN RECORDINGS TREE: `tcptwin demo` from its recordings: the README shows what it
# prints, and what is not as the reference says, or not whole, is not called right.
set -uo pipefail
readonly tcptwin=$1 recordings=$2 tree=$3
failures=0
export LC_ALL=C.UTF-8

fail() {
  echo "FAILED: $1"
  failures=$((failures + 1))
}

# shown COMMAND: the code block of the README whose first line is "$ COMMAND", without that line.
shown() {
  awk -v first="\$ $1" '/^```/ { inside = 0 } inside { print } $0 == first { inside = 1 }' \
    "${tree}/README.md"
}

diff <(shown "tcptwin demo --recorded --scenario lost-last-ack") \
  <("${tcptwin}" demo --recorded --scenario lost-last-ack 2>/dev/null) ||
  fail "the README shows another output"

all=$("${tcptwin}" demo --recorded) || fail "demo --recorded ended with $?"
[[ ${all} == *"11 of 11 scenarios went as the reference says."* ]] || fail "not all went well: ${all}"
[[ $(wc -L <<<"${all}") -le 80 ]] || fail "wider than 80 columns"
LC_ALL=C "${tcptwin}" demo --recorded | LC_ALL=C grep -q '[^ -~]' &&
  fail "not ASCII in a locale without UTF-8"

# expect CODE WORDS PROGRAM ARGUMENTS...: the exit code, and words of what is printed.
expect() {
  local code=$1 words=$2 said result=0
  shift 2
  said=$("$@" 2>&1) || result=$?
  if [[ ${result} -ne ${code} || ${said} != *"${words}"* ]]; then
    fail "'$*' ended with ${result}: ${said}"
  fi
}
expect 2 'did you mean refused?' "${tcptwin}" demo --scenario refuse
expect 2 'exclude each other' "${tcptwin}" demo --live --recorded
expect 0 'why there is TIME_WAIT' "${tcptwin}" demo --list

# shellcheck disable=SC2016 # for the inner shell
expect 1 'No space left on device' sh -c '"$1" demo --recorded >/dev/full' sh "${tcptwin}"

# As it is installed, with recordings of something else.
place=$(mktemp -d)
trap 'rm -rf "${place}"' EXIT
mkdir -p "${place}/bin" "${place}/share/tcptwin/demo"
cp "${tcptwin}" "${place}/bin/tcptwin"
demo() { expect "$1" "$2" "${place}/bin/tcptwin" demo --recorded --scenario reset; }
demo 1 'reset.twin: No such file'
cp "${recordings}/half-close.twin" "${place}/share/tcptwin/demo/reset.twin"
demo 3 'NOT as the reference says: client:'
cp "${recordings}/handshake.twin" "${place}/share/tcptwin/demo/reset.twin"
demo 1 'Unverified: client:'
head -c 1500 "${recordings}/reset.twin" >"${place}/share/tcptwin/demo/reset.twin"
demo 1 'reset.twin'
cp "${recordings}/reset.twin" "${place}/share/tcptwin/demo/reset.twin"
demo 0 'As the reference says.'
exit $((failures > 0))
