/* SPDX-License-Identifier: GPL-2.0-only */
/* Who was running, and whether it was that task's own doing or an interrupt on its back. */
#ifndef TCPTWIN_ACTOR_BPF_H
#define TCPTWIN_ACTOR_BPF_H

#include "maps.bpf.h"

/* inet_csk_listen_stop() ends the children that nobody accepted, and does so without owning them.
 * Whatever else ends such a child leaves an error, and the third ACK made it two segments. */
static __always_inline bool is_ended_by_listener(struct tcp_sock *tp, struct sock *sk,
						 int new_state)
{
	return new_state == TCP_CLOSE && !sk->sk_socket && sk->sk_err == 0 &&
	       !(sk->__sk_common.skc_flags & (1ul << SOCK_DEAD)) && tp->segs_in > 1;
}

/* The socket's lock tells: a process owns it while it acts, a softirq only spins on it and leaves
 * an owned socket alone. The CPU's preempt count would say the same, but a program can refer to
 * it only where kallsyms lists variables, and libbpf resolves it only for CAP_SYS_ADMIN. Which
 * stack is in use says less: an interrupt from user mode serves softirqs on the task's own.
 * A socket that a BPF iterator destroys is locked the way softirqs do, and counted as such. */
static __always_inline __u8 execution_context(struct tcp_sock *tp, struct sock *sk, int new_state)
{
	if (sk->sk_lock.owned || is_ended_by_listener(tp, sk, new_state))
		return TCPTWIN_CONTEXT_PROCESS;
	return TCPTWIN_CONTEXT_SOFTIRQ;
}

/* The name goes with the pid: the process's. A thread may have one of its own, and when a process
 * ends, the last of its threads closes the sockets, whichever that is. */
static __always_inline void read_process_name(struct tcptwin_actor *out)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *process = BPF_CORE_READ(task, group_leader);

	BPF_CORE_READ_INTO(&out->comm, process, comm);
}

static __always_inline void read_actor(struct tcptwin_actor *out, struct sock *sk, __u8 context)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	out->pid = pid_tgid >> 32;
	out->tid = (__u32)pid_tgid;
	out->uid = (__u32)bpf_get_current_uid_gid();
	out->context = context;
	out->socket_locked_by_user = sk->sk_lock.owned != 0;
	read_process_name(out);
}

#endif /* TCPTWIN_ACTOR_BPF_H */
