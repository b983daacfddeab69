/* SPDX-License-Identifier: MIT */
/*
 * What tcptwin is held against: each state change of a TCP socket counted and nothing else, per
 * CPU; and a program that does nothing, whose cost is the tracepoint's own. For truth.cc.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define PROTOCOL_TCP 6

struct ns_common {
  unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
  struct ns_common ns;
} __attribute__((preserve_access_index));

struct sock {
  struct {
    struct {
      struct net* net;
    } skc_net;
  } __sk_common;
  __u16 sk_protocol;
} __attribute__((preserve_access_index));

const volatile __u32 netns = 0; /* its inode number; 0: all */

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} changes SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(bench_count, struct sock* sk, int old_state, int new_state) {
  __u32 zero = 0;
  __u64* count;

  if (sk->sk_protocol != PROTOCOL_TCP || (netns && sk->__sk_common.skc_net.net->ns.inum != netns))
    return 0;
  count = bpf_map_lookup_elem(&changes, &zero);
  if (count) (*count)++;
  return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(bench_empty, struct sock* sk, int old_state, int new_state) {
  return 0;
}
