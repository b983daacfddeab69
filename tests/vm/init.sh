#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The first and only process tree of a guest (tests/vm/guest.py boots it): mounts, loads the modules,
# runs /plan, tells everything over the second serial port, one line a fact, and powers off. A line
# "GROUP| text" is what a group of tests printed; a line "@ ..." speaks for the guest itself.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
ifconfig lo up
stty -F /dev/ttyS1 raw -echo
exec 3>/dev/ttyS1

tell() { printf '@ %s\n' "$*" >&3; }

while read -r module; do
  insmod "/modules/${module}.ko" || tell "module ${module} refused"
done </modules/order

# What a group prints, line by line.
relay() {
  while IFS= read -r line || [ -n "${line}" ]; do
    printf '%s| %s\n' "$1" "${line}" >&3
  done
}

# run GROUP COMMAND: in its own shell, with its exit code.
run() {
  tell "begin $1"
  { sh -c "$2" 2>&1 </dev/null; echo $? >"/tmp/exit.$1"; } | relay "$1"
  tell "end $1 $(cat "/tmp/exit.$1")"
}

tell "kernel $(uname -r)"
# shellcheck disable=SC1091 # made by tests/vm/initramfs.py
. /environment
# /plan: lines "GROUP COMMAND", one after the other.
while read -r group command; do
  run "${group}" "${command}"
done </plan
tell "done"
sync
poweroff -f
