/* SPDX-License-Identifier: GPL-2.0-only */
/* The records of a minisocket's and a request socket's life, which both tiers make alike: the timer
 * tracepoints (minisocket_timers.bpf.c) and the hooks on functions (exact.bpf.c). */
#ifndef TCPTWIN_TIMER_EVENTS_BPF_H
#define TCPTWIN_TIMER_EVENTS_BPF_H

#include "emit.bpf.h"
#include "filter.bpf.h"
#include "read_socket.bpf.h"

static __always_inline struct inet_timewait_sock *minisocket_of(struct timer_list *timer)
{
	return (void *)timer - bpf_core_field_offset(struct inet_timewait_sock, tw_timer);
}

static __always_inline struct request_sock *request_of(struct timer_list *timer)
{
	return (void *)timer - bpf_core_field_offset(struct request_sock, rsk_timer);
}

static __always_inline void record_timer(const struct tcptwin_socket *socket,
					 enum tcptwin_record_kind kind, __u8 operation,
					 __u8 header_flags, __u8 timeouts, __u64 listener)
{
	struct tcptwin_timer_event *record;

	if (!is_wanted_beside(socket))
		return;
	record = reserve_record(struct tcptwin_timer_event, kind, TCPTWIN_LOST_TIMER_EVENT);
	if (!record)
		return;
	record->header.flags = header_flags;
	record->socket = *socket;
	record->listener = listener;
	record->operation = operation;
	record->timeouts = timeouts;
	submit_record(record);
}

static __always_inline void read_minisocket(struct tcptwin_socket *out,
					    struct inet_timewait_sock *tw)
{
	struct copied_common copy;

	read_unknown(out, tw, &copy);
	out->kind = TCPTWIN_MINISOCKET;
	out->substate = BPF_CORE_READ(tw, tw_substate);
}

static __always_inline void record_minisocket(struct inet_timewait_sock *tw, __u8 operation,
					      __u8 header_flags)
{
	struct tcptwin_socket socket = {};

	read_minisocket(&socket, tw);
	record_timer(&socket, TCPTWIN_TIME_WAIT_TIMER, operation, header_flags, 0, 0);
}

static __always_inline void record_request(struct request_sock *request, __u8 operation,
					   __u8 header_flags)
{
	struct tcptwin_socket socket = {};
	struct copied_common copy;

	read_unknown(&socket, request, &copy);
	socket.kind = TCPTWIN_REQUEST_SOCKET;
	record_timer(&socket, TCPTWIN_REQUEST_TIMER, operation, header_flags,
		     BPF_CORE_READ_BITFIELD_PROBED(request, num_timeout),
		     (__u64)((struct sock_common *)copy.bytes)->skc_listener);
}

#endif /* TCPTWIN_TIMER_EVENTS_BPF_H */
