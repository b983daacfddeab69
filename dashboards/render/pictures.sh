#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pictures.sh METRICS FOLDER PICTURES [NAME...]: draws the dashboards, or those named, into PICTURES with Grafana's
# runtime, against a Prometheus that holds the hour history.py makes up of METRICS. FOLDER keeps what npm installs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
metrics=$(realpath "$1")
mkdir -p "$2" "$3"
folder=$(realpath "$2")
pictures=$(realpath "$3")
shift 3
readonly end=1790000400 # always the same hour, so that pictures can be compared
readonly address=127.0.0.1:19293

say() { printf 'dashboards: %s\n' "$*" >&2; }

install_page() {
  if ! cmp -s "${here}/package-lock.json" "${folder}/node_modules/installed.json"; then
    say "npm installs Grafana's runtime (700 MB, once)"
    cp "${here}/package.json" "${here}/package-lock.json" "${folder}/"
    (cd "${folder}" && npm ci --legacy-peer-deps --no-audit --no-fund --ignore-scripts >install.log 2>&1) ||
      { say "npm could not install; see ${folder}/install.log"; exit 1; }
    cp "${here}/package-lock.json" "${folder}/node_modules/installed.json"
  fi
  cp "${here}"/*.{mjs,js,jsx,html} "${folder}/"
  if [[ $(cat "${here}"/*.{mjs,js,jsx,html} | sha256sum) != $(cat "${folder}/page/made" 2>/dev/null) ]]; then
    say "puts the page together"
    (cd "${folder}" && npx vite build --outDir page >build.log 2>&1) ||
      { say "vite failed; see ${folder}/build.log"; exit 1; }
    cat "${here}"/*.{mjs,js,jsx,html} | sha256sum >"${folder}/page/made"
  fi
}

make_history() {
  rm -rf "${folder}/tsdb"
  /usr/bin/python3 "${here}/history.py" "${metrics}" "${end}" >"${folder}/history.om"
  promtool tsdb create-blocks-from openmetrics "${folder}/history.om" "${folder}/tsdb" >/dev/null
  rm "${folder}/history.om"
  : >"${folder}/prometheus.yml"
}

say "makes up an hour of five hosts"
make_history
install_page
prometheus --config.file="${folder}/prometheus.yml" --storage.tsdb.path="${folder}/tsdb" \
  --storage.tsdb.retention.time=100y --web.listen-address="${address}" >"${folder}/prometheus.log" 2>&1 &
trap 'kill $!; wait $! || true' EXIT
mkdir -p "${folder}/drawn"
(cd "${folder}" && node render.mjs page "${here}/../grafana/built" drawn "http://${address}" "${end}" "$@")
for picture in "${folder}"/drawn/*.png; do
  pngquant --force --speed 1 --strip --output "${pictures}/$(basename "${picture}")" 128 "${picture}"
done
rm -r "${folder}/drawn"
say "drawn into ${pictures}"
