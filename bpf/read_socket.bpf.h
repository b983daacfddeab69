/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From kernel objects to the fields of wire.h. Never reads beyond sock_common unless it is told
 * that the object is a full socket: minisockets and request sockets are shorter.
 */
#ifndef TCPTWIN_READ_SOCKET_BPF_H
#define TCPTWIN_READ_SOCKET_BPF_H

#include "maps.bpf.h"

/* A pointer that the verifier knows by its BTF type is loaded from directly, which costs next to
 * nothing; any other address needs bpf_probe_read_kernel. */
enum access {
	DIRECT,
	PROBED,
};
#define FIELD(how, object, field) ((how) == PROBED ? BPF_CORE_READ(object, field) : (object)->field)

static __always_inline void read_in6(__u8 *out, struct in6_addr *address)
{
	__u32 *words = (__u32 *)out;

	words[0] = address->in6_u.u6_addr32[0];
	words[1] = address->in6_u.u6_addr32[1];
	words[2] = address->in6_u.u6_addr32[2];
	words[3] = address->in6_u.u6_addr32[3];
}

static __always_inline void read_netns(enum access how, struct tcptwin_socket *out, struct net *net)
{
	if (!net)
		return;
	out->netns = FIELD(how, net, ns.inum);
	if (bpf_core_field_exists(net->net_cookie))
		out->netns_cookie = FIELD(how, net, net_cookie);
}

/* What full sockets, minisockets and request sockets have in common. `common` can be loaded from;
 * `how` says whether what it points to can be, too. */
static __always_inline void read_common(enum access how, struct tcptwin_socket *out,
					struct sock_common *common)
{
	/* Where programs cannot ask for a cookie, ss can give one at any moment, and a socket would
	 * change its identity in the middle of its life. */
	if (knobs.have_cookie)
		out->cookie = common->skc_cookie.counter;
	out->family = common->skc_family;
	out->state = common->skc_state;
	out->local_port = common->skc_num;
	out->remote_port = bpf_ntohs(common->skc_dport);
	read_netns(how, out, common->skc_net.net);
	if (out->family == AF_INET) {
		*(__u32 *)out->local_address = common->skc_rcv_saddr;
		*(__u32 *)out->remote_address = common->skc_daddr;
	} else if (bpf_core_field_exists(common->skc_v6_daddr)) {
		read_in6(out->local_address, &common->skc_v6_rcv_saddr);
		read_in6(out->remote_address, &common->skc_v6_daddr);
	}
}

/* The beginning of a kernel object at an address the verifier knows nothing about, fetched with one
 * probe. It holds all of sock_common (136 bytes in 6.18) and is shorter than any of the objects; a
 * kernel where a field lies further back refuses the program. */
struct copied_common {
	__u8 bytes[160];
} __attribute__((aligned(8)));

static __always_inline void read_unknown(struct tcptwin_socket *out, void *address,
					 struct copied_common *copy)
{
	bpf_probe_read_kernel(copy->bytes, sizeof(copy->bytes), address);
	read_common(PROBED, out, (struct sock_common *)copy->bytes);
	out->address = (__u64)address;
}

/* tcp_set_state(CLOSE) gives the port back before the tracepoint fires, so skc_num is 0 there;
 * inet_sport still holds it. */
static __always_inline void restore_local_port(struct tcptwin_socket *out, struct sock *sk)
{
	if (out->local_port == 0)
		out->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

/* For a typed pointer to what can only be a full socket. */
static __always_inline void read_full_socket(struct tcptwin_socket *out, struct sock *sk)
{
	read_common(DIRECT, out, &sk->__sk_common);
	out->address = (__u64)sk;
	out->kind = TCPTWIN_FULL_SOCKET;
	restore_local_port(out, sk);
}

/* For tracepoints that pass any of the three kinds as a struct sock. */
static __always_inline void read_any_socket(struct tcptwin_socket *out, struct sock *sk)
{
	struct copied_common copy;

	read_unknown(out, sk, &copy);
	if (out->state == TCP_TIME_WAIT) {
		out->kind = TCPTWIN_MINISOCKET;
		out->substate = BPF_CORE_READ((struct inet_timewait_sock *)sk, tw_substate);
	} else if (out->state == TCP_NEW_SYN_RECV) {
		out->kind = TCPTWIN_REQUEST_SOCKET;
	} else {
		out->kind = TCPTWIN_FULL_SOCKET;
		restore_local_port(out, sk);
	}
}

/* The connection a segment belongs to: its destination is our side. */
static __always_inline void read_addressee(struct tcptwin_socket *out, struct sk_buff *skb)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	unsigned char *ip = head + BPF_CORE_READ(skb, network_header);
	unsigned char *tcp = head + BPF_CORE_READ(skb, transport_header);
	__u16 ports[2] = {};
	__u8 version = 0;

	__builtin_memset(out->remote_address, 0, sizeof(out->remote_address));
	__builtin_memset(out->local_address, 0, sizeof(out->local_address));
	bpf_probe_read_kernel(&version, sizeof(version), ip);
	bpf_probe_read_kernel(ports, sizeof(ports), tcp);
	out->remote_port = bpf_ntohs(ports[0]);
	out->local_port = bpf_ntohs(ports[1]);
	if (version >> 4 == 4) {
		out->family = AF_INET;
		bpf_probe_read_kernel(out->remote_address, 4, ip + 12);
		bpf_probe_read_kernel(out->local_address, 4, ip + 16);
	} else {
		out->family = AF_INET6;
		bpf_probe_read_kernel(out->remote_address, 16, ip + 8);
		bpf_probe_read_kernel(out->local_address, 16, ip + 24);
	}
}

/* RFC 9293 3.1: the control bits FIN, SYN, RST, PSH, ACK, URG of a segment's header. */
static __always_inline __u8 segment_flags(struct sk_buff *skb)
{
	unsigned char *tcp = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header);
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), tcp + 13);
	return flags & 0x3f;
}

static __always_inline __u32 evidence_flags(struct tcp_sock *tp, struct sock *sk)
{
	unsigned long sk_flags = sk->__sk_common.skc_flags;
	__u32 flags = 0;

	if (sk_flags & (1ul << SOCK_DEAD))
		flags |= TCPTWIN_SOCK_DEAD;
	if (sk_flags & (1ul << SOCK_DONE))
		flags |= TCPTWIN_SOCK_DONE;
	if (sk_flags & (1ul << SOCK_KEEPOPEN))
		flags |= TCPTWIN_SOCK_KEEPOPEN;
	if (sk_flags & (1ul << SOCK_LINGER) && sk->sk_lingertime == 0)
		flags |= TCPTWIN_LINGER_ZERO;
	if (tp->linger2 < 0)
		flags |= TCPTWIN_LINGER2_NEGATIVE;
	if (!sk->sk_socket)
		flags |= TCPTWIN_NO_SK_SOCKET;
	if (BPF_CORE_READ_BITFIELD(tp, repair))
		flags |= TCPTWIN_REPAIR;
	if (BPF_CORE_READ_BITFIELD(tp, fastopen_connect))
		flags |= TCPTWIN_FASTOPEN_CONNECT;
	if (tp->fastopen_rsk)
		flags |= TCPTWIN_FASTOPEN_REQUEST;
	if (bpf_core_field_exists(tp->syn_fastopen_child) &&
	    BPF_CORE_READ_BITFIELD(tp, syn_fastopen_child))
		flags |= TCPTWIN_FASTOPEN_CHILD;
	if (BPF_CORE_READ_BITFIELD(tp, syn_data))
		flags |= TCPTWIN_SYN_DATA;
	if (BPF_CORE_READ_BITFIELD(tp, syn_data_acked))
		flags |= TCPTWIN_SYN_DATA_ACKED;
	if (BPF_CORE_READ_BITFIELD(tp, syn_fastopen))
		flags |= TCPTWIN_SYN_FASTOPEN;
	if (bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp)
		flags |= TCPTWIN_MPTCP;
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.tstamp_ok))
		flags |= TCPTWIN_TIMESTAMPS;
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.sack_ok))
		flags |= TCPTWIN_SACK;
	if (BPF_CORE_READ_BITFIELD(tp, rx_opt.wscale_ok))
		flags |= TCPTWIN_WINDOW_SCALE;
	if (tp->inet_conn.icsk_user_timeout)
		flags |= TCPTWIN_USER_TIMEOUT;
	return flags;
}

static __always_inline void read_evidence(struct tcptwin_evidence *out, struct tcp_sock *tp,
					  struct sock *sk)
{
	out->bytes_acked = tp->bytes_acked;
	out->bytes_received = tp->bytes_received;
	out->snd_una = tp->snd_una;
	out->snd_nxt = tp->snd_nxt;
	out->write_seq = tp->write_seq;
	out->rcv_nxt = tp->rcv_nxt;
	out->copied_seq = tp->copied_seq;
	out->segs_in = tp->segs_in;
	out->segs_out = tp->segs_out;
	out->total_retrans = tp->total_retrans;
	out->srtt_us = tp->srtt_us >> 3;
	out->flags = evidence_flags(tp, sk);
	out->error = sk->sk_err;
	out->error_soft = sk->sk_err_soft;
	out->mss = tp->rx_opt.mss_clamp;
	out->shutdown = sk->sk_shutdown;
	out->retransmits = tp->inet_conn.icsk_retransmits;
	out->probes_out = tp->inet_conn.icsk_probes_out;
	out->send_wscale = BPF_CORE_READ_BITFIELD(tp, rx_opt.snd_wscale);
	out->receive_wscale = BPF_CORE_READ_BITFIELD(tp, rx_opt.rcv_wscale);
}

#endif /* TCPTWIN_READ_SOCKET_BPF_H */
