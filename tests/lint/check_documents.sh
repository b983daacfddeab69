#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every cause, dialect id and divergence kind has its own section in docs/, every command and option
# is in the README, and every link from one document of the tree to another leads somewhere.
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"
readonly catalogue=docs/causes-and-divergences.md

headings() { grep -E '^#{2,4} ' "${catalogue}" || true; }

# need KIND NAME: a heading that names it.
need() {
  grep -qE "(^|[^A-Za-z0-9_])$2([^A-Za-z0-9_]|\$)" <<<"${all_headings}" ||
    violation "${catalogue}" "no section for the $1 $2"
}

# The enumerators of `enum class NAME` in FILE.
enumerators() {
  sed -n "/^enum class $1 /,/^};/p" "$2" | grep -oE '^ +[A-Z][A-Za-z0-9]*' | tr -d ' '
}
snake_case() { sed -E 's/([a-z0-9])([A-Z])/\1_\2/g' | tr '[:upper:]' '[:lower:]'; }

if [[ -e ${catalogue} ]]; then
  all_headings=$(headings)
  while read -r cause; do need cause "${cause}"; done \
    < <(enumerators Cause userspace/model/cause.h | snake_case)
  while read -r kind; do need "divergence kind" "${kind}"; done \
    < <(enumerators DivergenceKind userspace/model/verdict.h | snake_case)
  count=$(grep -oE 'kDialectCount = [0-9]+' userspace/model/linux_dialect.h | grep -oE '[0-9]+$')
  for ((number = 1; number <= count; number++)); do
    need "dialect row" "$(printf 'L%02d' "${number}")"
  done
else
  violation "${catalogue}" "does not exist"
fi

readonly commands=userspace/commands/command_table.cc
readonly tables=("${commands}" userspace/commands/serve_rows.h)
while read -r option; do
  grep -qE -- "--${option}([^a-z-]|\$)" README.md || violation README.md "no word about --${option}"
done < <(cat "${tables[@]}" | tr '\n' ' ' | sed 's/OptionRow{/\n&/g' | grep -v 'Visibility::Hidden' |
  sed -nE 's/^OptionRow\{[^,]*, "([a-z0-9-]+)".*/\1/p' | sort -u)
while read -r command; do
  grep -qF "tcptwin ${command}" README.md || violation README.md "no word about tcptwin ${command}"
done < <(sed -nE 's/.*CommandRow\{"([a-z]+)".*/\1/p' "${commands}")

while IFS=: read -r document link; do
  target=$(dirname "${document}")/${link%%#*}
  [[ -e ${target} ]] || violation "${document}" "links to ${link}, which does not exist"
done < <(find . -name '*.md' -not -path './build/*' -not -path './.git/*' -print0 |
  xargs -0 grep -oHE '\]\([^)#:][^):]*\)' | sed -E 's/:\]\(/:/; s/\)$//')
finish "every label has its section, every option its word in the README, every link its target"
