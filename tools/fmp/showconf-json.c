// SPDX-License-Identifier: GPL-2.0
#include "showconf.h"

#include <json-c/json.h>

#include "fail.h"
#include "identity.h"
#include "json.h"
#include "names.h"
#include "prefix.h"
#include "print.h"

/*
 * Everything is written that the kernel tells, what is so by default too: programs that
 * read it need not know the defaults.  Names and units are those of json.c.
 */

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, uint32_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static void add_switch(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static void append(struct json_object *list, const char *text)
{
	json_object_array_add(list, json_object_new_string(text));
}

/* One of a newer module: a file that has it would not be taken. */
static void add_mode(struct json_object *object, uint8_t mode, uint8_t last, const char *of)
{
	if (mode <= last)
		add_text(object, "mmp_mode", mmp_mode_name(mode));
	else
		warning_word(of, "its mode of reports, %u, is not known and left out", mode);
}

static void add_metrics_words(struct json_object *object, const struct device *device)
{
	if (HAS(device, FMP_A_DEV_MMP_MODE))
		add_mode(object, device->mmp_mode, FMP_MMP_MODE_MINIMAL,
			 device->name ? device->name : "?");
	if (HAS(device, FMP_A_DEV_ECN))
		add_switch(object, "ecn", device->ecn);
	if (HAS(device, FMP_A_DEV_CONGESTION_LOSS))
		add_number(object, "congestion_loss", device->congestion_loss);
	if (HAS(device, FMP_A_DEV_CONGESTION_ETX))
		add_number(object, "congestion_etx", device->congestion_etx);
	if (HAS(device, FMP_A_DEV_TX_BATCH))
		add_switch(object, "tx_batch", device->tx_batch);
	if (HAS(device, FMP_A_DEV_RX_BATCH))
		add_switch(object, "rx_batch", device->rx_batch);
	if (HAS(device, FMP_A_DEV_SUSPEND_WIPE))
		add_switch(object, "suspend_wipe", device->suspend_wipe);
}

static struct json_object *interface_object(const struct device *device)
{
	struct json_object *object = json_object_new_object();

	if (HAS(device, FMP_A_DEV_PORT))
		add_number(object, "port", device->port);
	if (HAS(device, FMP_A_DEV_FWMARK))
		add_number(object, "fwmark", device->fwmark);
	if (HAS(device, FMP_A_DEV_SOURCE_CHECK))
		add_switch(object, "source_check", device->source_check);
	json_object_object_add(object, "local", json_locals(device));
	add_text(object, "underlay", device->underlay ? device->underlay : "");
	if (HAS(device, FMP_A_DEV_TOS) && device->tos == TOS_INHERIT)
		add_text(object, "tos", "inherit");
	else if (HAS(device, FMP_A_DEV_TOS))
		add_number(object, "tos", device->tos);
	if (HAS(device, FMP_A_DEV_TTL))
		add_number(object, "ttl", device->ttl);
	if (HAS(device, FMP_A_DEV_MULTICAST))
		add_switch(object, "multicast", device->multicast);
	if (HAS(device, FMP_A_DEV_HANDSHAKE_BURST))
		add_number(object, "handshake_burst", device->handshake_burst);
	if (HAS(device, FMP_A_DEV_HANDSHAKE_RATE))
		add_number(object, "handshake_rate", device->handshake_rate);
	add_metrics_words(object, device);
	return object;
}

/* The name, for that is what was configured; the address is what became of it. */
static void add_endpoint(struct json_object *object, const struct peer *peer)
{
	char text[ENDPOINT_TEXT];

	if (peer->endpoint_name && *peer->endpoint_name)
		add_text(object, "endpoint", peer->endpoint_name);
	else if (peer_has_endpoint(peer))
		add_text(object, "endpoint", endpoint_text(text, &peer->endpoint));
}

/* The address of the key goes without saying. */
static struct json_object *allowed_list(const struct peer *peer)
{
	struct address derived = { .family = AF_INET6, .v6 = address_of_key(peer->public_key) };
	struct json_object *list = json_object_new_array_ext((int)peer->address_count);
	char text[PREFIX_TEXT];
	struct prefix prefix;
	size_t i;

	for (i = 0; i < peer->address_count; i++) {
		if (address_equal(&peer->addresses[i], &derived))
			continue;
		prefix = prefix_of_host(&peer->addresses[i]);
		append(list, prefix_text(text, &prefix));
	}
	return list;
}

static struct json_object *peer_object(const struct peer *peer)
{
	struct json_object *object = json_object_new_object();
	char npub[NPUB_SIZE];

	npub_encode(npub, peer->public_key);
	add_text(object, "public_key", npub);
	add_endpoint(object, peer);
	json_object_object_add(object, "allowed_ips", allowed_list(peer));
	if (HAS(peer, FMP_A_PEER_AUTO_CONNECT))
		add_switch(object, "auto_connect", peer->auto_connect);
	if (HAS(peer, FMP_A_PEER_HEARTBEAT))
		add_number(object, "heartbeat", peer->heartbeat);
	if (HAS(peer, FMP_A_PEER_DEAD_TIMEOUT))
		add_number(object, "dead_timeout", peer->dead_timeout);
	if (HAS(peer, FMP_A_PEER_MMP_MODE))
		add_mode(object, peer->mmp_mode, FMP_MMP_MODE_DEVICE, npub);
	return object;
}

struct json_object *showconf_json(const struct device *device, const struct peers *peers)
{
	struct json_object *whole = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	json_object_object_add(whole, "interface", interface_object(device));
	for (i = 0; i < peers->count; i++)
		if (!HAS(&peers->list[i], FMP_A_PEER_DYNAMIC))
			json_object_array_add(list, peer_object(&peers->list[i]));
	json_object_object_add(whole, "peers", list);
	return whole;
}
