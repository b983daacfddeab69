#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The README lists exactly the packages of packages.txt that are installed always, names those that
# are not, and shows the commands that CI runs.
source "$(dirname "${BASH_SOURCE[0]}")/sources.sh"

# The README's list is the first code block after the line that names packages.txt.
listed() {
  awk '/packages\.txt/ { near = 1 }
       near && /^```/ { if (inside) exit; inside = 1; next }
       inside { gsub(/\\/, ""); print }' README.md |
    tr -s ' ' '\n' | grep -vE '^(apt-get|apt|install|sudo|-.*|)$' | sort
}
needed() {
  awk '$1 !~ /^#/ && NF && $2 !~ /^(programs|package|kernels|container|bench|node|pictures)$/ { print $1 }' packages.txt | sort
}
at_choice() {
  awk '$1 !~ /^#/ && $2 ~ /^(programs|package|kernels|container|bench|node|pictures)$/ { print $1 }' packages.txt
}

while read -r package; do
  violation README.md "lists ${package}, packages.txt does not"
done < <(comm -23 <(listed) <(needed))
while read -r package; do
  violation packages.txt "lists ${package}, README.md does not"
done < <(comm -13 <(listed) <(needed))
while read -r package; do
  grep -qF "\`${package}\`" README.md || violation README.md "does not name ${package}"
done < <(at_choice)
while read -r line; do
  violation packages.txt "not 'package use why': ${line}"
done < <(awk '$1 !~ /^#/ && NF && ($2 !~ /^(build|test|programs|package|kernels|container|bench|node|pictures)$/ || NF < 3)' packages.txt)
for command in './dev run' './dev test'; do
  grep -qF "${command}" README.md || violation README.md "does not show '${command}'"
done
grep -qF './dev test' .ci/run || violation .ci/run "does not run the README's './dev test'"
finish "README.md, packages.txt and .ci/run agree"
