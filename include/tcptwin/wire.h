/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The records that travel from the kernel to user space, byte for byte: the one contract between
 * bpf/ (which fills them) and userspace/sources/ (which decodes them). Read by C, C++ and BPF C.
 *
 * Rules: fixed-width fields, no implicit padding, every record a multiple of 8 bytes, addresses and
 * ports as named below. A change of any layout is a new TCPTWIN_WIRE_VERSION. tests/lint compares
 * these layouts with the BTF of the compiled BPF object.
 */
#ifndef TCPTWIN_WIRE_H
#define TCPTWIN_WIRE_H

#ifdef __cplusplus
#include <cstdint>
#else
#include <stdint.h>
#endif

#define TCPTWIN_WIRE_VERSION 1
#define TCPTWIN_COMM_LENGTH 16
#define TCPTWIN_ADDRESS_LENGTH 16
#define TCPTWIN_CALL_PATH_FRAMES 12
#define TCPTWIN_SYMBOL_LENGTH 40

enum tcptwin_record_kind {
	TCPTWIN_STATE_CHANGE = 1,        /* struct tcptwin_state_change */
	TCPTWIN_RESET_RECEIVED = 2,      /* struct tcptwin_socket_event; tp tcp_receive_reset */
	TCPTWIN_RESET_SENT = 3,          /* struct tcptwin_socket_event; tp tcp_send_reset */
	TCPTWIN_ERROR_REPORT = 4,        /* struct tcptwin_socket_event; tp inet_sk_error_report */
	TCPTWIN_SOCKET_DESTROYED = 5,    /* struct tcptwin_socket_event; tp tcp_destroy_sock */
	TCPTWIN_RETRANSMIT = 6,          /* struct tcptwin_socket_event; tp tcp_retransmit_skb */
	TCPTWIN_SYNACK_RETRANSMIT = 7,   /* struct tcptwin_socket_event; tp tcp_retransmit_synack */
	TCPTWIN_TIME_WAIT_TIMER = 8,     /* struct tcptwin_timer_event; of a minisocket */
	TCPTWIN_REQUEST_TIMER = 9,       /* struct tcptwin_timer_event; of a request socket */
	TCPTWIN_MINISOCKET_SEGMENT = 10, /* struct tcptwin_socket_event; a minisocket consumed it */
	TCPTWIN_CALL_PATH = 11, /* struct tcptwin_call_path; precedes the first use of its id */
	TCPTWIN_STATUS = 12,    /* struct tcptwin_status; made by the source */
	TCPTWIN_EXISTING_SOCKET = 13, /* struct tcptwin_existing_socket; iter/tcp */
	TCPTWIN_SOCKET_HOLDER = 14,   /* struct tcptwin_socket_holder; iter/task_file */
	TCPTWIN_CENSUS = 15,          /* struct tcptwin_census; made by the source */
	TCPTWIN_SOCKET_ACCEPTED = 16, /* struct tcptwin_socket_accepted; accept() handed it out */
	TCPTWIN_SEGMENT = 17,         /* struct tcptwin_segment; with --segments */
};

enum tcptwin_header_flag {
	TCPTWIN_FROM_SIDE_PROGRAM = 1u << 0, /* the main program was refused; rarely both ran */
	TCPTWIN_FROM_FUNCTION = 1u
				<< 1, /* by a hook on the function that did it (bpf/exact.bpf.c) */
};

/* Begins every record. */
struct tcptwin_header {
	uint64_t time_ns; /* CLOCK_MONOTONIC, nanoseconds */
	uint16_t kind;    /* enum tcptwin_record_kind */
	uint16_t size;    /* of the whole record, bytes */
	uint16_t cpu;
	uint8_t flags;   /* enum tcptwin_header_flag */
	uint8_t version; /* TCPTWIN_WIRE_VERSION */
};

/* Which kernel object a tcptwin_socket describes. */
enum tcptwin_socket_kind {
	TCPTWIN_FULL_SOCKET = 0,
	TCPTWIN_MINISOCKET = 1,     /* struct inet_timewait_sock */
	TCPTWIN_REQUEST_SOCKET = 2, /* struct request_sock (TCP_NEW_SYN_RECV) */
	TCPTWIN_NO_SOCKET = 3,
};

struct tcptwin_socket {
	uint64_t cookie;       /* bpf_get_socket_cookie; 0 where the kernel or object has none */
	uint64_t address;      /* of the kernel object; correlation only, reused within 100 ms */
	uint64_t netns_cookie; /* 0 before 5.12 */
	uint32_t netns;        /* inode number of the network namespace */
	uint16_t family;       /* AF_INET (2) or AF_INET6 (10) */
	uint8_t state;         /* skc_state when read */
	uint8_t kind;          /* enum tcptwin_socket_kind */
	uint16_t local_port;   /* host order */
	uint16_t remote_port;  /* host order */
	uint8_t substate; /* of a minisocket: tw_substate, 5 FIN_WAIT2 or 6 TIME_WAIT; else 0 */
	uint8_t reserved[3];
	uint8_t local_address[TCPTWIN_ADDRESS_LENGTH]; /* network order; IPv4: first 4 bytes */
	uint8_t remote_address[TCPTWIN_ADDRESS_LENGTH];
};

enum tcptwin_context {
	TCPTWIN_CONTEXT_UNKNOWN = 0,
	TCPTWIN_CONTEXT_PROCESS = 1,
	TCPTWIN_CONTEXT_SOFTIRQ = 2, /* also hard interrupts */
};

/* The task that was current; it did the thing only if context is PROCESS. */
struct tcptwin_actor {
	uint32_t pid; /* of the process (tgid), initial pid namespace */
	uint32_t tid;
	uint32_t uid;                  /* initial user namespace */
	uint8_t context;               /* enum tcptwin_context */
	uint8_t socket_locked_by_user; /* sk_lock.owned */
	uint16_t reserved;
	char comm[TCPTWIN_COMM_LENGTH];
};

/* Bits of tcptwin_evidence.flags. */
enum tcptwin_evidence_flag {
	TCPTWIN_SOCK_DEAD = 1u << 0,        /* SOCK_DEAD: orphaned */
	TCPTWIN_SOCK_DONE = 1u << 1,        /* SOCK_DONE: FIN received */
	TCPTWIN_SOCK_KEEPOPEN = 1u << 2,    /* SO_KEEPALIVE */
	TCPTWIN_LINGER_ZERO = 1u << 3,      /* SOCK_LINGER and sk_lingertime == 0 */
	TCPTWIN_LINGER2_NEGATIVE = 1u << 4, /* TCP_LINGER2 < 0 */
	TCPTWIN_NO_SK_SOCKET = 1u << 5,     /* sk_socket == NULL */
	TCPTWIN_REPAIR = 1u << 6,           /* TCP_REPAIR */
	TCPTWIN_FASTOPEN_CONNECT = 1u << 7, /* TCP_FASTOPEN_CONNECT */
	TCPTWIN_FASTOPEN_REQUEST = 1u << 8, /* fastopen_rsk != NULL */
	TCPTWIN_FASTOPEN_CHILD = 1u << 9,   /* syn_fastopen_child (6.18+) */
	TCPTWIN_SYN_DATA = 1u << 10,        /* our SYN carried data */
	TCPTWIN_SYN_DATA_ACKED = 1u << 11,
	TCPTWIN_SYN_FASTOPEN = 1u << 12, /* our SYN carried a fast-open option */
	TCPTWIN_MPTCP = 1u << 13,        /* an MPTCP subflow */
	TCPTWIN_TIMESTAMPS = 1u << 14,   /* rx_opt.tstamp_ok */
	TCPTWIN_SACK = 1u << 15,         /* rx_opt.sack_ok */
	TCPTWIN_WINDOW_SCALE = 1u << 16, /* rx_opt.wscale_ok */
	TCPTWIN_USER_TIMEOUT = 1u << 17, /* icsk_user_timeout > 0 */
};

/* What the socket showed at the moment of a state change, read under the socket's lock. */
struct tcptwin_evidence {
	uint64_t bytes_acked;
	uint64_t bytes_received;
	uint32_t snd_una;
	uint32_t snd_nxt;
	uint32_t write_seq;
	uint32_t rcv_nxt;
	uint32_t copied_seq;
	uint32_t segs_in;
	uint32_t segs_out;
	uint32_t total_retrans;
	uint32_t srtt_us;       /* smoothed round-trip time, microseconds (srtt_us >> 3) */
	uint32_t flags;         /* enum tcptwin_evidence_flag */
	uint16_t error;         /* sk_err, positive errno */
	uint16_t error_soft;    /* sk_err_soft */
	uint16_t mss;           /* rx_opt.mss_clamp, bytes */
	uint8_t shutdown;       /* sk_shutdown: 1 RCV, 2 SEND */
	uint8_t retransmits;    /* icsk_retransmits */
	uint8_t probes_out;     /* icsk_probes_out */
	uint8_t send_wscale;    /* rx_opt.snd_wscale */
	uint8_t receive_wscale; /* rx_opt.rcv_wscale */
	uint8_t reserved[5];
};

struct tcptwin_state_change {
	struct tcptwin_header header;
	struct tcptwin_socket socket;
	struct tcptwin_evidence evidence;
	struct tcptwin_actor actor;
	uint64_t cgroup;    /* cgroup v2 id of the socket; 0 where not readable */
	uint32_t call_path; /* id of a tcptwin_call_path; 0 when none was taken */
	uint8_t old_state;  /* kernel numbering, 1..12 */
	uint8_t new_state;
	uint16_t reserved;
};

/* Segment flags in tcptwin_socket_event.segment_flags: the TCP header's low six bits. */
enum tcptwin_segment_flag {
	TCPTWIN_SEGMENT_FIN = 1u << 0,
	TCPTWIN_SEGMENT_SYN = 1u << 1,
	TCPTWIN_SEGMENT_RST = 1u << 2,
	TCPTWIN_SEGMENT_PSH = 1u << 3,
	TCPTWIN_SEGMENT_ACK = 1u << 4,
};

struct tcptwin_socket_event {
	struct tcptwin_header header;
	struct tcptwin_socket socket;
	uint32_t reset_reason; /* RESET_SENT: enum sk_rst_reason of this kernel, 0 where absent */
	uint16_t error;        /* ERROR_REPORT: sk_err, positive errno (0 occurs) */
	uint8_t has_segment;   /* RESET_SENT: answers a segment (1) or active reset (0) */
	uint8_t segment_flags; /* enum tcptwin_segment_flag; MINISOCKET_SEGMENT, or the segment that
				* a RESET_SENT answers */
};

enum tcptwin_timer_operation {
	TCPTWIN_TIMER_START = 1,
	TCPTWIN_TIMER_CANCEL = 2, /* also precedes every expiry */
	TCPTWIN_TIMER_EXPIRE = 3,
};

struct tcptwin_timer_event {
	struct tcptwin_header header;
	struct tcptwin_socket socket;
	uint64_t listener; /* REQUEST_TIMER: address of rsk_listener */
	uint8_t operation; /* enum tcptwin_timer_operation */
	uint8_t timeouts;  /* REQUEST_TIMER: num_timeout, SYN+ACK retransmissions so far */
	uint8_t reserved[6];
};

/* A process took a finished connection off its listener's queue. */
struct tcptwin_socket_accepted {
	struct tcptwin_header header;
	struct tcptwin_socket socket; /* the child */
	struct tcptwin_actor actor;   /* who called accept() */
};

#define TCPTWIN_TCP_HEADER_ROOM 64 /* the longest TCP header has 60 bytes */

enum tcptwin_segment_direction {
	TCPTWIN_SEGMENT_SENT = 1,     /* by this network namespace, at the first device it met */
	TCPTWIN_SEGMENT_RECEIVED = 2, /* by a device of this network namespace, for this host */
};

/* Why a segment was recorded. */
enum tcptwin_segment_reason {
	TCPTWIN_SEGMENT_CONTROL = 1,    /* it has SYN, FIN or RST */
	TCPTWIN_SEGMENT_ANSWERS = 2,    /* it acknowledges a SYN or FIN seen before, exactly */
	TCPTWIN_SEGMENT_FOLLOWS = 3,    /* the first pure ACK after a SYN or RST the other way */
	TCPTWIN_SEGMENT_BEYOND_FIN = 4, /* it carries data behind a FIN that was sent before */
	/* None of these; only where every segment is asked for (knobs.h, every_segment). */
	TCPTWIN_SEGMENT_DATA = 5,     /* it carries data */
	TCPTWIN_SEGMENT_PURE_ACK = 6, /* it only acknowledges */
};

enum tcptwin_segment_note {
	TCPTWIN_SEGMENT_SOCKET_LOCKED = 1u << 0, /* its socket was locked: the socket sent it now */
	TCPTWIN_SEGMENT_DONT_FRAGMENT = 1u << 1, /* IPv4: DF */
};

/* One TCP segment as it passed a network device. */
struct tcptwin_segment {
	struct tcptwin_header header;
	struct tcptwin_socket socket; /* local and remote as of this end; kind NO_SOCKET unless the
				       * segment was sent and still belonged to its socket */
	uint32_t interface;           /* ifindex of the device */
	uint32_t payload;             /* bytes behind the TCP header */
	uint16_t ip_id;               /* IPv4: identification */
	uint8_t direction;            /* enum tcptwin_segment_direction */
	uint8_t reason;               /* enum tcptwin_segment_reason */
	uint8_t hop_limit;            /* IPv4: time to live */
	uint8_t traffic_class;        /* IPv4: type of service */
	uint8_t notes;                /* enum tcptwin_segment_note */
	uint8_t tcp_bytes;            /* of the TCP header with its options, 20..60 */
	uint8_t tcp[TCPTWIN_TCP_HEADER_ROOM]; /* as on the wire; zero behind tcp_bytes */
};

/* A kernel call path, sent once per distinct path. Innermost frame first. */
struct tcptwin_call_path {
	struct tcptwin_header header;
	uint32_t id;     /* never 0 */
	uint32_t frames; /* valid entries below */
	uint64_t addresses[TCPTWIN_CALL_PATH_FRAMES];
	char names[TCPTWIN_CALL_PATH_FRAMES]
		  [TCPTWIN_SYMBOL_LENGTH]; /* "" when not named in the kernel */
};

/* Per-CPU counters of the BPF side, and what the source adds to them in tcptwin_status. */
enum tcptwin_counter {
	TCPTWIN_EMITTED = 0,           /* records handed to the ring buffer or refused by it */
	TCPTWIN_LOST_STATE_CHANGE = 1, /* reserve failed, by kind */
	TCPTWIN_LOST_SOCKET_EVENT = 2, /* and segments */
	TCPTWIN_LOST_TIMER_EVENT = 3,
	TCPTWIN_LOST_CALL_PATH = 4,
	TCPTWIN_FILTERED_OUT = 5,      /* state changes the user's filter rejected */
	TCPTWIN_MPTCP_SKIPPED = 6,     /* state changes of MPTCP master sockets (protocol 262) */
	TCPTWIN_OTHER_PROTOCOL = 7,    /* SCTP, DCCP ... on the same tracepoint */
	TCPTWIN_SIDE_RECOVERED = 8,    /* state changes the side program recorded */
	TCPTWIN_NOT_TCP_SOCKET = 9,    /* the kernel refused the cast to tcp_sock */
	TCPTWIN_SYMBOL_FAILED = 10,    /* a timer function or frame could not be named */
	TCPTWIN_SELECTION_FULL = 11,   /* the set of sockets selected by -p was full */
	TCPTWIN_RECURSION_MISSES = 12, /* user space: runs refused, all programs */
	TCPTWIN_RECEIVED = 13,         /* user space: records taken out of the ring buffer */
	TCPTWIN_MALFORMED = 14,        /* user space: records decode refused */
	TCPTWIN_COUNTED_AT = 15,       /* user space: when these were read, CLOCK_MONOTONIC ns */
	TCPTWIN_COUNTERS = 16,
};

/* State of the stream, made by the source whenever it has drained the ring buffer. */
struct tcptwin_status {
	struct tcptwin_header header; /* time_ns: what was emitted before it has been delivered,
				       * and what was lost before it is counted here */
	uint64_t counters[TCPTWIN_COUNTERS]; /* totals since attach, by enum tcptwin_counter */
};

/* Which timer of a socket is pending, as `ss -o` names them. */
enum tcptwin_pending_timer {
	TCPTWIN_TIMER_NONE = 0,
	TCPTWIN_TIMER_RETRANSMIT = 1, /* "on": also the SYN+ACK timer of a request socket */
	TCPTWIN_TIMER_KEEPALIVE = 2,
	TCPTWIN_TIMER_TIME_WAIT = 3,
	TCPTWIN_TIMER_PROBE = 4, /* "persist": zero-window probe */
};

/* One socket as iter/tcp found it, read under its lock where the kernel's iterator takes it. */
struct tcptwin_existing_socket {
	struct tcptwin_header header;     /* time_ns: when this socket was read */
	struct tcptwin_socket socket;     /* cookie: made now if it had none */
	struct tcptwin_evidence evidence; /* of full sockets; else zero */
	uint64_t cgroup;
	uint64_t listener;        /* request socket: address of rsk_listener */
	uint64_t last_segment_ns; /* CLOCK_MONOTONIC, latest segment sent or received; 0 unknown */
	uint64_t began_ns;      /* request socket: first SYN+ACK sent, CLOCK_MONOTONIC; 0 unknown */
	uint64_t inode;         /* of the socket's file; 0: no process can hold it */
	int64_t timer_ns;       /* until the pending timer fires, nanoseconds; negative: overdue */
	uint32_t uid;           /* owner of the socket */
	uint32_t receive_queue; /* bytes not read; LISTEN: connections that wait for accept() */
	uint32_t send_queue;    /* bytes not acknowledged; LISTEN: limit of the accept queue */
	uint32_t half_open;     /* LISTEN: request sockets now */
	uint32_t young;         /* LISTEN: of these, those whose SYN+ACK was sent once */
	uint32_t drops;         /* LISTEN: sk_drops, connections it had to drop */
	uint8_t timer;          /* enum tcptwin_pending_timer */
	uint8_t timeouts;       /* request socket: SYN+ACK time-outs so far */
	uint8_t reserved[6];
};

/* A process that held a TCP socket open when iter/task_file looked. */
struct tcptwin_socket_holder {
	struct tcptwin_header header;
	uint64_t cookie;
	uint64_t address; /* of the socket */
	uint32_t pid;     /* tgid, initial pid namespace */
	uint32_t uid;
	uint32_t descriptor;
	uint32_t reserved;
	char comm[TCPTWIN_COMM_LENGTH];
};

enum tcptwin_census_phase {
	TCPTWIN_CENSUS_BEGAN = 1,
	TCPTWIN_CENSUS_NAMESPACE = 2, /* netns: all its sockets have been listed before this */
	TCPTWIN_CENSUS_REFUSED = 3,   /* netns: could not be entered or read */
	TCPTWIN_CENSUS_HOLDERS = 4,   /* all holders have been listed before this */
	TCPTWIN_CENSUS_ENDED = 5,
};

/* Frames one walk over the kernel's socket tables. Whatever happened before header.time_ns of BEGAN
 * has been delivered before it. */
struct tcptwin_census {
	struct tcptwin_header header;
	uint32_t number;     /* counts from 1 */
	uint32_t netns;      /* NAMESPACE, REFUSED */
	uint32_t error;      /* REFUSED: errno */
	uint8_t phase;       /* enum tcptwin_census_phase */
	uint8_t is_filtered; /* not all sockets are listed: nothing follows from one's absence */
	uint8_t reserved[2];
};

#ifdef __cplusplus
#define TCPTWIN_LAYOUT_ASSERT(type, bytes) static_assert(sizeof(type) == (bytes), #type)
#else
#define TCPTWIN_LAYOUT_ASSERT(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#endif
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_header, 16);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_socket, 72);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_actor, 32);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_evidence, 72);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_state_change, 208);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_socket_event, 96);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_timer_event, 104);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_socket_accepted, 120);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_segment, 168);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_call_path, 600);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_status, 144);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_existing_socket, 240);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_socket_holder, 64);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_census, 32);

#endif /* TCPTWIN_WIRE_H */
