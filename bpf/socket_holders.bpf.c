// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which process holds which TCP socket open, in all network namespaces. An iterator over the files
 * of all tasks; the kernel passes over threads that share their process' files (5.10), so a thread
 * is seen only if its files are its own. It counts as its process.
 */
#include "kernel_types.h"
#include "cgroup.bpf.h"
#include "filter.bpf.h"
#include "read_socket.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define SOCK_STREAM 1

static __always_inline struct sock *tcp_socket_of(struct file *file)
{
	struct socket *socket = bpf_sock_from_file(file);
	struct sock *sk;
	__u16 family;

	if (!socket || socket->type != SOCK_STREAM)
		return NULL;
	sk = socket->sk;
	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return NULL;
	family = sk->__sk_common.skc_family;
	return family == AF_INET || family == AF_INET6 ? sk : NULL;
}

/* Selects a socket of filter_pid on the way, so that existing_sockets lists it. */
static __always_inline __u32 filter_hints(struct sock *sk, __u32 pid)
{
	__u32 hints = sk->__sk_common.skc_state == TCP_LISTEN ? IS_LISTENER : 0;

	if (knobs.filter_pid && pid != knobs.filter_pid)
		return hints;
	if (knobs.filter_cgroup && !is_in_cgroup(socket_cgroup(sk), knobs.filter_cgroup))
		return hints;
	return hints | ACTED_BY_SELECTED;
}

static __always_inline void read_holder(struct tcptwin_socket_holder *out, struct task_struct *task)
{
	struct task_struct *process = BPF_CORE_READ(task, group_leader);

	out->header.time_ns = bpf_ktime_get_ns();
	out->header.kind = TCPTWIN_SOCKET_HOLDER;
	out->header.size = sizeof(*out);
	out->header.cpu = bpf_get_smp_processor_id();
	out->header.version = TCPTWIN_WIRE_VERSION;
	out->uid = BPF_CORE_READ(process, cred, uid.val);
	BPF_CORE_READ_INTO(&out->comm, process, comm);
}

SEC("iter/task_file")
int socket_holders(struct bpf_iter__task_file *ctx)
{
	struct tcptwin_socket_holder record = {};
	struct task_struct *task = ctx->task;
	struct tcptwin_socket socket = {};
	struct file *file = ctx->file;
	struct sock *sk;

	if (!task || !file)
		return 0;
	sk = tcp_socket_of(file);
	if (!sk)
		return 0;
	read_full_socket(&socket, sk);
	if (knobs.have_cookie)
		socket.cookie = bpf_get_socket_cookie(sk);
	record.pid = task->tgid;
	if (!is_wanted(&socket, filter_hints(sk, record.pid)))
		return 0;
	read_holder(&record, task);
	record.cookie = socket.cookie;
	record.address = socket.address;
	record.descriptor = ctx->fd;
	/* Where it does not fit any more, the kernel asks us again about this file. */
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
