/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Room in the ring buffer, and the record's way to user space. Every attempt is counted, every
 * refusal by kind: emitted = received + lost.
 */
#ifndef TCPTWIN_EMIT_BPF_H
#define TCPTWIN_EMIT_BPF_H

#include "maps.bpf.h"

/* Takes room for one record, zeroed and with its header; NULL if there is none.
 * The time is read after the room is taken: user space may conclude that whatever is older than a
 * moment had its place in the ring at that moment. */
#define reserve_record(type, kind, lost)                                                           \
	((type *)fill_header(bpf_ringbuf_reserve(&records, sizeof(type), 0), sizeof(type), kind,   \
			     lost))

static __always_inline void *fill_header(void *record, __u16 size, enum tcptwin_record_kind kind,
					 enum tcptwin_counter lost)
{
	struct tcptwin_header *header = record;

	count(TCPTWIN_EMITTED);
	if (!record) {
		count(lost);
		return NULL;
	}
	__builtin_memset(record, 0, size);
	header->time_ns = bpf_ktime_get_ns();
	header->kind = kind;
	header->size = size;
	header->cpu = bpf_get_smp_processor_id();
	header->version = TCPTWIN_WIRE_VERSION;
	return record;
}

/* Never wakes the reader: one wake-up an event costs more than everything else together. */
static __always_inline void submit_record(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif /* TCPTWIN_EMIT_BPF_H */
