// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every state change of every TCP socket, with its evidence. The tracepoint fires under the
 * socket's lock and before sk_state is written.
 */
#include "kernel_types.h"
#include "actor.bpf.h"
#include "call_path.bpf.h"
#include "cgroup.bpf.h"
#include "emit.bpf.h"
#include "filter.bpf.h"
#include "read_socket.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Keeps the layouts of all records in this object's BTF, where tests/lint compares them. */
struct wire_layouts {
	struct tcptwin_state_change state_change;
	struct tcptwin_socket_event socket_event;
	struct tcptwin_timer_event timer_event;
	struct tcptwin_socket_accepted socket_accepted;
	struct tcptwin_segment segment;
	struct tcptwin_call_path call_path;
	struct tcptwin_status status;
	struct tcptwin_existing_socket existing_socket;
	struct tcptwin_socket_holder socket_holder;
	struct tcptwin_census census;
	enum tcptwin_record_kind kind;
	enum tcptwin_counter counter;
	enum tcptwin_evidence_flag evidence_flag;
	enum tcptwin_pending_timer pending_timer;
	enum tcptwin_census_phase census_phase;
	enum tcptwin_segment_direction segment_direction;
	enum tcptwin_segment_reason segment_reason;
	enum tcptwin_segment_note segment_note;
};
const volatile struct wire_layouts *const wire_layouts = 0;

static __always_inline bool is_tcp(struct sock *sk)
{
	__u16 protocol = sk->sk_protocol;

	if (protocol == IPPROTO_TCP)
		return true;
	/* An MPTCP master socket has a state graph of its own; its subflows are TCP sockets. */
	count(protocol == IPPROTO_MPTCP ? TCPTWIN_MPTCP_SKIPPED : TCPTWIN_OTHER_PROTOCOL);
	return false;
}

static __always_inline bool acted_by_selected(struct cgroup *cgroup, __u8 context)
{
	if (knobs.filter_pid && (context != TCPTWIN_CONTEXT_PROCESS ||
				 bpf_get_current_pid_tgid() >> 32 != knobs.filter_pid))
		return false;
	return !knobs.filter_cgroup || is_in_cgroup(cgroup, knobs.filter_cgroup);
}

static __always_inline __u32 filter_hints(struct cgroup *cgroup, __u8 context, int old_state,
					  int new_state)
{
	__u32 hints = 0;

	if (new_state == TCP_SYN_RECV ? old_state == TCP_LISTEN : old_state == TCP_SYN_RECV)
		hints |= IS_CHILD;
	else if (old_state == TCP_LISTEN || new_state == TCP_LISTEN)
		hints |= IS_LISTENER;
	if ((knobs.filter_pid || knobs.filter_cgroup) && acted_by_selected(cgroup, context))
		hints |= ACTED_BY_SELECTED;
	return hints;
}

/* Before 6.18 inet_csk_clone_lock() reports a child while it still is a copy of its listener: no
 * peer, and the listener's cookie. Its own one it gets right after. */
static __always_inline bool has_listeners_cookie(const struct tcptwin_socket *socket, int old_state,
						 int new_state)
{
	return old_state == TCP_LISTEN && new_state == TCP_SYN_RECV && socket->remote_port == 0;
}

static __always_inline void record_state_change(void *ctx, struct sock *sk, int old_state,
						int new_state, __u32 nesting)
{
	struct tcptwin_state_change *record;
	struct tcptwin_socket socket = {};
	struct cgroup *cgroup;
	struct tcp_sock *tp;
	__u32 call_path = 0;
	__u8 context;

	if (!is_tcp(sk))
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp) {
		count(TCPTWIN_NOT_TCP_SOCKET);
		return;
	}
	read_full_socket(&socket, sk);
	/* Asked for from the first event on, so that the TIME_WAIT minisocket inherits it. */
	if (has_listeners_cookie(&socket, old_state, new_state))
		socket.cookie = 0;
	else if (knobs.have_cookie)
		socket.cookie = bpf_get_socket_cookie(sk);
	context = execution_context(tp, sk, new_state);
	cgroup = socket_cgroup(sk);
	if (!is_wanted(&socket, filter_hints(cgroup, context, old_state, new_state))) {
		count(TCPTWIN_FILTERED_OUT);
		return;
	}
	if (wants_call_path(tp, sk, old_state, new_state))
		call_path = take_call_path(ctx, nesting);
	record = reserve_record(struct tcptwin_state_change, TCPTWIN_STATE_CHANGE,
				TCPTWIN_LOST_STATE_CHANGE);
	if (!record)
		return;
	record->socket = socket;
	read_evidence(&record->evidence, tp, sk);
	read_actor(&record->actor, sk, context);
	record->cgroup = socket_cgroup_id(sk, cgroup);
	record->call_path = call_path;
	record->old_state = old_state;
	record->new_state = new_state;
	if (nesting)
		record->header.flags = TCPTWIN_FROM_SIDE_PROGRAM;
	submit_record(record);
}

/* The kernel refuses to run a program that is already running on this CPU, and a softirq can
 * interrupt state_changes; on newer kernels (7.2) a whole other process can. A second program
 * follows it on the tracepoint and takes what it was refused. So that each knows of the other,
 * state_changes leaves a mark of what it took, and the second wipes it. Between the two, too,
 * others can come in and change the marks: then a change is recorded twice, and user space drops
 * the second record.
 */
static __always_inline bool is_mark_of(const volatile struct change_mark *mark, struct sock *sk,
				       __u64 states)
{
	return mark->socket == (__u64)sk && mark->states == states;
}

static __always_inline __u64 states_of(int old_state, int new_state)
{
	return (__u64)old_state << 32 | (__u32)new_state;
}

static __always_inline struct change_marks *marks_of_this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&change_marks, &zero);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changes, struct sock *sk, int old_state, int new_state)
{
	volatile struct change_marks *marks = marks_of_this_cpu();

	if (marks) {
		marks->outer.socket = marks->latest.socket;
		marks->outer.states = marks->latest.states;
		marks->latest.socket = (__u64)sk;
		marks->latest.states = states_of(old_state, new_state);
	}
	record_state_change(ctx, sk, old_state, new_state, 0);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changes_nested, struct sock *sk, int old_state, int new_state)
{
	volatile struct change_marks *marks = marks_of_this_cpu();
	__u64 states = states_of(old_state, new_state);

	if (!marks)
		return 0;
	if (is_mark_of(&marks->latest, sk, states)) {
		bool twice = is_mark_of(&marks->outer, sk, states);

		marks->latest.socket = twice ? 0 : marks->outer.socket;
		marks->latest.states = marks->outer.states;
		return 0;
	}
	count(TCPTWIN_SIDE_RECOVERED);
	record_state_change(ctx, sk, old_state, new_state, 1);
	return 0;
}
