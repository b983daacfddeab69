// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments with SYN, FIN or RST, and those that answer them, or all segments, as they pass network
 * devices. Runs for every packet of the host, so it is attached only where segments are asked for.
 */
#include "kernel_types.h"
#include "emit.bpf.h"
#include "filter.bpf.h"
#include "read_segment.bpf.h"
#include "read_socket.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PACKET_OTHERHOST 3 /* for another station: a bridge port sees it */
#define CONTROL_BITS	 (TCPTWIN_SEGMENT_SYN | TCPTWIN_SEGMENT_FIN | TCPTWIN_SEGMENT_RST)

/* An answer to a RST or SYN that says nothing of its sequence number comes so soon, or not. A local
 * socket answers in the same softirq, a peer after a round trip. */
#define LOCAL_ANSWER_NS (10ull * 1000 * 1000)
#define PEER_ANSWER_NS	(1000ull * 1000 * 1000)

/* What is remembered of a connection's one direction at one end. Direct-mapped: a newer one in the
 * same place drives it out, and then an answer shows only if it has a control bit. */
#define REMEMBERED TCPTWIN_SEGMENTS_REMEMBERED

struct expected_answer {
	__u64 tag_and_ack; /* 0: nothing is expected */
	__u64 until_ns;	   /* until then any pure ACK will do; 0: the exact one only */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, REMEMBERED);
	__type(key, __u32);
	__type(value, struct expected_answer);
} expected_answers SEC(".maps");

/* Where a FIN that was sent stands: tag, and the sequence number behind it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, REMEMBERED);
	__type(key, __u32);
	__type(value, __u64);
} sent_fins SEC(".maps");

static __always_inline __u64 mixed(__u64 sum, __u64 value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15ull;
	return sum ^ sum >> 29;
}

/* Names one direction of a connection as one end sees it: what it sends, or what it receives. */
static __always_inline __u64 direction_hash(const struct segment *it, bool is_reply)
{
	const struct address *from = is_reply ? &it->destination : &it->source;
	const struct address *to = is_reply ? &it->source : &it->destination;
	__u32 from_port = is_reply ? it->destination_port : it->source_port;
	__u32 to_port = is_reply ? it->source_port : it->destination_port;
	bool is_sent = (it->direction == TCPTWIN_SEGMENT_SENT) != is_reply;
	__u64 sum = mixed(it->netns, (__u64)from_port << 32 | to_port << 1 | is_sent);

	sum = mixed(sum, (__u64)from->words[0] << 32 | to->words[0]);
	if (it->family == AF_INET6) {
		sum = mixed(sum, (__u64)from->words[1] << 32 | to->words[1]);
		sum = mixed(sum, (__u64)from->words[2] << 32 | to->words[2]);
		sum = mixed(sum, (__u64)from->words[3] << 32 | to->words[3]);
	}
	return sum;
}

static __always_inline __u32 place_of(__u64 hash)
{
	return hash & (REMEMBERED - 1);
}

static __always_inline __u64 tagged(__u64 hash, __u32 number)
{
	return (hash & ~0xffffffffull) | number;
}

static __always_inline bool has_tag(__u64 value, __u64 hash)
{
	return value >> 32 == hash >> 32;
}

/* What the other end will answer to this segment. */
static __always_inline void expect_answer(const struct segment *it)
{
	__u64 hash = direction_hash(it, true);
	__u32 place = place_of(hash);
	struct expected_answer *answer = bpf_map_lookup_elem(&expected_answers, &place);
	__u32 behind = it->sequence + it->payload;
	bool is_open = it->flags & (TCPTWIN_SEGMENT_SYN | TCPTWIN_SEGMENT_RST);

	if (!answer)
		return;
	behind += !!(it->flags & TCPTWIN_SEGMENT_SYN) + !!(it->flags & TCPTWIN_SEGMENT_FIN);
	answer->until_ns = 0;
	answer->tag_and_ack = tagged(hash, behind);
	if (is_open)
		answer->until_ns =
			bpf_ktime_get_ns() +
			(it->direction == TCPTWIN_SEGMENT_SENT ? PEER_ANSWER_NS : LOCAL_ANSWER_NS);
}

/* Whether this segment is the answer to one before; then it is not expected any more. */
static __always_inline __u8 answered(const struct segment *it, __u64 hash)
{
	__u32 place = place_of(hash);
	struct expected_answer *answer = bpf_map_lookup_elem(&expected_answers, &place);
	__u64 expected;

	if (!answer)
		return 0;
	expected = answer->tag_and_ack;
	if (!expected || !has_tag(expected, hash))
		return 0;
	if ((__u32)expected == it->acknowledgement) {
		answer->tag_and_ack = 0;
		return TCPTWIN_SEGMENT_ANSWERS;
	}
	if (it->flags & CONTROL_BITS) { /* it is the answer, unless an exact one is to come */
		answer->until_ns = 0;
		return 0;
	}
	if (it->payload || !answer->until_ns || bpf_ktime_get_ns() > answer->until_ns)
		return 0;
	answer->tag_and_ack = 0;
	return TCPTWIN_SEGMENT_FOLLOWS;
}

static __always_inline void note_sent_fin(const struct segment *it, __u64 hash)
{
	__u32 place = place_of(hash);
	__u64 *behind = bpf_map_lookup_elem(&sent_fins, &place);

	if (!behind)
		return;
	if (it->flags & TCPTWIN_SEGMENT_FIN)
		*behind = tagged(hash, it->sequence + it->payload + 1);
	else if (has_tag(*behind, hash))
		*behind = 0;
}

static __always_inline bool is_beyond_fin(const struct segment *it, __u64 hash)
{
	__u32 place = place_of(hash);
	__u64 *behind = bpf_map_lookup_elem(&sent_fins, &place);
	__u32 end = it->sequence + it->payload;

	if (!behind || !*behind || !has_tag(*behind, hash))
		return false;
	return (__s32)(end - (__u32)*behind) >= 0;
}

/* What tells nothing of the states. */
static __always_inline __u8 reason_of_others(const struct segment *it)
{
	if (!knobs.every_segment)
		return 0;
	return it->payload ? TCPTWIN_SEGMENT_DATA : TCPTWIN_SEGMENT_PURE_ACK;
}

/* Why it is to be recorded; 0: it is not. */
static __always_inline __u8 reason_of(const struct segment *it)
{
	bool is_sent = it->direction == TCPTWIN_SEGMENT_SENT;
	__u8 reason = 0;
	__u64 hash;

	if (!(it->flags & (CONTROL_BITS | TCPTWIN_SEGMENT_ACK)))
		return reason_of_others(it);
	hash = direction_hash(it, false);
	if (it->flags & TCPTWIN_SEGMENT_ACK)
		reason = answered(it, hash);
	if (it->flags & CONTROL_BITS) {
		expect_answer(it);
		if (is_sent)
			note_sent_fin(it, hash);
		return TCPTWIN_SEGMENT_CONTROL;
	}
	if (!reason && is_sent && it->payload && is_beyond_fin(it, hash))
		return TCPTWIN_SEGMENT_BEYOND_FIN;
	return reason ? reason : reason_of_others(it);
}

static __always_inline bool is_locked(struct sock *sk)
{
	if (BPF_CORE_READ(sk, sk_lock.owned))
		return true;
	if (!bpf_core_field_exists(sk->sk_lock.slock.rlock.raw_lock.val))
		return false; /* nobody can tell */
	return BPF_CORE_READ(sk, sk_lock.slock.rlock.raw_lock.val.counter);
}

/* The socket that sent it. What TCP sends without one (a RST to a closed port) belongs to a socket
 * of the kernel's own, which has neither of these ports; so does what a raw socket sends. */
static __always_inline void read_sender(struct tcptwin_socket *out, struct sock *sk,
					const struct segment *it, __u8 *notes)
{
	struct tcptwin_socket sender = {};

	if (!sk)
		return;
	read_any_socket(&sender, sk);
	if (sender.family != AF_INET && sender.family != AF_INET6)
		return;
	if (sender.local_port != it->source_port || sender.remote_port != it->destination_port)
		return;
	out->cookie = sender.cookie;
	out->address = sender.address;
	out->state = sender.state;
	out->kind = sender.kind;
	out->substate = sender.substate;
	if (sender.kind == TCPTWIN_FULL_SOCKET && is_locked(sk))
		*notes |= TCPTWIN_SEGMENT_SOCKET_LOCKED;
}

static __always_inline void fill_socket(struct tcptwin_socket *out, const struct segment *it)
{
	bool is_sent = it->direction == TCPTWIN_SEGMENT_SENT;

	out->kind = TCPTWIN_NO_SOCKET;
	out->family = it->family;
	out->local_port = is_sent ? it->source_port : it->destination_port;
	out->remote_port = is_sent ? it->destination_port : it->source_port;
	__builtin_memcpy(out->local_address, is_sent ? &it->source : &it->destination, 16);
	__builtin_memcpy(out->remote_address, is_sent ? &it->destination : &it->source, 16);
}

/* -p and --cgroup are left to user space: a segment that comes in names no socket. */
static __always_inline bool segment_is_wanted(const struct tcptwin_socket *socket)
{
	if (knobs.filter_netns && socket->netns != knobs.filter_netns)
		return false;
	if (knobs.filter_family && !family_matches(socket, 0))
		return false;
	return !knobs.filter_ports || ports_match(socket, 0);
}

static __always_inline void record_segment(struct sk_buff *skb, struct segment *it)
{
	struct tcptwin_socket socket = {};
	struct tcptwin_segment *record;
	__u8 reason = reason_of(it);

	if (!reason)
		return;
	fill_socket(&socket, it);
	read_netns(DIRECT, &socket, skb->dev->nd_net.net);
	if (!segment_is_wanted(&socket))
		return;
	if (it->direction == TCPTWIN_SEGMENT_SENT)
		read_sender(&socket, BPF_CORE_READ(skb, sk), it, &it->notes);
	record = reserve_record(struct tcptwin_segment, TCPTWIN_SEGMENT, TCPTWIN_LOST_SOCKET_EVENT);
	if (!record)
		return;
	record->socket = socket;
	record->interface = skb->dev->ifindex;
	record->payload = it->payload;
	record->ip_id = it->ip_id;
	record->direction = it->direction;
	record->reason = reason;
	record->hop_limit = it->hop_limit;
	record->traffic_class = it->traffic_class;
	record->notes = it->notes;
	record->tcp_bytes = it->tcp_bytes;
	bpf_probe_read_kernel(record->tcp, it->tcp_bytes & (TCPTWIN_TCP_HEADER_ROOM - 1), it->tcp);
	submit_record(record);
}

/* Before the queue of the device and before anything is cut into packets. What came in over another
 * device is passing through; what was made here meets the devices it crosses one by one. */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(segments_sent, struct sk_buff *skb)
{
	struct segment it = {.direction = TCPTWIN_SEGMENT_SENT};

	unsigned char *begin;

	if (skb->skb_iif)
		return 0;
	/* As plain numbers: what is read directly may be a pointer to memory (seen on 7.2), and the
	 * verifier lets nobody take the difference of two. */
	begin = BPF_CORE_READ(skb, data);
	it.ip = BPF_CORE_READ(skb, head) + skb->network_header;
	if (read_segment(&it, skb, it.ip - begin))
		record_segment(skb, &it);
	return 0;
}

/* The packet begins with its IP header here. */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(segments_received, struct sk_buff *skb)
{
	struct segment it = {.direction = TCPTWIN_SEGMENT_RECEIVED};

	if (BPF_CORE_READ_BITFIELD(skb, pkt_type) == PACKET_OTHERHOST)
		return 0;
	it.ip = skb->data;
	if (read_segment(&it, skb, 0))
		record_segment(skb, &it);
	return 0;
}
