#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh [FOLDER]: makes the dashboards' JSON of the .jsonnet files; without FOLDER anew in built/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=${1:-built}
mkdir -p "${folder}"
for source in *.jsonnet; do
  jsonnet "${source}" >"${folder}/${source%.jsonnet}.json"
done
