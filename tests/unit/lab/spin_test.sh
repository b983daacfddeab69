#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPIN walks through the model in Promela; the pairs of states that it reaches are the lab's.
set -euo pipefail
readonly program=${1:?usage: $0 TCPTWIN MODEL} model=${2:?usage: $0 TCPTWIN MODEL}
if ! command -v spin >/dev/null; then
  echo "skipped: spin is not installed (packages.txt)"
  [[ ${CI:-} != true ]] || exit 1
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "${folder}"' EXIT
cp "${model}" "${folder}/tcp.pml"
cd "${folder}"
spin -a tcp.pml
"${CC:-gcc}" -O1 -w -DPRINTF -DSAFETY -DNOREDUCE -DVECTORSZ=512 -o pan pan.c
./pan -m1000000 -E >found
grep -q 'errors: 0' found || { echo "FAILED: SPIN found an error"; tail -30 found; exit 1; }
if grep -q 'Search not completed\|max search depth too small' found; then
  echo "FAILED: SPIN did not walk through everything"
  exit 1
fi

# Both ways round, each pair once.
pairs() { awk '{ if ($1 > $2) print $2, $1; else print $1, $2 }' | sort -u; }
# A verifier prints numbers: SPIN counts an mtype's names from the last one, which is 1.
readarray -t names < <(tr '\n' ' ' <tcp.pml | sed -E 's/.*mtype = \{([^}]*)\}.*/\1/' |
  grep -oE '[a-z_0-9]+' | tac)
sed -nE 's/.*PAIR ([0-9]+) ([0-9]+).*/\1 \2/p' found | sort -u |
  while read -r one other; do echo "${names[one - 1]} ${names[other - 1]}"; done | pairs >of_spin
"${program}" lab verify --json 2>/dev/null |
  python3 -c 'import json, sys; print("\n".join(json.load(sys.stdin)["pairs"]))' | pairs >of_lab
[[ -s of_lab ]] || { echo "FAILED: the lab found no pairs"; exit 1; }
diff of_lab of_spin || { echo "FAILED: the lab (<) and SPIN (>) reach different pairs"; exit 1; }
printf 'ok: %d pairs, %s\n' "$(wc -l <of_spin)" "$(grep -oE '[0-9]+ states, stored' found)"
