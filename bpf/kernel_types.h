/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types as far as we read them: only the fields, in any order, relocated at load time
 * by the running kernel's BTF (CO-RE). A ___suffix is a flavour: the same kernel type as another
 * version lays it out.
 */
#ifndef TCPTWIN_KERNEL_TYPES_H
#define TCPTWIN_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#define AF_INET	      2
#define AF_INET6      10
#define IPPROTO_TCP   6
#define IPPROTO_MPTCP 262

/* enum in include/net/tcp_states.h */
enum kernel_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_FIN_WAIT1 = 4,
	TCP_FIN_WAIT2 = 5,
	TCP_TIME_WAIT = 6,
	TCP_CLOSE = 7,
	TCP_CLOSE_WAIT = 8,
	TCP_LAST_ACK = 9,
	TCP_LISTEN = 10,
	TCP_CLOSING = 11,
	TCP_NEW_SYN_RECV = 12,
};

/* Bits of sk_flags, enum sock_flags in include/net/sock.h; the same from 5.8 to 7.2. */
enum kernel_sock_flag {
	SOCK_DEAD = 0,
	SOCK_DONE = 1,
	SOCK_KEEPOPEN = 3,
	SOCK_LINGER = 4,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__be32 u6_addr32[4];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
	__u64 net_cookie; /* 5.12; an atomic64_t before, which CO-RE reports as absent */
};

struct net_device {
	int ifindex;
	struct {
		struct net *net;
	} nd_net;
};

struct sock;

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len;
	unsigned int data_len; /* of len, what lies outside of head */
	int skb_iif;	       /* device that received it; 0: it was made here */
	__u8 pkt_type : 3;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	unsigned char *head;
	unsigned char *data;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct {
		struct net *net;
	} skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	struct {
		__s64 counter;
	} skc_cookie;
	unsigned long skc_flags;
	struct sock *skc_listener;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[0]; /* 6.1 */
};

struct cgroup___before_6_1 {
	__u64 ancestor_ids[0];
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* 5.15 */
};

struct sock_cgroup_data___before_5_15 {
	__u64 val; /* a struct cgroup *, unless bit 0 is set */
};

/* A type of its own: an atomic_t or refcount_t, whichever the kernel has. */
struct counted {
	int counter;
};

struct hlist_node {
	struct hlist_node **pprev; /* NULL while it is on no list */
};

struct timer_list {
	struct hlist_node entry;
	unsigned long expires; /* jiffies */
	void (*function)(struct timer_list *);
};

struct sock;

struct socket {
	short type;
	struct sock *sk;
};

struct inode {
	unsigned long i_ino;
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct kernel_uid {
	__u32 val;
};

/* Not so on PREEMPT_RT, nor where spinlocks are not queued. */
struct qspinlock {
	struct counted val;
};

struct raw_spinlock {
	struct qspinlock raw_lock;
};

struct spinlock {
	struct raw_spinlock rlock;
};

struct sock {
	struct sock_common __sk_common;
	struct {
		int owned;
		struct spinlock slock;
	} sk_lock;
	int sk_err;
	int sk_err_soft;
	__u16 sk_protocol;
	__u8 sk_shutdown;
	unsigned long sk_lingertime;
	struct socket *sk_socket;
	struct sock_cgroup_data sk_cgrp_data;
	struct kernel_uid sk_uid;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	struct counted sk_drops;
	struct timer_list sk_timer;		/* keepalive; later a union of other timers */
	struct timer_list tcp_retransmit_timer; /* 7.x; icsk_retransmit_timer before */
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct request_sock_queue {
	struct counted qlen;
	struct counted young;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
	__u8 icsk_pending;	    /* which timer the retransmit timer is now */
	unsigned long icsk_timeout; /* jiffies; before 6.15 */
	struct timer_list icsk_retransmit_timer;
	struct timer_list icsk_keepalive_timer; /* 7.x; sk_timer before */
	__u8 icsk_retransmits;
	__u8 icsk_probes_out;
	__u32 icsk_user_timeout;
};

struct tcp_options_received {
	__u16 tstamp_ok : 1, wscale_ok : 1, sack_ok : 3, snd_wscale : 4, rcv_wscale : 4;
	__u16 mss_clamp;
};

struct request_sock;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u64 bytes_acked;
	__u64 bytes_received;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 write_seq;
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 segs_in;
	__u32 segs_out;
	__u32 total_retrans;
	__u32 srtt_us;
	__u64 tcp_mstamp; /* CLOCK_MONOTONIC, microseconds */
	int linger2;
	__u8 repair : 1, fastopen_connect : 1, syn_data : 1, syn_data_acked : 1, syn_fastopen : 1;
	__u8 syn_fastopen_child : 1; /* 6.18 */
	bool is_mptcp;		     /* absent in 5.10 without CONFIG_MPTCP */
	struct request_sock *fastopen_rsk;
	struct tcp_options_received rx_opt;
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
	struct timer_list tw_timer;
};

struct request_sock {
	struct sock_common __req_common;
	__u8 num_timeout : 7;
	struct timer_list rsk_timer;
};

struct tcp_request_sock {
	__u64 snt_synack; /* CLOCK_MONOTONIC, microseconds */
};

struct cred {
	struct kernel_uid uid;
};

struct task_struct {
	int tgid;
	struct task_struct *group_leader;
	struct cred *cred;
	char comm[16];
};

struct file;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

#endif /* TCPTWIN_KERNEL_TYPES_H */
