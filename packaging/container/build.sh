#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh OUTPUT [--own-base]: the image of the last commit as OUTPUT/tcptwin.tar (an OCI archive), and what is in it
# under OUTPUT/rootfs; OUTPUT/storage makes the next build quick. --own-base: no registry is asked; the base is made of Debian's packages, from the
# mirror that this machine's apt uses. What ./dev container calls; needs buildah and root.
set -euo pipefail
output=$(realpath -m "${1:?usage: build.sh OUTPUT [--own-base]}")
base=${2:-}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly image=localhost/tcptwin:latest from=docker.io/library/debian:bookworm-slim
mkdir -p "${output}"

# Nothing is mixed with the images of this machine.
in_storage() {
  local command=$1
  shift
  buildah --root "${output}/storage" --runroot "${output}/run" --storage-driver vfs "${command}" "$@"
}

make_base() {
  mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "${output}/base.tar"
  local container
  container=$(in_storage from scratch)
  in_storage add --quiet "${container}" "${output}/base.tar" / >/dev/null
  in_storage commit --quiet --rm "${container}" "${from}" >/dev/null
  rm "${output}/base.tar"
}

pull=()
if [[ ${base} == --own-base ]]; then
  in_storage inspect --type image "${from}" >/dev/null 2>&1 || make_base
  pull=(--pull-never)
fi
rm -rf "${output}/context" "${output}/rootfs" "${output}/tcptwin.tar"
mkdir "${output}/context"
git archive HEAD | tar -x -C "${output}/context"
in_storage bud --quiet "${pull[@]}" --isolation chroot --network host --layers --tag "${image}" \
  --build-arg REVISION="$(git rev-parse --short=12 HEAD)" \
  --build-arg VERSION="$(sed -nE 's/^project\(tcptwin VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)" \
  --file packaging/container/Containerfile "${output}/context" >/dev/null
in_storage push --quiet "${image}" "oci-archive:${output}/tcptwin.tar:tcptwin"
container=$(in_storage from --pull-never "${image}")
cp -a "$(in_storage mount "${container}")" "${output}/rootfs"
in_storage rm "${container}" >/dev/null
rm -rf "${output}/context"
du -sh "${output}/rootfs" "${output}/tcptwin.tar" >&2
