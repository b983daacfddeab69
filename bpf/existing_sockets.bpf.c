// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every TCP socket of one network namespace as the kernel's own tables hold it: listeners, full
 * sockets, minisockets, request sockets. An iterator: user space reads the records from a
 * descriptor, the ring buffer takes no part. It lists the namespace of whoever opened that.
 */
#include "kernel_types.h"
#include "cgroup.bpf.h"
#include "filter.bpf.h"
#include "read_socket.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define NSEC_PER_USEC 1000

/* A value of icsk_pending, include/net/inet_connection_sock.h. The others are ways to retransmit
 * (time-out, tail loss probe, reordering), and `ss -o` calls them all "on". */
#define ICSK_TIME_PROBE0 3

static __always_inline void set_timer(struct tcptwin_existing_socket *out, __u8 timer,
				      unsigned long expires)
{
	if (!knobs.ns_per_jiffy)
		return;
	out->timer = timer;
	out->timer_ns = (__s64)(expires - bpf_jiffies64()) * (__s64)knobs.ns_per_jiffy;
}

static __always_inline unsigned long retransmit_expires(struct tcp_sock *tp, struct sock *sk)
{
	if (bpf_core_field_exists(tp->inet_conn.icsk_timeout))
		return tp->inet_conn.icsk_timeout;
	if (bpf_core_field_exists(tp->inet_conn.icsk_retransmit_timer))
		return tp->inet_conn.icsk_retransmit_timer.expires;
	if (bpf_core_field_exists(sk->tcp_retransmit_timer))
		return sk->tcp_retransmit_timer.expires;
	return 0;
}

/* Also the timer of a FIN_WAIT2 that is no minisocket yet. */
static __always_inline void read_keepalive(struct tcptwin_existing_socket *out, struct tcp_sock *tp,
					   struct sock *sk)
{
	if (bpf_core_field_exists(tp->inet_conn.icsk_keepalive_timer)) {
		if (tp->inet_conn.icsk_keepalive_timer.entry.pprev)
			set_timer(out, TCPTWIN_TIMER_KEEPALIVE,
				  tp->inet_conn.icsk_keepalive_timer.expires);
	} else if (sk->sk_timer.entry.pprev) {
		set_timer(out, TCPTWIN_TIMER_KEEPALIVE, sk->sk_timer.expires);
	}
}

/* In the order of `ss -o` (inet_sk_diag_fill): the retransmit timer hides the keepalive timer. */
static __always_inline void read_timer(struct tcptwin_existing_socket *out, struct tcp_sock *tp,
				       struct sock *sk)
{
	__u8 pending = tp->inet_conn.icsk_pending;

	if (pending)
		set_timer(out,
			  pending == ICSK_TIME_PROBE0 ? TCPTWIN_TIMER_PROBE
						      : TCPTWIN_TIMER_RETRANSMIT,
			  retransmit_expires(tp, sk));
	else
		read_keepalive(out, tp, sk);
}

static __always_inline void read_listener(struct tcptwin_existing_socket *out, struct tcp_sock *tp,
					  struct sock *sk)
{
	out->receive_queue = sk->sk_ack_backlog;
	out->send_queue = sk->sk_max_ack_backlog;
	out->half_open = tp->inet_conn.icsk_accept_queue.qlen.counter;
	out->young = tp->inet_conn.icsk_accept_queue.young.counter;
	if (bpf_core_field_exists(sk->sk_drops.counter))
		out->drops = sk->sk_drops.counter;
}

/* As `ss` counts them: a FIN is one byte of a queue, too. */
static __always_inline void read_queues(struct tcptwin_existing_socket *out, struct tcp_sock *tp)
{
	__s32 unread = tp->rcv_nxt - tp->copied_seq;

	out->receive_queue = unread > 0 ? unread : 0;
	out->send_queue = tp->write_seq - tp->snd_una;
}

/* The number in "socket:[12345]". A socket and its inode are one object, struct socket_alloc. */
static __always_inline __u64 file_inode(struct socket *socket)
{
	struct inode *inode;

	if (!socket)
		return 0;
	inode = (void *)socket - bpf_core_field_offset(struct socket_alloc, socket) +
		bpf_core_field_offset(struct socket_alloc, vfs_inode);
	return BPF_CORE_READ(inode, i_ino);
}

static __always_inline __u32 filter_hints(struct sock *sk, struct cgroup *cgroup)
{
	__u32 hints = 0;

	if (sk->__sk_common.skc_state == TCP_LISTEN)
		hints |= IS_LISTENER;
	else if (!sk->sk_socket && !(sk->__sk_common.skc_flags & (1ul << SOCK_DEAD)))
		hints |= IS_CHILD; /* nobody has accepted it yet */
	/* Whether filter_pid holds it, socket_holders has found out before. */
	if (knobs.filter_cgroup && !knobs.filter_pid && is_in_cgroup(cgroup, knobs.filter_cgroup))
		hints |= ACTED_BY_SELECTED;
	return hints;
}

static __always_inline bool read_tcp_sock(struct tcptwin_existing_socket *out, struct tcp_sock *tp)
{
	struct sock *sk = (struct sock *)tp;
	struct cgroup *cgroup = socket_cgroup(sk);

	out->socket.kind = TCPTWIN_FULL_SOCKET;
	if (!is_wanted(&out->socket, filter_hints(sk, cgroup)))
		return false;
	read_evidence(&out->evidence, tp, sk);
	out->cgroup = socket_cgroup_id(sk, cgroup);
	out->inode = file_inode(sk->sk_socket);
	out->uid = sk->sk_uid.val;
	if (out->socket.state == TCP_LISTEN) {
		read_listener(out, tp, sk);
		return true;
	}
	out->last_segment_ns = tp->tcp_mstamp * NSEC_PER_USEC;
	read_queues(out, tp);
	read_timer(out, tp, sk);
	return true;
}

static __always_inline bool read_minisocket(struct tcptwin_existing_socket *out,
					    struct inet_timewait_sock *tw)
{
	out->socket.kind = TCPTWIN_MINISOCKET;
	out->socket.substate = BPF_CORE_READ(tw, tw_substate);
	if (!is_wanted(&out->socket, 0))
		return false;
	set_timer(out, TCPTWIN_TIMER_TIME_WAIT, BPF_CORE_READ(tw, tw_timer.expires));
	return true;
}

static __always_inline bool read_request(struct tcptwin_existing_socket *out,
					 struct request_sock *request)
{
	struct sock *listener = BPF_CORE_READ(request, __req_common.skc_listener);

	out->socket.kind = TCPTWIN_REQUEST_SOCKET;
	if (!is_wanted(&out->socket, 0))
		return false;
	out->listener = (__u64)listener;
	out->uid = BPF_CORE_READ(listener, sk_uid.val);
	out->timeouts = BPF_CORE_READ_BITFIELD_PROBED(request, num_timeout);
	out->began_ns =
		BPF_CORE_READ((struct tcp_request_sock *)request, snt_synack) * NSEC_PER_USEC;
	set_timer(out, TCPTWIN_TIMER_RETRANSMIT, BPF_CORE_READ(request, rsk_timer.expires));
	return true;
}

static __always_inline bool read_existing(struct tcptwin_existing_socket *out,
					  struct sock_common *common)
{
	struct tcp_sock *tp;

	out->header.time_ns = bpf_ktime_get_ns();
	read_common(DIRECT, &out->socket, common);
	out->socket.address = (__u64)common;
	/* A socket that had no cookie gets one now, and what becomes of it carries the same. */
	if (knobs.have_cookie)
		out->socket.cookie = bpf_get_socket_cookie(common);
	if (out->socket.state == TCP_TIME_WAIT)
		return read_minisocket(out, (struct inet_timewait_sock *)common);
	if (out->socket.state == TCP_NEW_SYN_RECV)
		return read_request(out, (struct request_sock *)common);
	/* Not the sockets of other protocols, and no socket that has been closed meanwhile. */
	tp = bpf_skc_to_tcp_sock(common);
	return tp && out->socket.state != TCP_CLOSE && read_tcp_sock(out, tp);
}

SEC("iter/tcp")
int existing_sockets(struct bpf_iter__tcp *ctx)
{
	struct tcptwin_existing_socket record = {};
	struct sock_common *common = ctx->sk_common;

	if (!common || !read_existing(&record, common))
		return 0;
	record.header.kind = TCPTWIN_EXISTING_SOCKET;
	record.header.size = sizeof(record);
	record.header.cpu = bpf_get_smp_processor_id();
	record.header.version = TCPTWIN_WIRE_VERSION;
	/* Where it does not fit any more, the kernel asks us again about this socket. */
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
