#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A file a reader can hold in mind: at most 400 lines; tables and tests 600.
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

limit_of() {
  case $1 in
    tests/* | *_table.cc | *_table.h | *_catalogue.cc | */cause.cc | */linux_dialect.cc) echo 600 ;;
    *) echo 400 ;;
  esac
}

while read -r file; do
  lines=$(wc -l <"${file}")
  limit=$(limit_of "${file}")
  [[ ${lines} -le ${limit} ]] || violation "${file}" "${lines} lines, the limit is ${limit}"
done < <(sources)
finish "no source is longer than 400 lines (tables and tests: 600)"
