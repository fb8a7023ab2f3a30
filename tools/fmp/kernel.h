/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_KERNEL_H
#define FMP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl.h"
#include "object.h"

/*
 * The operations of the netlink family.  They return a status after having said
 * what went wrong; name is that of the device, for messages.
 */

struct target {
	const char *name;
	uint32_t ifindex;
};

struct devices {
	struct device *list;
	size_t count;
};

struct peers {
	struct peer *list;
	size_t count;
};

struct sessions {
	struct session *list;
	size_t count;
};

/* All devices of the namespace, by name. */
int kernel_devices(struct nl *nl, struct devices *out);
int kernel_device(struct nl *nl, const struct target *target, struct devices *out);

/* All peers of a device, the one heard last first. */
int kernel_peers(struct nl *nl, const struct target *target, struct peers *out);

/* The same in two: an error number without a word, and what there is to say of it. */
int kernel_try_peers(struct nl *nl, const struct target *target, struct peers *out);
int kernel_peers_refused(struct nl *nl, int err, const struct target *target);

int kernel_peer(struct nl *nl, const struct target *target, const uint8_t *key,
		struct peers *out);

/* All sessions of a device: by peer, and by slot within a peer. */
int kernel_sessions(struct nl *nl, const struct target *target, struct sessions *out);
int kernel_session(struct nl *nl, const struct target *target, uint32_t local_index,
		   struct sessions *out);

/* The sessions of one peer within what kernel_sessions() gave. */
struct sessions sessions_of(const struct sessions *all, const uint8_t *key);

void devices_release(struct devices *devices);
void peers_release(struct peers *peers);
void sessions_release(struct sessions *sessions);

struct device_change {
	bool set_port, set_fwmark, set_source_check;
	bool set_local4, set_local6, set_underlay, set_tos, set_ttl, set_multicast;
	bool set_handshake_burst, set_handshake_rate;
	bool set_mmp_mode, set_ecn, set_congestion_loss, set_congestion_etx;
	bool set_tx_batch, set_rx_batch, set_suspend_wipe;
	uint16_t port;
	uint32_t fwmark;
	bool source_check;
	struct in_addr local4;
	struct in6_addr local6;
	const char *underlay;	/* empty for any */
	uint8_t tos;
	uint8_t ttl;
	bool multicast;
	uint32_t handshake_burst;
	uint32_t handshake_rate;
	uint8_t mmp_mode;
	bool ecn;
	uint16_t congestion_loss;
	uint16_t congestion_etx;
	bool tx_batch;
	bool rx_batch;
	bool suspend_wipe;
};

/* Whether anything is set. */
bool device_change_any(const struct device_change *change);

int kernel_device_set(struct nl *nl, const struct target *target,
		      const struct device_change *change);

struct address_change {
	struct address address;
	bool remove;
};

struct peer_change {
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	bool set_endpoint, replace_addresses, remove;
	bool set_endpoint_name, set_auto_connect, set_heartbeat;
	bool set_dead_timeout, set_mmp_mode;
	bool dynamic;			/* of a new peer only */
	struct endpoint endpoint;
	const char *endpoint_name;	/* empty for none */
	bool auto_connect;
	uint16_t heartbeat;		/* seconds, 0 for none */
	uint16_t dead_timeout;		/* seconds, 0 for never */
	uint8_t mmp_mode;
	struct address_change *addresses;
	size_t address_count;
};

void peer_change_release(struct peer_change *change);

int kernel_peer_new(struct nl *nl, const struct target *target,
		    const struct peer_change *change);
int kernel_peer_set(struct nl *nl, const struct target *target,
		    const struct peer_change *change);
int kernel_peer_del(struct nl *nl, const struct target *target, const uint8_t *key);

/* Asks for a new session for a peer, or for all peers when the key is NULL. */
int kernel_rekey(struct nl *nl, const struct target *target, const uint8_t *key);

/* Changes a peer, or adds it when there is none; removes it when that is wanted. */
int kernel_peer_put(struct nl *nl, const struct target *target,
		    const struct peer_change *change);

struct session_new {
	uint8_t peer[FMP_PUBLIC_KEY_SIZE];
	bool choose_index;
	uint32_t local_index;	/* chosen by the kernel when choose_index is set */
	uint32_t remote_index;
	const uint8_t *send_key;
	const uint8_t *receive_key;
	bool initiator;
	bool candidate;		/* nobody here asked for it */
	const uint8_t *epoch;	/* of the peer, FMP_EPOCH_SIZE bytes; NULL when it is not known */
};

int kernel_session_new(struct nl *nl, const struct target *target,
		       struct session_new *session);
int kernel_session_del(struct nl *nl, const struct target *target, uint32_t local_index);

/*
 * For a program that goes on whatever happens: these say nothing, and return 0 or a
 * negative error number.
 */
int kernel_try_peer_new(struct nl *nl, const struct target *target,
			const struct peer_change *change);
int kernel_try_peer_set(struct nl *nl, const struct target *target,
			const struct peer_change *change);
int kernel_try_peer_del(struct nl *nl, const struct target *target, const uint8_t *key);
int kernel_try_session_new(struct nl *nl, const struct target *target,
			   struct session_new *session);
int kernel_try_session_del(struct nl *nl, const struct target *target, uint32_t local_index);
int kernel_try_session(struct nl *nl, const struct target *target, uint32_t local_index,
		       struct session *out);

/*
 * The operations of an agent.  Binding returns a status after having said what went
 * wrong, as that another agent serves the device; nl stays bound until it is closed.
 * The others say nothing and return 0 or a negative error number; they need not come
 * from the socket that is bound.
 */
int kernel_agent_bind(struct nl *nl, const struct target *target);
int kernel_agent_unbind(struct nl *nl, const struct target *target);

/* -ENOSPC when the peer has as many as it may have. */
int kernel_index_reserve(struct nl *nl, const struct target *target, const uint8_t *key,
			 uint32_t *local_index);
int kernel_index_release(struct nl *nl, const struct target *target, uint32_t local_index);

/* A first or second handshake message, of its exact size. */
int kernel_handshake_send(struct nl *nl, const struct target *target, const uint8_t *frame,
			  size_t len, const struct path *path);

/* The cause is told if the event is that it failed. */
int kernel_handshake_report(struct nl *nl, const struct target *target, const uint8_t *key,
			    enum fmp_handshake_event event, enum fmp_handshake_cause cause);

/* Why a peer is left (spec 2.5). */
enum disconnect_reason {
	DISCONNECT_SHUTDOWN			= 0x00,
	DISCONNECT_CONFIGURATION_CHANGE		= 0x06,
};

/* Under the current session of a peer, if it has one. */
int kernel_disconnect(struct nl *nl, const struct target *target, const uint8_t *key,
		      enum disconnect_reason reason);

/* A link message, as a Disconnect, under the current session of a peer. */
int kernel_link_send(struct nl *nl, const struct target *target, const uint8_t *key,
		     const void *payload, size_t len);

#endif /* FMP_KERNEL_H */
