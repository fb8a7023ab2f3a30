// SPDX-License-Identifier: GPL-2.0
#include "apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fail.h"
#include "identity.h"
#include "util.h"

/* What is changed, and what there is to look at meanwhile. */
struct job {
	struct nl *nl;
	const struct target *target;
	const struct conf *conf;
	enum apply_mode mode;
	struct applied *applied;
	struct peers peers;
	const struct conf_peer **by_key;	/* those of conf */
	struct address *wanted;			/* the addresses that some peer of conf has */
	size_t wanted_count;
};

/* --- the device */

/*
 * A module from before there were metrics, or batches, refuses such words: it gets those
 * that the file has, so that somebody learns of it.
 */
static void set_later_words(struct device_change *change, const struct conf_interface *conf,
			    const struct device *device, bool all)
{
	change->set_mmp_mode = !HAS(device, FMP_A_DEV_MMP_MODE) ? conf->has_mmp :
			       all || conf->mmp_mode != device->mmp_mode;
	change->set_ecn = !HAS(device, FMP_A_DEV_ECN) ? conf->has_ecn :
			  all || conf->ecn != device->ecn;
	change->set_congestion_loss = !HAS(device, FMP_A_DEV_CONGESTION_LOSS) ? conf->has_loss :
				      all || conf->congestion_loss != device->congestion_loss;
	change->set_congestion_etx = !HAS(device, FMP_A_DEV_CONGESTION_ETX) ? conf->has_etx :
				     all || conf->congestion_etx != device->congestion_etx;
	change->set_tx_batch = !HAS(device, FMP_A_DEV_TX_BATCH) ? conf->has_tx_batch :
			       all || conf->tx_batch != device->tx_batch;
	change->set_rx_batch = !HAS(device, FMP_A_DEV_RX_BATCH) ? conf->has_rx_batch :
			       all || conf->rx_batch != device->rx_batch;
	change->set_suspend_wipe = !HAS(device, FMP_A_DEV_SUSPEND_WIPE) ? conf->has_suspend_wipe :
				   all || conf->suspend_wipe != device->suspend_wipe;
}

static void set_everything(struct device_change *change)
{
	change->set_port = change->set_fwmark = change->set_source_check = true;
	change->set_local4 = change->set_local6 = change->set_underlay = true;
	change->set_tos = change->set_ttl = change->set_multicast = true;
	change->set_handshake_burst = change->set_handshake_rate = true;
}

static void set_what_is_said(struct device_change *change, const struct conf_interface *conf)
{
	change->set_port = conf->has_port;
	change->set_fwmark = conf->has_mark;
	change->set_source_check = conf->has_source_check;
	change->set_local4 = change->set_local6 = conf->has_local;
	change->set_underlay = conf->underlay;
	change->set_tos = conf->has_tos;
	change->set_ttl = conf->has_ttl;
	change->set_multicast = conf->has_multicast;
	change->set_handshake_burst = conf->has_burst;
	change->set_handshake_rate = conf->has_rate;
	change->set_mmp_mode = conf->has_mmp;
	change->set_ecn = conf->has_ecn;
	change->set_congestion_loss = conf->has_loss;
	change->set_congestion_etx = conf->has_etx;
	change->set_tx_batch = conf->has_tx_batch;
	change->set_rx_batch = conf->has_rx_batch;
	change->set_suspend_wipe = conf->has_suspend_wipe;
}

/* Port 0 asks for any, and the device may have one by now. */
static void set_what_differs(struct device_change *change, const struct conf_interface *conf,
			     const struct device *device)
{
	const char *underlay = device->underlay ? device->underlay : "";

	change->set_port = conf->port && conf->port != device->port;
	change->set_fwmark = conf->mark != device->fwmark;
	change->set_source_check = conf->source_check != device->source_check;
	change->set_local4 = conf->local4.s_addr != device->local4.s_addr;
	change->set_local6 = !IN6_ARE_ADDR_EQUAL(&conf->local6, &device->local6);
	change->set_underlay = strcmp(change->underlay, underlay) != 0;
	change->set_tos = conf->tos != device->tos;
	change->set_ttl = conf->ttl != device->ttl;
	change->set_multicast = conf->multicast != device->multicast;
	change->set_handshake_burst = conf->burst != device->handshake_burst;
	change->set_handshake_rate = conf->rate != device->handshake_rate;
}

static struct device_change device_of(const struct conf_interface *conf)
{
	return (struct device_change){
		.port = conf->port,
		.fwmark = conf->mark,
		.source_check = conf->source_check,
		.local4 = conf->local4,
		.local6 = conf->local6,
		.underlay = conf->underlay ? conf->underlay : "",
		.tos = conf->tos,
		.ttl = conf->ttl,
		.multicast = conf->multicast,
		.handshake_burst = conf->burst,
		.handshake_rate = conf->rate,
		.mmp_mode = conf->mmp_mode,
		.ecn = conf->ecn,
		.congestion_loss = conf->congestion_loss,
		.congestion_etx = conf->congestion_etx,
		.tx_batch = conf->tx_batch,
		.rx_batch = conf->rx_batch,
		.suspend_wipe = conf->suspend_wipe,
	};
}

static int apply_device(const struct job *job)
{
	const struct conf_interface *conf = &job->conf->interface;
	struct device_change change = device_of(conf);
	struct devices devices;
	int status;

	if (job->mode == APPLY_ADD) {
		set_what_is_said(&change, conf);
	} else {
		status = kernel_device(job->nl, job->target, &devices);
		if (status)
			return status;
		if (job->mode == APPLY_SET)
			set_everything(&change);
		else
			set_what_differs(&change, conf, devices.list);
		set_later_words(&change, conf, devices.list, job->mode == APPLY_SET);
		devices_release(&devices);
	}
	if (!device_change_any(&change))
		return STATUS_OK;
	status = kernel_device_set(job->nl, job->target, &change);
	job->applied->device = !status;
	return status;
}

/* --- a peer */

static int compare_addresses(const void *a, const void *b)
{
	const struct address *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(&x->v6, &y->v6, x->family == AF_INET ? sizeof(x->v4) : sizeof(x->v6));
}

static bool is_derived(const struct address *address, const uint8_t *key)
{
	struct in6_addr derived = address_of_key(key);

	return address->family == AF_INET6 && IN6_ARE_ADDR_EQUAL(&address->v6, &derived);
}

static void add_address(struct peer_change *change, const struct address *address, bool removal)
{
	struct address_change item = { .address = *address, .remove = removal };

	change->addresses = grow(change->addresses, change->address_count, sizeof(item));
	change->addresses[change->address_count++] = item;
}

/* The address of its key is every peer's anyway. */
static void add_addresses(struct peer_change *change, const struct conf_peer *peer)
{
	size_t i;

	for (i = 0; i < peer->allowed.count; i++) {
		const struct prefix *prefix = &peer->allowed.list[i];

		if (prefix_is_host(prefix) && !is_derived(&prefix->address, peer->key))
			add_address(change, &prefix->address, false);
	}
}

static bool has_address(const struct peer *peer, const struct address *address)
{
	size_t i;

	for (i = 0; i < peer->address_count; i++)
		if (address_equal(&peer->addresses[i], address))
			return true;
	return false;
}

static bool same_addresses(const struct peer_change *change, const struct peer *peer)
{
	size_t i, own = 0;

	for (i = 0; i < peer->address_count; i++)
		own += !is_derived(&peer->addresses[i], peer->public_key);
	if (own != change->address_count)
		return false;
	for (i = 0; i < change->address_count; i++)
		if (!has_address(peer, &change->addresses[i].address))
			return false;
	return true;
}

static void set_endpoint(struct peer_change *change, const struct conf_peer *peer)
{
	change->set_endpoint_name = true;
	change->endpoint_name = peer->endpoint;
	change->set_endpoint = peer->numeric;
	change->endpoint = peer->where;
}

static struct peer_change new_peer(const struct conf_peer *peer)
{
	struct peer_change change = {
		.set_auto_connect = true, .auto_connect = peer->auto_connect,
		.set_heartbeat = true, .heartbeat = peer->heartbeat,
		.set_dead_timeout = peer->has_dead_timeout, .dead_timeout = peer->dead_timeout,
		.set_mmp_mode = peer->has_mmp, .mmp_mode = peer->mmp_mode,
	};

	memcpy(change.key, peer->key, sizeof(change.key));
	if (peer->endpoint)
		set_endpoint(&change, peer);
	add_addresses(&change, peer);
	return change;
}

static struct peer_change added_peer(const struct conf_peer *peer)
{
	struct peer_change change = new_peer(peer);

	change.set_auto_connect = peer->has_auto_connect || peer->endpoint;
	change.set_heartbeat = peer->has_heartbeat;
	return change;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->scope_id == b->scope_id &&
	       address_equal(&a->address, &b->address);
}

/*
 * The endpoint that was configured is compared, for the peer may have moved since.
 * It is not known of a peer that was given an address only.
 */
static void compare_endpoints(struct peer_change *change, const struct conf_peer *conf,
			      const struct peer *peer)
{
	bool named = peer->endpoint_name && *peer->endpoint_name;

	if (!conf->endpoint) {
		change->set_endpoint_name = named;
		change->endpoint_name = "";
		return;
	}
	if (named && strcmp(conf->endpoint, peer->endpoint_name) == 0)
		return;
	set_endpoint(change, conf);
	if (conf->numeric && peer_has_endpoint(peer) &&
	    same_endpoint(&conf->where, &peer->endpoint)) {
		change->set_endpoint = false;
		change->set_endpoint_name = named;
	}
}

static struct peer_change changed_peer(const struct conf_peer *conf, const struct peer *peer)
{
	struct peer_change change = {
		.auto_connect = conf->auto_connect, .heartbeat = conf->heartbeat,
		.dead_timeout = conf->dead_timeout, .mmp_mode = conf->mmp_mode,
	};

	memcpy(change.key, conf->key, sizeof(change.key));
	compare_endpoints(&change, conf, peer);
	change.set_auto_connect = conf->auto_connect != peer->auto_connect;
	change.set_heartbeat = conf->heartbeat != peer->heartbeat;
	change.set_dead_timeout = !HAS(peer, FMP_A_PEER_DEAD_TIMEOUT) ? conf->has_dead_timeout :
				  conf->dead_timeout != peer->dead_timeout;
	change.set_mmp_mode = !HAS(peer, FMP_A_PEER_MMP_MODE) ? conf->has_mmp :
			      conf->mmp_mode != peer->mmp_mode;

	add_addresses(&change, conf);
	change.replace_addresses = !same_addresses(&change, peer);
	if (!change.replace_addresses)
		change.address_count = 0;
	return change;
}

static bool changes_peer(const struct peer_change *change)
{
	return change->set_endpoint || change->set_endpoint_name || change->set_auto_connect ||
	       change->set_heartbeat || change->set_dead_timeout || change->set_mmp_mode ||
	       change->replace_addresses || change->address_count;
}

/* --- all peers */

static int by_key(const void *a, const void *b)
{
	const struct conf_peer *const *x = a, *const *y = b;

	return memcmp((*x)->key, (*y)->key, FMP_PUBLIC_KEY_SIZE);
}

static int key_of(const void *key, const void *member)
{
	const struct conf_peer *const *peer = member;

	return memcmp(key, (*peer)->key, FMP_PUBLIC_KEY_SIZE);
}

static const struct conf_peer *find_conf(const struct job *job, const uint8_t *key)
{
	const struct conf_peer **found;

	found = bsearch(key, job->by_key, job->conf->peer_count, sizeof(*job->by_key), key_of);
	return found ? *found : NULL;
}

static int by_public_key(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;

	return memcmp(x->public_key, y->public_key, FMP_PUBLIC_KEY_SIZE);
}

static int public_key_of(const void *key, const void *member)
{
	const struct peer *peer = member;

	return memcmp(key, peer->public_key, FMP_PUBLIC_KEY_SIZE);
}

/* One that the kernel has and keeps. */
static const struct peer *find_kept(const struct job *job, const uint8_t *key)
{
	const struct peer *peer;

	if (job->mode == APPLY_SET || !job->peers.count)
		return NULL;
	peer = bsearch(key, job->peers.list, job->peers.count, sizeof(*job->peers.list),
		       public_key_of);
	return peer && !HAS(peer, FMP_A_PEER_DYNAMIC) ? peer : NULL;
}

static void prepare(struct job *job)
{
	const struct conf *conf = job->conf;
	size_t i, j, count = 0;

	job->by_key = xcalloc(conf->peer_count, sizeof(*job->by_key));
	for (i = 0; i < conf->peer_count; i++) {
		job->by_key[i] = &conf->peers[i];
		count += conf->peers[i].allowed.count;
	}
	qsort(job->by_key, conf->peer_count, sizeof(*job->by_key), by_key);

	job->wanted = xcalloc(count, sizeof(*job->wanted));
	for (i = 0; i < conf->peer_count; i++)
		for (j = 0; j < conf->peers[i].allowed.count; j++)
			if (prefix_is_host(&conf->peers[i].allowed.list[j]))
				job->wanted[job->wanted_count++] =
					conf->peers[i].allowed.list[j].address;
	qsort(job->wanted, job->wanted_count, sizeof(*job->wanted), compare_addresses);

	if (job->peers.count)
		qsort(job->peers.list, job->peers.count, sizeof(*job->peers.list), by_public_key);
}

/*
 * A dynamic peer that is configured from now on is made anew: nothing makes a
 * configured one of it.  One that the file does not know is the agent's business.
 */
static bool is_to_go(const struct job *job, const struct peer *peer)
{
	bool dynamic = HAS(peer, FMP_A_PEER_DYNAMIC);

	if (job->mode == APPLY_SET)
		return true;
	if (find_conf(job, peer->public_key))
		return dynamic;
	return job->mode == APPLY_SYNC && !dynamic;
}

/* It may have gone by itself meanwhile. */
static int remove_peers(const struct job *job)
{
	struct peer_change change = { .remove = true };
	int status = STATUS_OK;
	size_t i;

	for (i = 0; i < job->peers.count && !status; i++) {
		if (!is_to_go(job, &job->peers.list[i]))
			continue;
		memcpy(change.key, job->peers.list[i].public_key, sizeof(change.key));
		status = kernel_peer_put(job->nl, job->target, &change);
		job->applied->removed += !status;
	}
	return status;
}

static bool is_of(const struct conf_peer *peer, const struct address *address)
{
	struct prefix prefix = prefix_of_host(address);
	size_t i;

	for (i = 0; i < peer->allowed.count; i++)
		if (prefix_equal(&peer->allowed.list[i], &prefix))
			return true;
	return false;
}

/* An address that moves to another peer must be free before it is given away. */
static int free_addresses(const struct job *job)
{
	const struct conf_peer *conf;
	const struct peer *peer;
	int status = STATUS_OK;
	size_t i, j;

	for (i = 0; i < job->conf->peer_count && !status; i++) {
		struct peer_change change = { 0 };

		conf = &job->conf->peers[i];
		peer = find_kept(job, conf->key);
		for (j = 0; peer && j < peer->address_count; j++) {
			const struct address *address = &peer->addresses[j];

			if (!is_of(conf, address) &&
			    bsearch(address, job->wanted, job->wanted_count, sizeof(*job->wanted),
				    compare_addresses))
				add_address(&change, address, true);
		}
		if (change.address_count) {
			memcpy(change.key, conf->key, sizeof(change.key));
			status = kernel_peer_set(job->nl, job->target, &change);
		}
		peer_change_release(&change);
	}
	return status;
}

/* An agent may have let the peer in meanwhile. */
static int add_peer(const struct job *job, const struct peer_change *change)
{
	int err = kernel_try_peer_new(job->nl, job->target, change);

	if (!err)
		return STATUS_OK;
	if (err == -EEXIST && kernel_peer_del(job->nl, job->target, change->key))
		return STATUS_REFUSED;
	return kernel_peer_new(job->nl, job->target, change);
}

static int put_peer(const struct job *job, const struct conf_peer *conf)
{
	const struct peer *peer = find_kept(job, conf->key);
	struct peer_change change;
	int status = STATUS_OK;

	if (!peer)
		change = new_peer(conf);
	else if (job->mode == APPLY_ADD)
		change = added_peer(conf);
	else
		change = changed_peer(conf, peer);

	if (!peer) {
		status = add_peer(job, &change);
		job->applied->added += !status;
	} else if (changes_peer(&change)) {
		status = kernel_peer_set(job->nl, job->target, &change);
		job->applied->changed += !status;
	}
	peer_change_release(&change);
	return status;
}

static int apply_peers(struct job *job)
{
	int status;
	size_t i;

	status = kernel_peers(job->nl, job->target, &job->peers);
	if (status)
		return status;

	prepare(job);
	status = remove_peers(job);
	if (!status && job->mode == APPLY_SYNC)
		status = free_addresses(job);
	for (i = 0; i < job->conf->peer_count && !status; i++)
		status = put_peer(job, &job->conf->peers[i]);

	free(job->by_key);
	free(job->wanted);
	peers_release(&job->peers);
	return status;
}

int apply_conf(struct nl *nl, const struct target *target, const struct conf *conf,
	       enum apply_mode mode, struct applied *applied)
{
	struct applied unwanted = { 0 };
	struct job job = {
		.nl = nl, .target = target, .conf = conf, .mode = mode,
		.applied = applied ? applied : &unwanted,
	};
	int status = apply_device(&job);

	/* What the device refuses, as a port that is taken, leaves the peers as they are. */
	return status ? status : apply_peers(&job);
}
