#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Seeds for the fuzzers: every recorded record alone, all of them as one stream in the order of
# their times, and the inputs that once broke something (found/, named after what they did).
#   make_seeds.sh FOLDER_OF_RECORDS FOLDER_FOR_SEEDS
set -euo pipefail
readonly records=$1 seeds=$2
found=$(dirname "${BASH_SOURCE[0]}")/found
mkdir -p "${seeds}"
for file in "${records}"/*.hex "${found}"/*.hex; do
  perl -0777 -ne 's/\s//g; print pack("H*", $_)' "${file}" >"${seeds}/$(basename "${file}" .hex)"
done
perl -0777 -ne 's/\s//g; push @records, pack("H*", $_);
  END { print sort { unpack("Q<", $a) <=> unpack("Q<", $b) } @records }' \
  "${records}"/*.hex >"${seeds}/all_in_order_of_time"
