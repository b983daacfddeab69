/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user's filters. A port that is 0 is not known yet (connect() chooses one after
 * CLOSE -> SYN_SENT) or no more (tcp_disconnect() wipes the tuple): such records pass, user space
 * filters again once it knows the connection.
 */
#ifndef TCPTWIN_FILTER_BPF_H
#define TCPTWIN_FILTER_BPF_H

#include "maps.bpf.h"
#include "read_socket.bpf.h"

/* What the one who asks knows beyond the addresses. */
enum filter_hint {
	ACTED_BY_SELECTED = 1u << 0, /* filter_pid and filter_cgroup, where set, match this event */
	IS_LISTENER = 1u << 1,
	IS_CHILD = 1u << 2, /* of a listener: its first or second event */
};

static __always_inline bool listed(__u32 port, __u32 list)
{
	__u32 *bits = bpf_map_lookup_elem(&port_filter, &port);

	return bits && *bits & list;
}

static __always_inline bool ports_match(const struct tcptwin_socket *socket, __u32 hints)
{
	__u8 lists = knobs.filter_ports;
	__u16 local = socket->local_port;
	__u16 remote = socket->remote_port;

	if (lists & TCPTWIN_PORT_LOCAL && local && !listed(local, TCPTWIN_PORT_LOCAL))
		return false;
	if (lists & TCPTWIN_PORT_REMOTE) {
		if (hints & IS_LISTENER)
			return false;
		if (remote && !listed(remote, TCPTWIN_PORT_REMOTE))
			return false;
	}
	if (lists & TCPTWIN_PORT_EITHER) {
		bool unknown = !local || (!remote && !(hints & IS_LISTENER));

		if (!unknown && !listed(local, TCPTWIN_PORT_EITHER) &&
		    !listed(remote, TCPTWIN_PORT_EITHER))
			return false;
	}
	return true;
}

static __always_inline bool is_mapped(const __u8 *address)
{
	const __u32 *words = (const __u32 *)address;

	return words[0] == 0 && words[1] == 0 && words[2] == bpf_htonl(0xffff);
}

/* An IPv6 socket that talks to ::ffff:a.b.c.d is an IPv4 connection. Before 6.18 a child still
 * shows its listener's addresses when it is born, so nothing can be said of it. */
static __always_inline bool family_matches(const struct tcptwin_socket *socket, __u32 hints)
{
	__u16 family = socket->family;

	if (hints & IS_CHILD && socket->remote_port == 0)
		return true;
	if (family == AF_INET6 &&
	    (is_mapped(socket->remote_address) || is_mapped(socket->local_address)))
		family = AF_INET;
	return family == knobs.filter_family;
}

static __always_inline __u64 selection_key(const struct tcptwin_socket *socket)
{
	return socket->cookie ? socket->cookie : socket->address;
}

static __always_inline bool select_socket(const struct tcptwin_socket *socket, __u32 hints)
{
	__u64 key = selection_key(socket);
	__u8 present = 1;

	/* A child that has no cookie yet is selected with its second event, which brings one: its
	 * address would select whatever is put there later. */
	if (hints & IS_CHILD && knobs.have_cookie && !socket->cookie)
		return true;
	if (bpf_map_update_elem(&selected_sockets, &key, &present, BPF_ANY))
		count(TCPTWIN_SELECTION_FULL);
	if (hints & IS_LISTENER) {
		struct listener_key place = {.netns = socket->netns, .port = socket->local_port};

		if (bpf_map_update_elem(&selected_listeners, &place, &present, BPF_ANY))
			count(TCPTWIN_SELECTION_FULL);
	}
	return true;
}

/* An address serves the next socket as soon as this one is gone. */
static __always_inline void forget_selected(struct sock *sk)
{
	__u64 address = (__u64)sk;

	if (!knobs.have_cookie && (knobs.filter_pid || knobs.filter_cgroup))
		bpf_map_delete_elem(&selected_sockets, &address);
}

/* -p and --cgroup: a socket belongs to whoever acted on it, from then on until its TIME_WAIT ends;
 * children and half-open connections belong with the listener at their local port. */
static __always_inline bool is_selected(const struct tcptwin_socket *socket, __u32 hints)
{
	struct listener_key place = {.netns = socket->netns, .port = socket->local_port};
	__u64 key = selection_key(socket);

	if (bpf_map_lookup_elem(&selected_sockets, &key))
		return hints & IS_LISTENER ? select_socket(socket, hints) : true;
	if (hints & ACTED_BY_SELECTED)
		return select_socket(socket, hints);
	if (!bpf_map_lookup_elem(&selected_listeners, &place))
		return false;
	if (hints & IS_CHILD)
		return select_socket(socket, hints);
	return socket->kind == TCPTWIN_REQUEST_SOCKET || socket->kind == TCPTWIN_NO_SOCKET;
}

static __always_inline bool is_wanted(const struct tcptwin_socket *socket, __u32 hints)
{
	if (knobs.filter_netns && socket->netns != knobs.filter_netns)
		return false;
	if (knobs.filter_family && !family_matches(socket, hints))
		return false;
	if (knobs.filter_ports && !ports_match(socket, hints))
		return false;
	if ((knobs.filter_pid || knobs.filter_cgroup) && !is_selected(socket, hints))
		return false;
	return true;
}

/* For records other than state changes, which carry no old and new state to tell from. */
static __always_inline bool is_wanted_beside(const struct tcptwin_socket *socket)
{
	return is_wanted(socket, socket->state == TCP_LISTEN ? IS_LISTENER : 0);
}

#endif /* TCPTWIN_FILTER_BPF_H */
