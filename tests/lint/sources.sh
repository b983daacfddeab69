# SPDX-License-Identifier: MIT
# Read by the checks of this folder: they take the tree to check as their only argument, print one
# line a violation and end with 1 if there was any.
set -euo pipefail
readonly root=${1:?usage: $0 TREE}
cd "${root}"
violations=0

# violation PLACE TEXT: counts and prints one.
violation() {
  printf '%s: %s\n' "$1" "$2"
  violations=$((violations + 1))
}

# All C and C++ sources of the tree.
sources() {
  find userspace include bpf tests -type f \( -name '*.h' -o -name '*.cc' -o -name '*.c' \) \
    2>/dev/null | sort
}

# Everything that is kept in the repository, binary files left out.
texts() {
  find . -type f -not -path './.git/*' -not -path './build/*' -not -path './tests/golden/*' \
    -not -path './recordings/*' | sort
}

# finish WHAT: the closing line and the exit code.
finish() {
  if [[ ${violations} -gt 0 ]]; then
    printf '%d violations: %s\n' "${violations}" "$1"
    exit 1
  fi
  printf 'ok: %s\n' "$1"
}
