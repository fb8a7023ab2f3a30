// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "identity.h"
#include "util.h"

void devices_release(struct devices *devices)
{
	while (devices->count)
		device_release(&devices->list[--devices->count]);
	free(devices->list);
	devices->list = NULL;
}

void peers_release(struct peers *peers)
{
	while (peers->count)
		peer_release(&peers->list[--peers->count]);
	free(peers->list);
	peers->list = NULL;
}

void sessions_release(struct sessions *sessions)
{
	free(sessions->list);
	memset(sessions, 0, sizeof(*sessions));
}

static int add_device(const struct nlmsghdr *reply, void *arg)
{
	struct devices *devices = arg;

	devices->list = grow(devices->list, devices->count, sizeof(*devices->list));
	return device_decode(&devices->list[devices->count++], reply);
}

static int add_peer(const struct nlmsghdr *reply, void *arg)
{
	struct peers *peers = arg;

	peers->list = grow(peers->list, peers->count, sizeof(*peers->list));
	return peer_decode(&peers->list[peers->count++], reply);
}

static int add_session(const struct nlmsghdr *reply, void *arg)
{
	struct sessions *sessions = arg;

	sessions->list = grow(sessions->list, sessions->count, sizeof(*sessions->list));
	return session_decode(&sessions->list[sessions->count++], reply);
}

static void restart_devices(void *arg)
{
	devices_release(arg);
}

static void restart_peers(void *arg)
{
	peers_release(arg);
}

static void restart_sessions(void *arg)
{
	sessions_release(arg);
}

static int by_name(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static int by_last_rx(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;
	uint64_t heard_x = HAS(x, FMP_A_PEER_LAST_RX_MS) ? x->last_rx_ms : UINT64_MAX;
	uint64_t heard_y = HAS(y, FMP_A_PEER_LAST_RX_MS) ? y->last_rx_ms : UINT64_MAX;

	if (heard_x != heard_y)
		return heard_x < heard_y ? -1 : 1;
	return memcmp(x->public_key, y->public_key, sizeof(x->public_key));
}

static int by_peer(const void *a, const void *b)
{
	const struct session *x = a, *y = b;
	int order = memcmp(x->public_key, y->public_key, sizeof(x->public_key));

	if (order)
		return order;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->local_index > y->local_index) - (x->local_index < y->local_index);
}

static int by_key(const void *key, const void *member)
{
	const struct session *session = member;

	return memcmp(key, session->public_key, sizeof(session->public_key));
}

struct sessions sessions_of(const struct sessions *all, const uint8_t *key)
{
	struct sessions found = { 0 };
	struct session *first, *end;

	if (!all->count)
		return found;
	first = bsearch(key, all->list, all->count, sizeof(*all->list), by_key);
	if (!first)
		return found;

	end = first + 1;
	while (first > all->list && by_key(key, first - 1) == 0)
		first--;
	while (end < all->list + all->count && by_key(key, end) == 0)
		end++;
	found.list = first;
	found.count = (size_t)(end - first);
	return found;
}

static void sort(void *list, size_t count, size_t size,
		 int (*compare)(const void *, const void *))
{
	if (count)
		qsort(list, count, size, compare);
}

/*
 * The error number alone could also mean an operation that an older module lacks;
 * only the module explains.
 */
static bool other_kind(const struct nl *nl, int err)
{
	return err == -EOPNOTSUPP && nl_explained(nl);
}

static int failed(struct nl *nl, int err, const struct target *target, const char *what)
{
	if (other_kind(nl, err))
		return refused_word(target->name, "not an fmp device");
	return nl_refused(nl, err, "%s of '%s'", what, target->name);
}

static int failed_peer(struct nl *nl, int err, const struct target *target, const uint8_t *key,
		       const char *what)
{
	char npub[NPUB_SIZE];

	if (other_kind(nl, err))
		return failed(nl, err, target, what);
	npub_encode(npub, key);
	return nl_refused(nl, err, "%s '%s' of '%s'", what, npub, target->name);
}

static int failed_session(struct nl *nl, int err, const struct target *target, uint32_t index,
			  const char *what)
{
	if (other_kind(nl, err))
		return failed(nl, err, target, what);
	return nl_refused(nl, err, "%s 0x%08x of '%s'", what, index, target->name);
}

int kernel_devices(struct nl *nl, struct devices *out)
{
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init(&msg, FMP_CMD_DEV_GET);
	err = nl_dump(nl, &msg, add_device, restart_devices, out);
	message_free(&msg);
	if (err) {
		devices_release(out);
		return nl_refused(nl, err, "cannot list the fmp devices");
	}
	sort(out->list, out->count, sizeof(*out->list), by_name);
	return STATUS_OK;
}

int kernel_device(struct nl *nl, const struct target *target, struct devices *out)
{
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init(&msg, FMP_CMD_DEV_GET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, target->ifindex);
	err = nl_do(nl, &msg, add_device, out);
	message_free(&msg);
	if (!err && out->count != 1)
		err = -EBADMSG;
	if (err) {
		devices_release(out);
		return failed(nl, err, target, "cannot get the configuration");
	}
	return STATUS_OK;
}

int kernel_try_peers(struct nl *nl, const struct target *target, struct peers *out)
{
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init(&msg, FMP_CMD_PEER_GET);
	put_u32(&msg, FMP_A_PEER_IFINDEX, target->ifindex);
	err = nl_dump(nl, &msg, add_peer, restart_peers, out);
	message_free(&msg);
	if (err)
		peers_release(out);
	else
		sort(out->list, out->count, sizeof(*out->list), by_last_rx);
	return err;
}

int kernel_peers_refused(struct nl *nl, int err, const struct target *target)
{
	return failed(nl, err, target, "cannot list the peers");
}

int kernel_peers(struct nl *nl, const struct target *target, struct peers *out)
{
	int err = kernel_try_peers(nl, target, out);

	return err ? kernel_peers_refused(nl, err, target) : STATUS_OK;
}

static void put_peer(struct message *msg, const struct target *target, const uint8_t *key)
{
	put_u32(msg, FMP_A_PEER_IFINDEX, target->ifindex);
	put_data(msg, FMP_A_PEER_PUBLIC_KEY, key, FMP_PUBLIC_KEY_SIZE);
}

int kernel_peer(struct nl *nl, const struct target *target, const uint8_t *key,
		struct peers *out)
{
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init(&msg, FMP_CMD_PEER_GET);
	put_peer(&msg, target, key);
	err = nl_do(nl, &msg, add_peer, out);
	message_free(&msg);
	if (!err && out->count != 1)
		err = -EBADMSG;
	if (err) {
		peers_release(out);
		return failed_peer(nl, err, target, key, "cannot get the peer");
	}
	return STATUS_OK;
}

int kernel_sessions(struct nl *nl, const struct target *target, struct sessions *out)
{
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init(&msg, FMP_CMD_SESSION_GET);
	put_u32(&msg, FMP_A_SESSION_IFINDEX, target->ifindex);
	err = nl_dump(nl, &msg, add_session, restart_sessions, out);
	message_free(&msg);
	if (err) {
		sessions_release(out);
		return failed(nl, err, target, "cannot list the sessions");
	}
	sort(out->list, out->count, sizeof(*out->list), by_peer);
	return STATUS_OK;
}

static void put_session(struct message *msg, const struct target *target, uint32_t local_index)
{
	put_u32(msg, FMP_A_SESSION_IFINDEX, target->ifindex);
	put_u32(msg, FMP_A_SESSION_LOCAL_INDEX, local_index);
}

int kernel_session(struct nl *nl, const struct target *target, uint32_t local_index,
		   struct sessions *out)
{
	struct message msg;
	int err;

	memset(out, 0, sizeof(*out));
	message_init(&msg, FMP_CMD_SESSION_GET);
	put_session(&msg, target, local_index);
	err = nl_do(nl, &msg, add_session, out);
	message_free(&msg);
	if (!err && out->count != 1)
		err = -EBADMSG;
	if (err) {
		sessions_release(out);
		return failed_session(nl, err, target, local_index, "cannot get the session");
	}
	return STATUS_OK;
}

bool device_change_any(const struct device_change *change)
{
	return change->set_port || change->set_fwmark || change->set_source_check ||
	       change->set_local4 || change->set_local6 || change->set_underlay ||
	       change->set_tos || change->set_ttl || change->set_multicast ||
	       change->set_handshake_burst || change->set_handshake_rate ||
	       change->set_mmp_mode || change->set_ecn || change->set_congestion_loss ||
	       change->set_congestion_etx || change->set_tx_batch || change->set_rx_batch ||
	       change->set_suspend_wipe;
}

static void put_metrics_words(struct message *msg, const struct device_change *change)
{
	if (change->set_mmp_mode)
		put_u8(msg, FMP_A_DEV_MMP_MODE, change->mmp_mode);
	if (change->set_ecn)
		put_u8(msg, FMP_A_DEV_ECN, change->ecn);
	if (change->set_congestion_loss)
		put_u16(msg, FMP_A_DEV_CONGESTION_LOSS, change->congestion_loss);
	if (change->set_congestion_etx)
		put_u16(msg, FMP_A_DEV_CONGESTION_ETX, change->congestion_etx);
}

static void put_batch_words(struct message *msg, const struct device_change *change)
{
	if (change->set_tx_batch)
		put_u8(msg, FMP_A_DEV_TX_BATCH, change->tx_batch);
	if (change->set_rx_batch)
		put_u8(msg, FMP_A_DEV_RX_BATCH, change->rx_batch);
}

int kernel_device_set(struct nl *nl, const struct target *target,
		      const struct device_change *change)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_DEV_SET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, target->ifindex);
	if (change->set_port)
		put_u16(&msg, FMP_A_DEV_PORT, change->port);
	if (change->set_fwmark)
		put_u32(&msg, FMP_A_DEV_FWMARK, change->fwmark);
	if (change->set_source_check)
		put_u8(&msg, FMP_A_DEV_SOURCE_CHECK, change->source_check);
	if (change->set_local4)
		put_data(&msg, FMP_A_DEV_LOCAL_IPV4, &change->local4, sizeof(change->local4));
	if (change->set_local6)
		put_data(&msg, FMP_A_DEV_LOCAL_IPV6, &change->local6, sizeof(change->local6));
	if (change->set_underlay)
		put_string(&msg, FMP_A_DEV_UNDERLAY, change->underlay);
	if (change->set_tos)
		put_u8(&msg, FMP_A_DEV_TOS, change->tos);
	if (change->set_ttl)
		put_u8(&msg, FMP_A_DEV_TTL, change->ttl);
	if (change->set_multicast)
		put_u8(&msg, FMP_A_DEV_MULTICAST, change->multicast);
	if (change->set_handshake_burst)
		put_u32(&msg, FMP_A_DEV_HANDSHAKE_BURST, change->handshake_burst);
	if (change->set_handshake_rate)
		put_u32(&msg, FMP_A_DEV_HANDSHAKE_RATE, change->handshake_rate);
	put_metrics_words(&msg, change);
	put_batch_words(&msg, change);
	if (change->set_suspend_wipe)
		put_u8(&msg, FMP_A_DEV_SUSPEND_WIPE, change->suspend_wipe);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);

	return err ? failed(nl, err, target, "cannot change the configuration") : STATUS_OK;
}

static void put_endpoint(struct message *msg, const struct endpoint *endpoint)
{
	put_u16(msg, FMP_A_PEER_ENDPOINT_PORT, htons(endpoint->port));
	if (endpoint->address.family == AF_INET) {
		put_data(msg, FMP_A_PEER_ENDPOINT_IPV4, &endpoint->address.v4,
			 sizeof(endpoint->address.v4));
		return;
	}
	put_data(msg, FMP_A_PEER_ENDPOINT_IPV6, &endpoint->address.v6,
		 sizeof(endpoint->address.v6));
	if (endpoint->scope_id)
		put_u32(msg, FMP_A_PEER_ENDPOINT_SCOPE_ID, endpoint->scope_id);
}

static void put_address(struct message *msg, const struct address_change *change)
{
	size_t nest = nest_open(msg, FMP_A_PEER_ADDRESS);

	if (change->address.family == AF_INET)
		put_data(msg, FMP_A_ADDRESS_IPV4, &change->address.v4,
			 sizeof(change->address.v4));
	else
		put_data(msg, FMP_A_ADDRESS_IPV6, &change->address.v6,
			 sizeof(change->address.v6));
	if (change->remove)
		put_flag(msg, FMP_A_ADDRESS_REMOVE);
	nest_close(msg, nest);
}

static void put_peer_words(struct message *msg, const struct peer_change *change)
{
	if (change->set_endpoint_name)
		put_string(msg, FMP_A_PEER_ENDPOINT_NAME, change->endpoint_name);
	if (change->set_auto_connect)
		put_u8(msg, FMP_A_PEER_AUTO_CONNECT, change->auto_connect);
	if (change->set_heartbeat)
		put_u16(msg, FMP_A_PEER_HEARTBEAT, change->heartbeat);
	if (change->set_dead_timeout)
		put_u16(msg, FMP_A_PEER_DEAD_TIMEOUT, change->dead_timeout);
	if (change->set_mmp_mode)
		put_u8(msg, FMP_A_PEER_MMP_MODE, change->mmp_mode);
}

/* A new peer has no addresses that could be taken away. */
static int send_peer(struct nl *nl, uint8_t command, const struct target *target,
		     const struct peer_change *change)
{
	bool fresh = command == FMP_CMD_PEER_NEW;
	struct message msg;
	size_t i;
	int err;

	message_init(&msg, command);
	put_peer(&msg, target, change->key);
	if (change->set_endpoint)
		put_endpoint(&msg, &change->endpoint);
	put_peer_words(&msg, change);
	if (change->dynamic && fresh)
		put_flag(&msg, FMP_A_PEER_DYNAMIC);
	if (change->replace_addresses && !fresh)
		put_flag(&msg, FMP_A_PEER_REPLACE_ADDRESSES);
	for (i = 0; i < change->address_count; i++)
		if (!(fresh && change->addresses[i].remove))
			put_address(&msg, &change->addresses[i]);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

void peer_change_release(struct peer_change *change)
{
	free(change->addresses);
}

int kernel_try_peer_new(struct nl *nl, const struct target *target,
			const struct peer_change *change)
{
	return send_peer(nl, FMP_CMD_PEER_NEW, target, change);
}

int kernel_try_peer_set(struct nl *nl, const struct target *target,
			const struct peer_change *change)
{
	return send_peer(nl, FMP_CMD_PEER_SET, target, change);
}

int kernel_peer_new(struct nl *nl, const struct target *target, const struct peer_change *change)
{
	int err = send_peer(nl, FMP_CMD_PEER_NEW, target, change);

	return err ? failed_peer(nl, err, target, change->key, "cannot add the peer") : STATUS_OK;
}

int kernel_peer_set(struct nl *nl, const struct target *target, const struct peer_change *change)
{
	int err = send_peer(nl, FMP_CMD_PEER_SET, target, change);

	return err ? failed_peer(nl, err, target, change->key, "cannot change the peer") : STATUS_OK;
}

int kernel_try_peer_del(struct nl *nl, const struct target *target, const uint8_t *key)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_PEER_DEL);
	put_peer(&msg, target, key);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

/* Else the other end sends into nothing until it misses us. Most have no session. */
static void tell_removal(struct nl *nl, const struct target *target, const uint8_t *key)
{
	kernel_disconnect(nl, target, key, DISCONNECT_CONFIGURATION_CHANGE);
}

int kernel_peer_del(struct nl *nl, const struct target *target, const uint8_t *key)
{
	int err;

	tell_removal(nl, target, key);
	err = kernel_try_peer_del(nl, target, key);
	return err ? failed_peer(nl, err, target, key, "cannot remove the peer") : STATUS_OK;
}

int kernel_peer_put(struct nl *nl, const struct target *target, const struct peer_change *change)
{
	int err;

	if (change->remove) {
		tell_removal(nl, target, change->key);
		err = kernel_try_peer_del(nl, target, change->key);
		if (!err || err == -ENOENT)
			return STATUS_OK;
		return failed_peer(nl, err, target, change->key, "cannot remove the peer");
	}

	err = send_peer(nl, FMP_CMD_PEER_SET, target, change);
	if (err == -ENOENT)
		err = send_peer(nl, FMP_CMD_PEER_NEW, target, change);
	return err ? failed_peer(nl, err, target, change->key, "cannot set the peer") : STATUS_OK;
}

int kernel_rekey(struct nl *nl, const struct target *target, const uint8_t *key)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_REKEY);
	put_u32(&msg, FMP_A_PEER_IFINDEX, target->ifindex);
	if (key)
		put_data(&msg, FMP_A_PEER_PUBLIC_KEY, key, FMP_PUBLIC_KEY_SIZE);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);

	if (!err)
		return STATUS_OK;
	if (key)
		return failed_peer(nl, err, target, key, "cannot rekey the peer");
	return failed(nl, err, target, "cannot rekey the peers");
}

static int take_index(const struct nlmsghdr *reply, void *arg)
{
	struct session session = { 0 };
	uint32_t *index = arg;
	int err = session_decode(&session, reply);

	if (!err)
		*index = session.local_index;
	return err;
}

int kernel_try_session_new(struct nl *nl, const struct target *target,
			   struct session_new *session)
{
	struct message msg;
	int err;

	message_init_secret(&msg, FMP_CMD_SESSION_NEW);
	put_u32(&msg, FMP_A_SESSION_IFINDEX, target->ifindex);
	put_data(&msg, FMP_A_SESSION_PUBLIC_KEY, session->peer, sizeof(session->peer));
	if (!session->choose_index)
		put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, session->local_index);
	put_u32(&msg, FMP_A_SESSION_REMOTE_INDEX, session->remote_index);
	put_data(&msg, FMP_A_SESSION_SEND_KEY, session->send_key, FMP_KEY_SIZE);
	put_data(&msg, FMP_A_SESSION_RECEIVE_KEY, session->receive_key, FMP_KEY_SIZE);
	if (session->initiator)
		put_flag(&msg, FMP_A_SESSION_INITIATOR);
	if (session->epoch)
		put_data(&msg, FMP_A_SESSION_EPOCH, session->epoch, FMP_EPOCH_SIZE);
	if (session->candidate)
		put_flag(&msg, FMP_A_SESSION_CANDIDATE);
	err = nl_do(nl, &msg, take_index, &session->local_index);
	message_free(&msg);
	return err;
}

int kernel_session_new(struct nl *nl, const struct target *target, struct session_new *session)
{
	int err = kernel_try_session_new(nl, target, session);

	if (err)
		return failed_peer(nl, err, target, session->peer, "cannot add a session to the peer");
	return STATUS_OK;
}

int kernel_try_session_del(struct nl *nl, const struct target *target, uint32_t local_index)
{
	struct message msg;
	int err;

	message_init(&msg, FMP_CMD_SESSION_DEL);
	put_session(&msg, target, local_index);
	err = nl_do(nl, &msg, NULL, NULL);
	message_free(&msg);
	return err;
}

int kernel_session_del(struct nl *nl, const struct target *target, uint32_t local_index)
{
	int err = kernel_try_session_del(nl, target, local_index);

	if (err)
		return failed_session(nl, err, target, local_index, "cannot remove the session");
	return STATUS_OK;
}
