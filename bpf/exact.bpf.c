// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lives of minisockets and request sockets, and accept(), from the kernel's own functions: the
 * exact tier. It makes the records of minisocket_timers.bpf.c without looking at every timer of the
 * machine; program_plan.h says what each program needs. A timer that expires or is set again shows
 * no cancellation here: an expiry is the end unless a start follows.
 */
#include "kernel_types.h"
#include "actor.bpf.h"
#include "cgroup.bpf.h"
#include "timer_events.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* enum tcp_tw_status in include/net/tcp.h: the segment is answered with a RST. */
#define TCP_TW_RST 1

/* The minisocket whose timer's function runs on this CPU; it ends in there. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} expiring SEC(".maps");

/* The verifier wants the offset into a context in the instruction; clang would add it up. */
#define CONTEXT_WORD(ctx, offset)                                                                  \
	({                                                                                         \
		__u64 word;                                                                        \
		asm volatile("%0 = *(u64 *)(%1 + " #offset ")" : "=r"(word) : "r"(ctx));           \
		word;                                                                              \
	})

/* What a function returned lies behind its arguments, whose number differs between kernels. */
static __always_inline __u64 returned(unsigned long long *ctx, __u8 arguments)
{
	if (arguments == 2)
		return CONTEXT_WORD(ctx, 16);
	if (arguments == 3)
		return CONTEXT_WORD(ctx, 24);
	if (arguments == 4)
		return CONTEXT_WORD(ctx, 32);
	return 0;
}

static __always_inline bool is_pending(struct timer_list *timer)
{
	return BPF_CORE_READ(timer, entry.pprev) != NULL;
}

SEC("fentry/inet_twsk_hashdance_schedule")
int BPF_PROG(minisockets_started, struct inet_timewait_sock *tw)
{
	record_minisocket(tw, TCPTWIN_TIMER_START, TCPTWIN_FROM_FUNCTION);
	return 0;
}

/* Starts the timer before 6.10, and sets it again on every kernel; only one that is pending. */
SEC("fentry/__inet_twsk_schedule")
int BPF_PROG(minisockets_scheduled, struct inet_timewait_sock *tw, int timeout, int rearm)
{
	/* A bool: the upper part of its register means nothing. */
	if (rearm & 0xff ? !is_pending(&tw->tw_timer) : knobs.hashdance_schedules)
		return 0;
	record_minisocket(tw, TCPTWIN_TIMER_START, TCPTWIN_FROM_FUNCTION);
	return 0;
}

SEC("fentry/tw_timer_handler")
int BPF_PROG(minisockets_expired, struct timer_list *timer)
{
	struct inet_timewait_sock *tw = minisocket_of(timer);
	__u32 zero = 0;
	__u64 *here = bpf_map_lookup_elem(&expiring, &zero);

	if (here)
		*here = (__u64)tw;
	record_minisocket(tw, TCPTWIN_TIMER_EXPIRE, TCPTWIN_FROM_FUNCTION);
	return 0;
}

/* The one function that every minisocket ends in. */
SEC("fentry/inet_twsk_kill")
int BPF_PROG(minisockets_killed, struct inet_timewait_sock *tw)
{
	__u32 zero = 0;
	__u64 *here = bpf_map_lookup_elem(&expiring, &zero);

	if (here && *here == (__u64)tw) {
		*here = 0;
		return 0;
	}
	record_minisocket(tw, TCPTWIN_TIMER_CANCEL, TCPTWIN_FROM_FUNCTION);
	return 0;
}

/* Before 6.11 nothing else shows what reached a minisocket, before 6.10 not even a RST that answers
 * it. A minisocket that a RST ended is still readable: its slab's memory stays what it is, and no
 * other CPU has got it yet. */
SEC("fexit/tcp_timewait_state_process")
int BPF_PROG(segments_at_minisockets, struct inet_timewait_sock *tw, struct sk_buff *skb)
{
	__u32 answer = (__u32)returned(ctx, knobs.timewait_arguments);
	__u8 flags = segment_flags(skb);
	struct tcptwin_socket_event *record;
	struct tcptwin_socket socket = {};
	enum tcptwin_record_kind kind = TCPTWIN_MINISOCKET_SEGMENT;

	if (answer == TCP_TW_RST && !knobs.have_reason)
		kind = TCPTWIN_RESET_SENT;
	else if (!(flags & (TCPTWIN_SEGMENT_FIN | TCPTWIN_SEGMENT_RST)))
		return 0;
	read_minisocket(&socket, tw);
	if (!is_wanted_beside(&socket))
		return 0;
	record = reserve_record(struct tcptwin_socket_event, kind, TCPTWIN_LOST_SOCKET_EVENT);
	if (!record)
		return 0;
	record->header.flags = TCPTWIN_FROM_FUNCTION;
	record->socket = socket;
	record->has_segment = kind == TCPTWIN_RESET_SENT;
	record->segment_flags = flags;
	submit_record(record);
	return 0;
}

/* Newer kernels find out here whether another socket has the addresses already, and say so. */
SEC("fexit/inet_csk_reqsk_queue_hash_add")
int BPF_PROG(requests_added, struct sock *listener, struct request_sock *request)
{
	if (knobs.hash_add_arguments && !(returned(ctx, knobs.hash_add_arguments) & 0xff))
		return 0;
	record_request(request, TCPTWIN_TIMER_START, TCPTWIN_FROM_FUNCTION);
	return 0;
}

SEC("fentry/reqsk_timer_handler")
int BPF_PROG(requests_expired, struct timer_list *timer)
{
	record_request(request_of(timer), TCPTWIN_TIMER_EXPIRE, TCPTWIN_FROM_FUNCTION);
	return 0;
}

/* The SYN+ACK was sent again, and its timer set again; otherwise this was the end. */
SEC("fexit/reqsk_timer_handler")
int BPF_PROG(requests_kept, struct timer_list *timer)
{
	if (is_pending(timer))
		record_request(request_of(timer), TCPTWIN_TIMER_START, TCPTWIN_FROM_FUNCTION);
	return 0;
}

/* The listener is gone and another one takes its half-open connections over (5.14): a copy of the
 * request goes into the place of the old one. */
SEC("fentry/inet_ehash_insert")
int BPF_PROG(requests_migrated, struct sock *sk, struct sock *old)
{
	if (!old || sk->__sk_common.skc_state != TCP_NEW_SYN_RECV)
		return 0;
	record_request((struct request_sock *)sk, TCPTWIN_TIMER_START, TCPTWIN_FROM_FUNCTION);
	return 0;
}

/* Also called for a request that became a child, and for one that others dropped already. */
SEC("fentry/__inet_csk_reqsk_queue_drop")
int BPF_PROG(requests_dropped, struct sock *listener, struct request_sock *request)
{
	if (is_pending(&request->rsk_timer))
		record_request(request, TCPTWIN_TIMER_CANCEL, TCPTWIN_FROM_FUNCTION);
	return 0;
}

/* Whoever calls accept() acts on the connection that it gets. */
static __always_inline bool accepted_by_selected(struct sock *sk)
{
	if (!knobs.filter_pid && !knobs.filter_cgroup)
		return false;
	if (knobs.filter_pid && bpf_get_current_pid_tgid() >> 32 != knobs.filter_pid)
		return false;
	return !knobs.filter_cgroup || is_in_cgroup(socket_cgroup(sk), knobs.filter_cgroup);
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(accepted, struct sock *listener)
{
	struct sock *sk = (struct sock *)returned(ctx, knobs.accept_arguments);
	struct tcptwin_socket_accepted *record;
	struct tcptwin_socket socket = {};

	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	read_full_socket(&socket, sk);
	if (knobs.have_cookie)
		socket.cookie = bpf_get_socket_cookie(sk);
	if (!is_wanted(&socket, accepted_by_selected(sk) ? ACTED_BY_SELECTED : 0))
		return 0;
	record = reserve_record(struct tcptwin_socket_accepted, TCPTWIN_SOCKET_ACCEPTED,
				TCPTWIN_LOST_SOCKET_EVENT);
	if (!record)
		return 0;
	record->header.flags = TCPTWIN_FROM_FUNCTION;
	record->socket = socket;
	read_actor(&record->actor, sk, TCPTWIN_CONTEXT_PROCESS);
	submit_record(record);
	return 0;
}
