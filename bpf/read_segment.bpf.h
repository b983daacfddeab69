/* SPDX-License-Identifier: GPL-2.0-only */
/* From a packet on its way through a device to a TCP segment's addresses and header, for segments.
 */
#ifndef TCPTWIN_READ_SEGMENT_BPF_H
#define TCPTWIN_READ_SEGMENT_BPF_H

#include "kernel_types.h"
#include "tcptwin/wire.h"

#define ETH_P_IP	    0x0800
#define ETH_P_IPV6	    0x86dd
#define FRAGMENT_OFFSET	    0x1fff
#define DONT_FRAGMENT	    0x4000
#define IPV4_HEADER	    20
#define IPV6_HEADER	    40
#define TCP_HEADER	    20
#define EXTENSIONS_FOLLOWED 3

struct address {
	__u32 words[4]; /* network order; IPv4: the first */
};

struct segment {
	unsigned char *ip; /* in the packet */
	unsigned char *tcp;
	struct address source;
	struct address destination;
	__u32 netns;
	__u32 sequence;
	__u32 acknowledgement;
	__u32 payload;
	__u16 source_port;
	__u16 destination_port;
	__u16 family;
	__u16 ip_id;
	__u8 flags;
	__u8 tcp_bytes;
	__u8 hop_limit;
	__u8 traffic_class;
	__u8 notes;
	__u8 direction;
};

static __always_inline __u32 word_at(const __u8 *bytes)
{
	return *(const __u32 *)bytes;
}

static __always_inline __u16 half_at(const __u8 *bytes)
{
	return bpf_ntohs(*(const __u16 *)bytes);
}

/* Where TCP begins behind IPv6's extension headers; NULL if it is not TCP. */
static __always_inline unsigned char *behind_extensions(unsigned char *next, __u8 kind)
{
	__u8 extension[2];
	int i;

	for (i = 0; i < EXTENSIONS_FOLLOWED; i++) {
		if (kind == IPPROTO_TCP)
			return next;
		if (kind != 0 && kind != 43 && kind != 60) /* hop by hop, routing, destination */
			return NULL;
		bpf_probe_read_kernel(extension, sizeof(extension), next);
		kind = extension[0];
		next += 8 * (extension[1] + 1);
	}
	return kind == IPPROTO_TCP ? next : NULL;
}

/* The IP header. `head` holds its beginning: all of IPv6's, or IPv4's and more. The length of what
 * follows the TCP header's beginning goes to `payload`. */
static __always_inline bool read_ip(struct segment *out, const __u8 *head, __u32 longest)
{
	__u32 length, header;

	if (head[0] >> 4 == 4) {
		header = (head[0] & 0xf) * 4;
		if (head[9] != IPPROTO_TCP || header < IPV4_HEADER ||
		    half_at(head + 6) & FRAGMENT_OFFSET)
			return false;
		out->family = AF_INET;
		out->tcp = out->ip + header;
		length = half_at(head + 2);
		out->ip_id = half_at(head + 4);
		if (half_at(head + 6) & DONT_FRAGMENT)
			out->notes = TCPTWIN_SEGMENT_DONT_FRAGMENT;
		out->hop_limit = head[8];
		out->traffic_class = head[1];
		out->source.words[0] = word_at(head + 12);
		out->destination.words[0] = word_at(head + 16);
	} else if (head[0] >> 4 == 6) {
		out->family = AF_INET6;
		out->tcp = behind_extensions(out->ip + IPV6_HEADER, head[6]);
		if (!out->tcp)
			return false;
		header = out->tcp - out->ip;
		length = half_at(head + 4);
		if (length)
			length += IPV6_HEADER;
		out->hop_limit = head[7];
		out->traffic_class = half_at(head) >> 4;
		__builtin_memcpy(&out->source, head + 8, sizeof(out->source));
		__builtin_memcpy(&out->destination, head + 24, sizeof(out->destination));
	} else {
		return false;
	}
	if (!length) /* more than 65535 bytes on their way to a device that cuts them */
		length = longest;
	out->payload = length - header;
	return true;
}

/* False if it is no TCP segment, or its header lies where it cannot be read. */
static __always_inline bool read_segment(struct segment *out, struct sk_buff *skb, __u32 before_ip)
{
	__u8 head[IPV6_HEADER] __attribute__((aligned(8)));
	__u8 tcp[TCP_HEADER] __attribute__((aligned(8)));
	__u16 protocol = skb->protocol;

	if (protocol != bpf_htons(ETH_P_IP) && protocol != bpf_htons(ETH_P_IPV6))
		return false;
	if (bpf_probe_read_kernel(head, sizeof(head), out->ip) ||
	    !read_ip(out, head, skb->len - before_ip))
		return false;
	if (out->tcp + TCP_HEADER - out->ip + before_ip > skb->len - skb->data_len)
		return false;
	if (bpf_probe_read_kernel(tcp, sizeof(tcp), out->tcp))
		return false;
	out->source_port = half_at(tcp);
	out->destination_port = half_at(tcp + 2);
	out->sequence = bpf_ntohl(word_at(tcp + 4));
	out->acknowledgement = bpf_ntohl(word_at(tcp + 8));
	out->tcp_bytes = tcp[12] >> 4 << 2;
	out->flags = tcp[13] & 0x3f;
	if (out->tcp_bytes < TCP_HEADER || out->payload < out->tcp_bytes)
		return false;
	out->payload -= out->tcp_bytes;
	out->netns = skb->dev->nd_net.net->ns.inum;
	return true;
}

#endif /* TCPTWIN_READ_SEGMENT_BPF_H */
