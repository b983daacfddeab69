/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel call path that led to a state change: it tells causes apart where fields cannot.
 * Costs ten times the rest of a record, so it is taken only where a change looks suspicious, and
 * each distinct path is sent once.
 */
#ifndef TCPTWIN_CALL_PATH_BPF_H
#define TCPTWIN_CALL_PATH_BPF_H

#include "emit.bpf.h"

/* The innermost frames belong to the tracing machinery: the program, bpf_trace_run3 and
 * __bpf_trace_inet_sock_set_state are always there; a reader drops whatever is left of it. */
#define SKIPPED_FRAMES 3

struct call_path_scratch {
	__u64 addresses[TCPTWIN_CALL_PATH_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2); /* one for each of the two state programs, which nest */
	__type(key, __u32);
	__type(value, struct call_path_scratch);
} call_path_scratch __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} sent_call_paths __weak SEC(".maps");

/* The closes that every orderly connection ends with. */
static __always_inline bool is_plain_close(struct tcp_sock *tp, struct sock *sk, int old_state)
{
	if (old_state == TCP_FIN_WAIT2 || old_state == TCP_CLOSING || old_state == TCP_LAST_ACK)
		return sk->sk_err == 0 && tp->snd_una == tp->write_seq;
	return old_state == TCP_LISTEN && sk->sk_shutdown == 3;
}

static __always_inline bool is_usual_pair(int old_state, int new_state)
{
	switch (old_state) {
	case TCP_CLOSE:
		return new_state == TCP_LISTEN || new_state == TCP_SYN_SENT;
	case TCP_LISTEN:
		return new_state == TCP_SYN_RECV;
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return new_state == TCP_ESTABLISHED;
	case TCP_ESTABLISHED:
		return new_state == TCP_FIN_WAIT1 || new_state == TCP_CLOSE_WAIT;
	case TCP_FIN_WAIT1:
		return new_state == TCP_FIN_WAIT2 || new_state == TCP_CLOSING ||
		       new_state == TCP_FIN_WAIT1;
	case TCP_CLOSE_WAIT:
		return new_state == TCP_LAST_ACK;
	case TCP_FIN_WAIT2:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return new_state == old_state; /* close() after shutdown() */
	}
	return false;
}

static __always_inline bool wants_call_path(struct tcp_sock *tp, struct sock *sk, int old_state,
					    int new_state)
{
	if (knobs.call_paths == TCPTWIN_CALL_PATHS_NEVER)
		return false;
	if (knobs.call_paths == TCPTWIN_CALL_PATHS_ALL)
		return true;
	if (new_state == TCP_CLOSE)
		return !is_plain_close(tp, sk, old_state);
	return !is_usual_pair(old_state, new_state);
}

/* Sets to 0 what lies beyond the first softirq: there the stack belongs to whoever was interrupted,
 * on loopback even to the peer of this very connection. */
static __always_inline __u32 cut_at_softirq(struct call_path_scratch *path)
{
	__u32 frames = 0;
	bool beyond = false;
	int i;

#pragma unroll
	for (i = 0; i < TCPTWIN_CALL_PATH_FRAMES; i++) {
		__u64 address = path->addresses[i];

		if (address >= knobs.softirq_begin && address < knobs.softirq_end)
			beyond = true;
		if (beyond)
			path->addresses[i] = 0;
		else if (address)
			frames = i + 1;
	}
	return frames;
}

static __always_inline __u32 path_id(const struct call_path_scratch *path)
{
	__u64 hash = 0;
	int i;

#pragma unroll
	for (i = 0; i < TCPTWIN_CALL_PATH_FRAMES; i++) {
		/* One round of a 64-bit multiplicative hash (Fibonacci constant). */
		hash = (hash ^ path->addresses[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return (__u32)hash ? (__u32)hash : 1;
}

static __always_inline void name_frames(struct tcptwin_call_path *record)
{
	int i;

#pragma unroll
	for (i = 0; i < TCPTWIN_CALL_PATH_FRAMES; i++) {
		__u64 address = record->addresses[i];

		if (!address)
			return;
		if (bpf_snprintf(record->names[i], TCPTWIN_SYMBOL_LENGTH, "%ps", &address,
				 sizeof(address)) < 0)
			count(TCPTWIN_SYMBOL_FAILED);
	}
}

static __always_inline bool send_call_path(const struct call_path_scratch *path, __u32 id,
					   __u32 frames)
{
	struct tcptwin_call_path *record =
		reserve_record(struct tcptwin_call_path, TCPTWIN_CALL_PATH, TCPTWIN_LOST_CALL_PATH);

	if (!record)
		return false;
	record->id = id;
	record->frames = frames;
	__builtin_memcpy(record->addresses, path->addresses, sizeof(record->addresses));
	if (knobs.name_frames && knobs.have_snprintf)
		name_frames(record);
	submit_record(record);
	return true;
}

/* The id of the current call path, 0 if there is none. The path itself is on its way before this
 * returns, and is marked as sent only after that: two CPUs may send it, none may miss it. */
static __always_inline __u32 take_call_path(void *ctx, __u32 nesting)
{
	struct call_path_scratch *path = bpf_map_lookup_elem(&call_path_scratch, &nesting);
	__u32 frames, id;
	__u8 present = 1;

	if (!path)
		return 0;
	__builtin_memset(path, 0, sizeof(*path));
	if (bpf_get_stack(ctx, path->addresses, sizeof(path->addresses), SKIPPED_FRAMES) <= 0)
		return 0;
	frames = cut_at_softirq(path);
	id = path_id(path);
	if (bpf_map_lookup_elem(&sent_call_paths, &id))
		return id;
	if (!send_call_path(path, id, frames))
		return 0;
	bpf_map_update_elem(&sent_call_paths, &id, &present, BPF_ANY);
	return id;
}

#endif /* TCPTWIN_CALL_PATH_BPF_H */
