#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What must not be in any file: paths of one machine, notes to oneself, leftovers of debugging.
# And what must be in every source: its licence.
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

# Each word is written with a bracket, so that this file does not contain it.
readonly forbidden='[T]ODO|[F]IXME *\(|[X]XX:|[b]pf_printk *\(|(^|[^a-zA-Z0-9_.])/([w]ork|[h]ome|[r]oot)/'

while IFS= read -r hit; do
  violation "${hit%%:*}" "${hit#*:}"
done < <(texts | xargs grep -InE "${forbidden}" | cut -c1-160 || true)

licence_of() {
  case $1 in
    bpf/knobs.h | include/tcptwin/wire.h) echo 'MIT OR GPL-2.0-only' ;; # both sides read them
    bpf/*) echo 'GPL-2.0-only' ;;
    *) echo 'MIT' ;;
  esac
}
while read -r file; do
  head -n 1 "${file}" | grep -qE "SPDX-License-Identifier: $(licence_of "${file}")( \*/)?\$" ||
    violation "${file}" "the first line must be: SPDX-License-Identifier: $(licence_of "${file}")"
done < <(sources)
finish "no forbidden words, every source names its licence"
