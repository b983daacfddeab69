#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh FOLDER DASHBOARD...: installs what check.mjs needs into FOLDER, once, and runs it there. Exits with 77
# where there is no npm, or no registry; in CI (CI=true) that is a failure.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$1
shift

# cannot WHY
cannot() {
  printf 'the dashboards are not checked against Grafana: %s\n' "$1"
  if [[ ${CI:-} == true ]]; then exit 1; fi
  exit 77
}

if ! command -v npm >/dev/null; then
  cannot "npm is missing (Debian package npm; './dev test --programs' installs it)"
fi
mkdir -p "${folder}"
if ! cmp -s "${here}/package-lock.json" "${folder}/node_modules/installed.json"; then
  cp "${here}/package.json" "${here}/package-lock.json" "${folder}/"
  (cd "${folder}" && npm ci --no-audit --no-fund --ignore-scripts >install.log 2>&1) ||
    cannot "npm could not install; see ${folder}/install.log"
  cp "${here}/package-lock.json" "${folder}/node_modules/installed.json"
fi
cp "${here}"/*.mjs "${folder}/"
cd "${folder}"
exec node check.mjs "$@"
