#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run_test.sh TCPTWIN SCHEMA: exit codes and streams of the program itself, where no BPF is needed.
set -uo pipefail
tcptwin=$1
schema=$2
failures=0

# expect CODE WORDS...: runs tcptwin with the words; stdout and stderr stay in $out and $err.
expect() {
  local code=$1 result
  shift
  out=$("${tcptwin}" "$@" 2>"${errors}")
  result=$?
  err=$(<"${errors}")
  if [[ ${result} -ne ${code} ]]; then
    echo "tcptwin $*: exit ${result}, expected ${code}; ${err}"
    failures=$((failures + 1))
  fi
}

# contains TEXT PART WHAT
contains() {
  if [[ $1 != *"$2"* ]]; then
    echo "$3 lacks '$2': $1"
    failures=$((failures + 1))
  fi
}

errors=$(mktemp)
trap 'rm -f "${errors}"' EXIT

expect 0
contains "${out}" "Usage: tcptwin COMMAND" "help"
expect 0 --version
contains "${out}" "revision" "version"
contains "${out}" "libbpf" "version"
expect 0 trace --help
contains "${out}" "--verdict" "help of trace"
expect 2 trace --duratoin 5
contains "${err}" "did you mean --duration?" "message"
contains "${err}" "see tcptwin trace --help" "hint"
expect 2 trcae
for command in life stuck snapshot; do
  expect 0 "${command}" --help
  contains "${out}" "Examples:" "help of ${command}"
done
expect 2 life --closed-by remot
contains "${err}" "did you mean remote?" "message"
expect 2 life --sort byts
expect 2 life --json --csv
expect 2 stuck --close-wait soon
contains "${err}" "--close-wait: 'soon' is not a time" "message"
expect 2 stuck --csv
expect 2 snapshot --state TIME_WIAT
contains "${err}" "did you mean TIME_WAIT?" "message"
expect 2 snapshot --duration 5
expect 2 trace -L 0
expect 2 trace --json --csv
expect 2 record
contains "${err}" "record wants the name of a file" "message"
expect 2 replay
expect 1 replay one two
contains "${err}" "one: No such file" "message"
expect 2 replay ""
expect 2 record --rotate 10 file
contains "${err}" "such as 512K, 64M or 1G" "message"
expect 2 record --rotate 1h,2h file
expect 2 record --keep 3 file
contains "${err}" "--keep wants --rotate" "message"
expect 2 record --rotate 1h -
expect 2 record --anonymise everything file
expect 2 record --from old -L 80 new
contains "${err}" "record --from takes the whole recording" "message"
expect 2 record --from "$0" "$0"
contains "${err}" "into itself" "message"
expect 2 trace --record -
contains "${err}" "tcptwin record -" "hint"
expect 2 trace --from a --record b
expect 2 stuck --from a --buffer-size 1M
expect 2 trace --from a -N example
contains "${err}" "the inode number of a network namespace" "message"
expect 1 replay /nonexistent
contains "${err}" "No such file" "message"
expect 1 replay /
contains "${err}" "Is a directory" "message"
expect 1 life --from /dev/null
contains "${err}" "it is empty" "message"
expect 1 replay "$0"
contains "${err}" "is no recording: it does not begin like one" "message"
contains "${err}" "tcptwin record FILE" "hint"
expect 2 explain nosuchthing
expect 2 explain rst_recieved
contains "${err}" "did you mean rst_received?" "message"
expect 2 explain 'FIN_WAIT2-'
contains "${err}" "quote the arrow" "hint"
expect 2 explain a b c
expect 0 explain
contains "${out}" "close_unread_abort" "list"
for what in l7 L56 close-wait ESTAB new_syn_recv illegal_edge gap fin_received \
  'FIN_WAIT2->TIME_WAIT' 'syn-sent -> closed'; do
  # Unquoted on purpose: two states are two words.
  # shellcheck disable=SC2086
  expect 0 explain ${what}
done

expect 0 explain syn_received
contains "${out}" "(cause)" "syn_received"
expect 0 explain SYN-RECEIVED
contains "${out}" "(state)" "SYN-RECEIVED"

# Every right that is missing is an exit with 77 that says so.
if [[ ${EUID} -eq 0 ]] && command -v setpriv >/dev/null; then
  unprivileged=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
else
  unprivileged=()
fi
# Somebody else may not be able to reach the build directory: then there is nothing to test.
if "${unprivileged[@]}" "${tcptwin}" --version >/dev/null 2>&1; then
  for words in "trace --duration 100ms" "life --duration 100ms" "stuck --duration 100ms" snapshot; do
    # Unquoted on purpose: a command and its options.
    # shellcheck disable=SC2086
    err=$("${unprivileged[@]}" "${tcptwin}" ${words} 2>&1 >/dev/null)
    result=$?
    if [[ ${result} -ne 77 ]]; then
      echo "${words} without rights: exit ${result}, expected 77; ${err}"
      failures=$((failures + 1))
    fi
    contains "${err}" "CAP_BPF" "message of ${words} without rights"
  done
fi

out=$("${tcptwin}" doctor --json)
result=$?
if [[ ${result} -ne 0 && ${result} -ne 77 ]]; then
  echo "doctor: exit ${result}"
  failures=$((failures + 1))
fi
/usr/bin/python3 -W ignore -m jsonschema -i <(printf '%s' "${out}") "${schema}" || failures=$((failures + 1))

# A reader that goes away is no error.
"${tcptwin}" explain | true
if [[ ${PIPESTATUS[0]} -ne 0 ]]; then
  echo "explain into a closed pipe: exit ${PIPESTATUS[0]}"
  failures=$((failures + 1))
fi
exit "$((failures > 0))"
