#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# packages_test.sh BUILD: makes the packages of a build in BUILD/packages. lintian has nothing to say
# against the .deb, and all three hold the same files.
set -uo pipefail
build=$1
packages=${build}/packages

for tool in cpack dpkg-shlibdeps rpmbuild lintian; do
  command -v "${tool}" >/dev/null && continue
  echo "not installed: ${tool}"
  [[ ${TCPTWIN_REQUIRE_KERNEL_TESTS:-} == 1 ]] && exit 1
  exit 77
done

rm -rf "${packages}"
told=$(cpack --config "${build}/CPackConfig.cmake" -B "${packages}" 2>&1) || {
  echo "${told}"
  exit 1
}

# What differs on purpose (packaging/stage.cmake), and folders.
same_everywhere() {
  sed -E 's|^(\./\|tcptwin-[^/]*/)|/|; s|zsh/vendor-completions|zsh/site-functions|' |
    grep -vE '/$|/\.build-id|/doc/tcptwin/(copyright|changelog.gz|LICENSE)$|/bpf/LICENSE$|/INSTALL$' |
    sort
}
deb=$(dpkg-deb --fsys-tarfile "${packages}"/*.deb | tar -t | same_everywhere)
rpm=$(rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "${packages}"/*.rpm | grep -v '^d' |
  cut -d' ' -f2 | same_everywhere)
archive=$(tar -tf "${packages}"/*.tar.gz | same_everywhere)
rm -rf "${packages}/_CPack_Packages"

# same NAME FILES
same() {
  [[ $2 == "${deb}" ]] && return
  echo "the $1 holds other files than the .deb:"
  diff <(echo "${deb}") <(echo "$2")
  exit 1
}
same .rpm "${rpm}"
same archive "${archive}"

for file in /usr/bin/tcptwin /etc/tcptwin/tcptwin.yaml /usr/lib/systemd/system/tcptwin.service \
  /usr/share/tcptwin/dashboards/prometheus/tcptwin.alerts.yml \
  /usr/share/tcptwin/dashboards/grafana/overview.json \
  /usr/share/tcptwin/dashboards/provisioning/datasources/tcptwin.yaml \
  /usr/share/man/man1/tcptwin-trace.1.gz /usr/share/man/man5/tcptwin.yaml.5.gz; do
  grep -qxF "${file}" <<<"${deb}" || {
    echo "no ${file} in:"
    echo "${deb}"
    exit 1
  }
done

lintian --allow-root --tag-display-limit 0 --fail-on error,warning "${packages}"/*.deb || exit 1
echo "ok: $(wc -l <<<"${deb}") files in each package, and lintian is quiet"
