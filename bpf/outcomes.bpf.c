// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens beside state changes and tells why they happened: resets, errors, the end of a
 * socket, retransmissions, and segments that a minisocket consumed.
 */
#include "kernel_types.h"
#include "emit.bpf.h"
#include "filter.bpf.h"
#include "read_socket.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Takes room for a record about `socket` if the user wants it; NULL otherwise. */
static __always_inline struct tcptwin_socket_event *begin_event(const struct tcptwin_socket *socket,
								enum tcptwin_record_kind kind)
{
	struct tcptwin_socket_event *record;

	if (!is_wanted_beside(socket))
		return NULL;
	record = reserve_record(struct tcptwin_socket_event, kind, TCPTWIN_LOST_SOCKET_EVENT);
	if (record)
		record->socket = *socket;
	return record;
}

static __always_inline void record_full_socket(struct sock *sk, enum tcptwin_record_kind kind,
					       __u16 error)
{
	struct tcptwin_socket_event *record;
	struct tcptwin_socket socket = {};

	read_full_socket(&socket, sk);
	record = begin_event(&socket, kind);
	if (!record)
		return;
	record->error = error;
	submit_record(record);
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(resets_received, struct sock *sk)
{
	record_full_socket(sk, TCPTWIN_RESET_RECEIVED, 0);
	return 0;
}

/* A raw tracepoint, because its socket may be NULL or no full socket, which the verifiers of
 * 6.10 to 6.12 do not know: with a typed pointer they would drop our check. */
SEC("raw_tp/tcp_send_reset")
int resets_sent(struct bpf_raw_tracepoint_args *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx->args[1];
	struct sock *sk = (struct sock *)ctx->args[0];
	struct tcptwin_socket_event *record;
	struct tcptwin_socket socket = {};

	if (!sk && !skb)
		return 0;
	if (sk)
		read_any_socket(&socket, sk);
	/* A listener answers for its request sockets: the segment tells for which. */
	if (skb && (!sk || socket.state == TCP_LISTEN))
		read_addressee(&socket, skb);
	if (!sk) {
		socket.kind = TCPTWIN_NO_SOCKET;
		read_netns(PROBED, &socket, BPF_CORE_READ(skb, dev, nd_net.net));
	}
	record = begin_event(&socket, TCPTWIN_RESET_SENT);
	if (!record)
		return 0;
	if (skb) {
		record->has_segment = 1;
		record->segment_flags = segment_flags(skb);
	}
	if (knobs.have_reason)
		record->reset_reason = (__u32)ctx->args[2];
	submit_record(record);
	return 0;
}

SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(error_reports, struct sock *sk)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	record_full_socket(sk, TCPTWIN_ERROR_REPORT, sk->sk_err);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(sockets_destroyed, struct sock *sk)
{
	record_full_socket(sk, TCPTWIN_SOCKET_DESTROYED, 0);
	forget_selected(sk);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmits, struct sock *sk)
{
	record_full_socket(sk, TCPTWIN_RETRANSMIT, 0);
	return 0;
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(synack_retransmits, struct sock *sk, struct request_sock *request)
{
	struct tcptwin_socket_event *record;
	struct tcptwin_socket socket = {};

	read_common(DIRECT, &socket, &request->__req_common);
	socket.address = (__u64)request;
	socket.kind = TCPTWIN_REQUEST_SOCKET;
	record = begin_event(&socket, TCPTWIN_SYNACK_RETRANSMIT);
	if (record)
		submit_record(record);
	return 0;
}

/* kfree_skb names the socket a segment was meant for since 6.11. Only minisockets are looked at:
 * they consume RST and FIN without any other trace. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(minisocket_segments, struct sk_buff *skb, void *location, int reason, struct sock *sk)
{
	struct tcptwin_socket_event *record;
	struct tcptwin_socket socket = {};

	if (!sk || sk->__sk_common.skc_state != TCP_TIME_WAIT)
		return 0;
	read_any_socket(&socket, sk);
	record = begin_event(&socket, TCPTWIN_MINISOCKET_SEGMENT);
	if (!record)
		return 0;
	record->segment_flags = segment_flags(skb);
	submit_record(record);
	return 0;
}
