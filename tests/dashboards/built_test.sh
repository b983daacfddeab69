#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# built_test.sh TREE: the dashboards' JSON is what their jsonnet makes, and the jsonnet is formatted.
set -euo pipefail
cd "$1/dashboards/grafana"
made=$(mktemp -d)
trap 'rm -rf "${made}" "${made}.differences"' EXIT

jsonnetfmt -n 2 --test ./*.jsonnet lib/*.libsonnet ||
  { echo "not formatted: jsonnetfmt -n 2 -i dashboards/grafana/*.jsonnet dashboards/grafana/lib/*.libsonnet"; exit 1; }
./build.sh "${made}"
diff -r "${made}" built >"${made}.differences" || {
  head -n 40 "${made}.differences"; echo "made anew by: dashboards/grafana/build.sh"; exit 1; }

# What is compared is compared: a changed line is seen.
sed -i '0,/"title"/s//"titel"/' "${made}/overview.json"
if diff -rq "${made}" built >/dev/null; then
  echo "a planted difference was not found"
  exit 1
fi
echo "ok: $(find built -name '*.json' | wc -l) dashboards are what their jsonnet makes"
