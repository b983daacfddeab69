// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timers of TIME_WAIT minisockets and of request sockets. Their start, end and expiry show both
 * objects' lives exactly, which no TCP tracepoint does. The timer tracepoints fire for every timer
 * of the machine, so the comparison of the timer's function comes first. Where the kernel permits
 * the programs of exact.bpf.c, they take this one's place.
 */
#include "kernel_types.h"
#include "emit.bpf.h"
#include "timer_events.bpf.h"

char LICENSE[] SEC("license") = "GPL";

enum timer_kind {
	OTHER_TIMER = 1,
	TIME_WAIT_TIMER = 2,
	REQUEST_TIMER = 3,
};

/* What the timer functions seen so far are; used where kallsyms hides their addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32);
} timer_functions SEC(".maps");

#define NAME_LENGTH 20 /* of the longer name, with its NUL */

static __always_inline bool is_named(const char *name, const char *wanted)
{
	char difference = 0;
	int i;

#pragma unroll
	for (i = 0; i < NAME_LENGTH; i++)
		difference |= name[i] ^ wanted[i];
	return !difference;
}

/* Asks the kernel for the function's name, once a function. */
static __always_inline __u32 learn_timer_kind(__u64 function)
{
	const char time_wait[NAME_LENGTH] = "tw_timer_handler";
	const char request[NAME_LENGTH] = "reqsk_timer_handler";
	char name[2 * NAME_LENGTH] = {};
	__u32 kind = OTHER_TIMER;

	if (bpf_snprintf(name, sizeof(name), "%ps", &function, sizeof(function)) < 0)
		count(TCPTWIN_SYMBOL_FAILED);
	else if (is_named(name, time_wait))
		kind = TIME_WAIT_TIMER;
	else if (is_named(name, request))
		kind = REQUEST_TIMER;
	bpf_map_update_elem(&timer_functions, &function, &kind, BPF_ANY);
	return kind;
}

static __always_inline __u32 timer_kind(struct timer_list *timer)
{
	__u64 function = (__u64)timer->function;
	__u32 *known;

	if (knobs.time_wait_handler && knobs.request_handler) {
		if (function == knobs.time_wait_handler)
			return TIME_WAIT_TIMER;
		return function == knobs.request_handler ? REQUEST_TIMER : OTHER_TIMER;
	}
	known = bpf_map_lookup_elem(&timer_functions, &function);
	if (known)
		return *known;
	return knobs.have_snprintf ? learn_timer_kind(function) : OTHER_TIMER;
}

static __always_inline int on_timer(struct timer_list *timer, __u8 operation)
{
	__u32 kind = timer_kind(timer);

	if (kind == TIME_WAIT_TIMER && knobs.minisocket_timers)
		record_minisocket(minisocket_of(timer), operation, 0);
	else if (kind == REQUEST_TIMER && knobs.request_timers)
		record_request(request_of(timer), operation, 0);
	return 0;
}

SEC("tp_btf/timer_start")
int BPF_PROG(timers_started, struct timer_list *timer)
{
	return on_timer(timer, TCPTWIN_TIMER_START);
}

SEC("tp_btf/timer_cancel")
int BPF_PROG(timers_cancelled, struct timer_list *timer)
{
	return on_timer(timer, TCPTWIN_TIMER_CANCEL);
}

SEC("tp_btf/timer_expire_entry")
int BPF_PROG(timers_expired, struct timer_list *timer)
{
	return on_timer(timer, TCPTWIN_TIMER_EXPIRE);
}
