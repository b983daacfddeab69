/* SPDX-License-Identifier: GPL-2.0-only */
/* The cgroup a socket was born in. It comes from the socket itself, so no bystander is blamed. */
#ifndef TCPTWIN_CGROUP_BPF_H
#define TCPTWIN_CGROUP_BPF_H

#include "maps.bpf.h"

#define CGROUP_DEPTH 16

static __always_inline struct cgroup *socket_cgroup(struct sock *sk)
{
	struct sock_cgroup_data___before_5_15 *before;
	__u64 value;

	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return sk->sk_cgrp_data.cgroup;
	if (!bpf_core_field_exists(sk->sk_cgrp_data))
		return NULL; /* no CONFIG_SOCK_CGROUP_DATA */
	before = (void *)&sk->sk_cgrp_data;
	if (!bpf_core_field_exists(before->val))
		return NULL;
	value = BPF_CORE_READ(before, val);
	/* Before 5.15 a socket with a cgroup v1 class has bit 0 set and no pointer. */
	return value & 1 ? NULL : (struct cgroup *)value;
}

static __always_inline __u64 cgroup_id(struct cgroup *cgroup)
{
	return cgroup ? BPF_CORE_READ(cgroup, kn, id) : 0;
}

/* Without a probe where the kernel's types allow. */
static __always_inline __u64 socket_cgroup_id(struct sock *sk, struct cgroup *cgroup)
{
	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return sk->sk_cgrp_data.cgroup->kn->id;
	return cgroup_id(cgroup);
}

static __always_inline __u64 ancestor_id(struct cgroup *cgroup, int level)
{
	struct cgroup___before_6_1 *before = (void *)cgroup;
	struct cgroup *ancestor = NULL;
	__u64 id = 0;

	if (bpf_core_field_exists(cgroup->ancestors)) {
		bpf_probe_read_kernel(&ancestor, sizeof(ancestor),
				      (void *)cgroup + bpf_core_field_offset(cgroup->ancestors) +
					      level * sizeof(ancestor));
		return cgroup_id(ancestor);
	}
	if (bpf_core_field_exists(before->ancestor_ids))
		bpf_probe_read_kernel(&id, sizeof(id),
				      (void *)before + bpf_core_field_offset(before->ancestor_ids) +
					      level * sizeof(id));
	return id;
}

/* The cgroup `id` itself, or one below it. */
static __always_inline bool is_in_cgroup(struct cgroup *cgroup, __u64 id)
{
	int deepest, level;

	if (!cgroup)
		return false;
	if (cgroup_id(cgroup) == id)
		return true;
	deepest = BPF_CORE_READ(cgroup, level);
	for (level = 0; level < CGROUP_DEPTH; level++) {
		if (level >= deepest)
			return false;
		if (ancestor_id(cgroup, level) == id)
			return true;
	}
	return false;
}

#endif /* TCPTWIN_CGROUP_BPF_H */
