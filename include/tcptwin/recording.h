/* SPDX-License-Identifier: MIT */
/*
 * A recording: the ring buffer on disk. Written by `record` and --record, read by `replay` and
 * --from; docs/recording-format.md explains it. The records inside are those of wire.h, unchanged.
 *
 *   file    = header, facts, block..., [end block]
 *   block   = block header, payload (codec)
 *   payload = item...            an item is a wire record, or a note (kind >= TCPTWIN_NOTE)
 *
 * Rules: fixed-width fields in the byte order of the machine that wrote it, no implicit padding,
 * every item a multiple of 8 bytes, every size below a limit of this page. A file without an end
 * block is a recording that was cut short: everything up to its last whole block counts.
 */
#ifndef TCPTWIN_RECORDING_H
#define TCPTWIN_RECORDING_H

#include "tcptwin/wire.h"

/* Readers refuse newer ones. New facts, notes and codecs that an old reader may pass over are no
 * new version; those it must understand are. */
#define TCPTWIN_RECORDING_VERSION 1

/* The first byte is no text, the line ends show a transfer that "corrects" them. */
#define TCPTWIN_RECORDING_MAGIC "\211twin\r\n\032"
#define TCPTWIN_RECORDING_MAGIC_LENGTH 8
#define TCPTWIN_RECORDING_BYTE_ORDER 0x01020304u

#define TCPTWIN_RECORDING_FACTS_LIMIT (1024 * 1024) /* bytes */
#define TCPTWIN_RECORDING_BLOCK_LIMIT                                                              \
	(256 * 1024)                      /* bytes of a payload, before and after codec            \
					   */
#define TCPTWIN_RECORDING_PATH_LIMIT 4096 /* bytes of a cgroup's path */

struct tcptwin_recording_header {
	uint8_t magic[TCPTWIN_RECORDING_MAGIC_LENGTH];
	uint32_t byte_order;     /* TCPTWIN_RECORDING_BYTE_ORDER */
	uint16_t version;        /* TCPTWIN_RECORDING_VERSION */
	uint16_t wire_version;   /* TCPTWIN_WIRE_VERSION of the records */
	uint32_t facts_bytes;    /* that follow: lines "name=value\n", UTF-8 */
	uint32_t checksum;       /* CRC-32 of this header, with 0 here, and of the facts */
	uint8_t recording_id[8]; /* random; the same in all files of one --rotate */
	uint32_t file_number;    /* of --rotate, from 1 */
	int32_t utc_offset_s;    /* local time - UTC where it was made, seconds */
	uint64_t start_ns;       /* when the run began, CLOCK_MONOTONIC: what -t counts from */
	uint64_t opened_ns;      /* when this file was begun, CLOCK_MONOTONIC */
	int64_t realtime_minus_monotonic_ns;        /* at start_ns: the run's one clock mapping */
	int64_t opened_realtime_minus_monotonic_ns; /* at opened_ns */
};

#define TCPTWIN_BLOCK_MAGIC 0x4b4c4254u /* "TBLK" */

enum tcptwin_block_kind {
	TCPTWIN_BLOCK_ITEMS = 1, /* payload: items */
	TCPTWIN_BLOCK_END = 2,   /* payload: struct tcptwin_recording_totals; nothing follows */
};

enum tcptwin_block_codec {
	TCPTWIN_CODEC_NONE = 0,
	TCPTWIN_CODEC_ZSTD = 1,
};

struct tcptwin_block_header {
	uint32_t magic;         /* TCPTWIN_BLOCK_MAGIC */
	uint32_t checksum;      /* CRC-32 of this header, with 0 here, and of the stored payload */
	uint32_t stored_bytes;  /* of the payload, as it follows */
	uint32_t payload_bytes; /* after the codec */
	uint64_t number;        /* from 0 in each file, without gaps */
	uint32_t records;       /* wire records in it */
	uint8_t kind;           /* enum tcptwin_block_kind */
	uint8_t codec;          /* enum tcptwin_block_codec */
	uint8_t reserved[2];
};

/* Notes stand between the records and begin with a tcptwin_header too: time_ns, kind, size. Unknown
 * kinds are passed over. */
enum tcptwin_note_kind {
	TCPTWIN_NOTE = 0x8000,
	TCPTWIN_NOTE_TURN = 0x8001, /* header alone: the live run looked up here (and may print) */
	TCPTWIN_NOTE_CGROUP = 0x8002, /* struct tcptwin_cgroup_note; precedes the first use of id */
	TCPTWIN_NOTE_LOST = 0x8003,   /* struct tcptwin_lost_note; records are missing here */
	TCPTWIN_NOTE_FINISH = 0x8004, /* header alone: the run was over, its last records follow */
	TCPTWIN_NOTE_END = 0x8005,    /* struct tcptwin_end_note; the run has ended */
	TCPTWIN_NOTE_BASE = 0x8006,   /* struct tcptwin_base_note; a file that continues another */
	TCPTWIN_NOTE_MALFORMED = 0x8007, /* struct tcptwin_malformed_note */
};

struct tcptwin_cgroup_note {
	struct tcptwin_header header;
	uint64_t id;
	uint32_t path_bytes; /* that follow, filled up with zeros to a multiple of 8 */
	uint32_t reserved;
};

/* What was delivered as a record and is none: decode counts it again. */
struct tcptwin_malformed_note {
	struct tcptwin_header header;
	uint32_t bytes; /* that follow, filled up with zeros to a multiple of 8 */
	uint32_t reserved;
};

struct tcptwin_lost_note {
	struct tcptwin_header header;
	uint64_t records; /* wire records that were not stored: the disk was full, or too slow */
};

struct tcptwin_end_note {
	struct tcptwin_header header; /* time_ns: the end of the run */
	uint64_t failed_censuses;
};

/* The counters of the stream when the file was begun; the run's totals go on from there. */
struct tcptwin_base_note {
	struct tcptwin_header header;
	struct tcptwin_status status;
};

enum tcptwin_recording_end {
	TCPTWIN_END_FINISHED = 1, /* the run was over */
	TCPTWIN_END_ROTATED = 2,  /* the next file continues it */
};

struct tcptwin_recording_totals {
	uint64_t records;       /* wire records stored in this file */
	uint64_t lost;          /* wire records that were not, since this file was begun */
	uint64_t payload_bytes; /* of all blocks, before the codec */
	uint32_t end;           /* enum tcptwin_recording_end */
	uint32_t reserved;
};

TCPTWIN_LAYOUT_ASSERT(struct tcptwin_recording_header, 72);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_block_header, 32);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_cgroup_note, 32);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_malformed_note, 24);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_lost_note, 24);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_end_note, 24);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_base_note, 160);
TCPTWIN_LAYOUT_ASSERT(struct tcptwin_recording_totals, 32);

#endif /* TCPTWIN_RECORDING_H */
