/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps and knobs that all programs share. Weak, because every object that is linked into the
 * one skeleton brings its own copy of these definitions.
 */
#ifndef TCPTWIN_MAPS_BPF_H
#define TCPTWIN_MAPS_BPF_H

#include "kernel_types.h"
#include "knobs.h"
#include "tcptwin/wire.h"

const volatile struct tcptwin_knobs knobs __weak = {};

/* The one way out. One ring for all CPUs keeps the records of a socket in their true order: they
 * are made under the socket's lock. User space sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} records __weak SEC(".maps");

struct counter_block {
	__u64 values[TCPTWIN_COUNTERS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counter_block);
} counters __weak SEC(".maps");

/* The state change that state_changes took last on this CPU, and the one that it interrupted there
 * (see state_changes.bpf.c). */
struct change_mark {
	__u64 socket; /* its address; 0: none */
	__u64 states;
};

struct change_marks {
	struct change_mark latest;
	struct change_mark outer;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct change_marks);
} change_marks __weak SEC(".maps");

/* Ports the user asked for. User space sets the size to their number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32); /* enum tcptwin_port_bit */
} port_filter __weak SEC(".maps");

/* Sockets selected by pid or cgroup, by cookie, or by address where there are no cookies. Least
 * recently used ones leave first: a TIME_WAIT outlives its socket, so nothing says when to delete.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} selected_sockets __weak SEC(".maps");

struct listener_key {
	__u32 netns;
	__u32 port;
};

/* Where the selected sockets listen: their children and half-open connections are selected too. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct listener_key);
	__type(value, __u8);
} selected_listeners __weak SEC(".maps");

static __always_inline void count(enum tcptwin_counter which)
{
	__u32 zero = 0;
	struct counter_block *block = bpf_map_lookup_elem(&counters, &zero);

	/* Atomic although per CPU: a softirq may count between our load and our store. */
	if (block)
		__sync_fetch_and_add(&block->values[which], 1);
}

#endif /* TCPTWIN_MAPS_BPF_H */
