#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Plants one violation after the other into a copy of the tree and demands that the check in charge
# finds it: a check that cannot fail proves nothing.
set -euo pipefail
readonly root=${1:?usage: $0 TREE}
readonly checks=${root}/tests/lint
copy=$(mktemp -d)
trap 'rm -rf "${copy}"' EXIT
failures=0

copy_tree() {
  (cd "${root}" && tar -c --exclude=./build --exclude=./.git .) | tar -x -C "${copy}"
}

check() {
  if [[ $1 == layering ]]; then
    cmake -DROOT="${copy}" -P "${root}/cmake/CheckLayering.cmake"
  else
    "${checks}/check_$1.sh" "${copy}"
  fi
}

# judge CHECK FILE WHAT: the check must fail and name the file.
judge() {
  local output
  if output=$(check "$1" 2>&1); then
    printf 'FAILED: %s did not see in %s: %.60s\n' "$1" "$2" "$3"
  elif ! grep -qF "$(basename "$2")" <<<"${output}"; then
    printf 'FAILED: %s fails, but does not name %s:\n%s\n' "$1" "$2" "${output}"
  else
    printf 'ok: %s sees in %s: %.60s\n' "$1" "$2" "$3"
    return
  fi
  failures=$((failures + 1))
}

# planted CHECK FILE TEXT: appends the text to the file, which may be new.
planted() {
  local file=${copy}/$2
  mkdir -p "$(dirname "${file}")"
  printf '%b\n' "$3" >>"${file}"
  judge "$@"
  restore "$2"
}

# altered CHECK FILE EXPRESSION: edits the file with sed.
altered() {
  sed -i -E "$3" "${copy}/$2"
  judge "$@"
  restore "$2"
}

restore() {
  if [[ -e ${root}/$1 ]]; then cp "${root}/$1" "${copy}/$1"; else rm "${copy:?}/$1"; fi
}

copy_tree
planted layering userspace/base/planted.h '#include "model/state.h"'
planted layering userspace/model/planted.h '#include "tracker/finding.h"'
planted layering userspace/tracker/planted.cc '#include "tcptwin/wire.h"'
planted layering userspace/tracker/planted.cc '#include <thread>'
planted layering userspace/tracker/planted.cc '#include <sys/socket.h>'
planted layering userspace/model/planted.cc '#include <iostream>'
planted layering userspace/base/planted.cc '#include <bpf/libbpf.h>'
planted layering userspace/tracker/planted.cc 'auto t = std::chrono::steady_clock::now();'
planted layering userspace/sinks/planted.cc '#include "sources/decode.h"'
planted layering userspace/sources/planted.cc '#include "sinks/sink.h"'
planted layering userspace/sources/planted.cc '#include "tcptwin.skel.h"'
planted layering userspace/sinks/planted.cc '#include "tcptwin/wire.h"'
planted layering userspace/sinks/planted.cc '#include <CLI/CLI.hpp>'
planted layering userspace/sinks/planted.cc '#include <bpf/libbpf.h>'
planted layering userspace/sinks/planted.cc '#include "../base/time.h"'
planted layering userspace/fresh/planted.cc 'int x;'

planted format userspace/base/time.h 'int   badly_spaced ;'
planted format tests/unit/base/planted.cc 'int  x;'
planted file_size userspace/base/planted.cc "$(printf '//\\n%.0s' {1..400})"
planted file_size tests/unit/base/planted.cc "$(printf '//\\n%.0s' {1..600})"

planted words docs/planted.md "T""ODO: finish"
planted words bpf/planted.bpf.c '/* SPDX-License-Identifier: MIT */'
planted words userspace/base/planted.cc '// no licence here'
planted words docs/planted.md "see /ho""me/me/notes"
planted words userspace/base/planted.cc "// SPDX-License-Identifier: MIT\n// FIX""ME(me): later"

planted packages packages.txt 'libplanted-dev  build  planted'
planted packages packages.txt 'libplanted-dev  planted'
altered packages README.md '/libfmt-dev/d'
altered packages README.md 's/`iperf3`//'
altered packages README.md 's|\./dev test|./dev check|g'
altered packages .ci/run 's|\./dev test|true|'

altered documents docs/causes-and-divergences.md '/^#.*rst_received/d'
altered documents docs/causes-and-divergences.md '/^#.*L07/d'
altered documents docs/causes-and-divergences.md '/^#.*timer_violation/d'
altered documents README.md 's/--duration//g'
planted documents docs/planted.md '[nowhere](nowhere.md)'

if [[ ${failures} -gt 0 ]]; then
  printf '%d plants were not found\n' "${failures}"
  exit 1
fi
