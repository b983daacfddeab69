#!/bin/sh
# SPDX-License-Identifier: MIT
# recording.sh FOLDER [OTHER]: makes FOLDER/here.twin, a recording of some scenarios, and tells it with
# the digest of what its replay prints here, for tests/vm/recordings.py on another kernel; then replays
# what another kernel recorded (OTHER.twin) and holds it against what that printed (OTHER.sha256).
# Runs in the guests and, as root, on the host.
set -u
folder=$1
other=${2:-}
scenarios='OrderlyClose.peer_closes_first:OrderlyClose.fins_cross:OrderlyClose.data_both_ways'

fail() {
  echo "FAILED: $1"
  exit 1
}

replayed() { tcptwin replay "$1" --json -x --stack; }

tcptwin trace --json -x --stack --segments --record "${folder}/here.twin" \
  >"${folder}/live.jsonl" 2>"${folder}/live.err" &
tracer=$!
until grep -q '"type":"reconcile"' "${folder}/live.jsonl"; do
  kill -0 "${tracer}" || fail "tcptwin ended: $(cat "${folder}/live.err")"
  sleep 0.1
done
tcptwin_kernel_tests --gtest_filter="${scenarios}" --gtest_brief=1 >"${folder}/tests.out" 2>&1 ||
  fail "$(cat "${folder}/tests.out")"
kill -INT "${tracer}"
wait "${tracer}" || fail "tcptwin: $(cat "${folder}/live.err")"
grep -q '"to":"time_wait"' "${folder}/live.jsonl" || fail "nothing was recorded"
replayed "${folder}/here.twin" >"${folder}/replay.jsonl" 2>"${folder}/replay.err" ||
  fail "$(cat "${folder}/replay.err")"
cmp "${folder}/live.jsonl" "${folder}/replay.jsonl" || fail "the replay says something else"
echo "digest $(sha256sum <"${folder}/replay.jsonl" | cut -d' ' -f1)"
base64 "${folder}/here.twin" | sed 's/^/data /'

[ -n "${other}" ] || exit 0
digest=$(replayed "${other}.twin" 2>"${folder}/other.err" | sha256sum | cut -d' ' -f1)
[ "${digest}" = "$(cat "${other}.sha256")" ] ||
  fail "the other kernel's recording says something else here: $(cat "${folder}/other.err")"
echo "other replayed"
