/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What user space decides before the kernel side is loaded. The verifier knows these values and
 * drops the code they switch off, also calls to helpers that the running kernel lacks.
 */
#ifndef TCPTWIN_KNOBS_H
#define TCPTWIN_KNOBS_H

#ifdef __cplusplus
#include <cstdint>
#else
#include <stdint.h>
#endif

enum tcptwin_call_path_choice {
	TCPTWIN_CALL_PATHS_NEVER = 0,
	TCPTWIN_CALL_PATHS_SUSPICIOUS = 1,
	TCPTWIN_CALL_PATHS_ALL = 2,
};

/* Values of the map port_filter. */
enum tcptwin_port_bit {
	TCPTWIN_PORT_LOCAL = 1u << 0,
	TCPTWIN_PORT_REMOTE = 1u << 1,
	TCPTWIN_PORT_EITHER = 1u << 2,
};

/* Directions of connections at one end, of which segments.bpf.c remembers what was sent: a power of
 * two. Two maps of 16 and 8 bytes each; without --segments they have one place. */
#define TCPTWIN_SEGMENTS_REMEMBERED 16384

struct tcptwin_knobs {
	/* Addresses of the timer functions; 0 where kallsyms hides them. */
	uint64_t time_wait_handler;
	uint64_t request_handler;
	/* The function that serves softirqs: a call path ends there. 0 if unknown. */
	uint64_t softirq_begin;
	uint64_t softirq_end;
	uint64_t ns_per_jiffy;	/* of this kernel's CONFIG_HZ; 0: unknown */
	uint64_t filter_cgroup; /* cgroup v2 id; 0: any */
	uint32_t filter_pid;	/* 0: any */
	uint32_t filter_netns;	/* inode number; 0: any */
	uint16_t filter_family; /* AF_INET or AF_INET6; 0: any */
	uint8_t filter_ports;	/* enum tcptwin_port_bit: which lists are not empty */
	uint8_t call_paths;	/* enum tcptwin_call_path_choice */
	uint8_t name_frames;	/* %ps in the kernel */
	uint8_t have_cookie;	/* bpf_get_socket_cookie in tracing programs (5.12) */
	uint8_t have_snprintf;	/* bpf_snprintf (5.13) */
	uint8_t have_reason;	/* tcp_send_reset has a third argument (6.10) */
	/* Which timers the timer tracepoints record: those that exact.bpf.c does not. */
	uint8_t minisocket_timers;
	uint8_t request_timers;
	/* inet_twsk_hashdance_schedule() starts the timer of a minisocket (6.10). */
	uint8_t hashdance_schedules;
	/* How many arguments precede the returned value of these functions; 0 where they return
	 * nothing, or are not there. */
	uint8_t hash_add_arguments; /* inet_csk_reqsk_queue_hash_add */
	uint8_t accept_arguments;   /* inet_csk_accept */
	uint8_t timewait_arguments; /* tcp_timewait_state_process */
	uint8_t every_segment;	    /* also those of data, and pure ACKs */
};

#endif /* TCPTWIN_KNOBS_H */
