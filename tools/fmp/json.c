// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#include <stdio.h>

#include "identity.h"
#include "names.h"
#include "print.h"
#include "util.h"

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static void add_public_key(struct json_object *object, const uint8_t *key)
{
	char npub[NPUB_SIZE], hex[2 * FMP_PUBLIC_KEY_SIZE + 1];

	npub_encode(npub, key);
	hex_encode(hex, key, FMP_PUBLIC_KEY_SIZE);
	add_text(object, "public_key", npub);
	add_text(object, "public_key_hex", hex);
}

static void add_epoch(struct json_object *object, const uint8_t *epoch)
{
	char hex[2 * FMP_EPOCH_SIZE + 1];

	hex_encode(hex, epoch, FMP_EPOCH_SIZE);
	add_text(object, "epoch", hex);
}

struct json_object *json_counters(const struct counters *counters)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < counters->count; i++)
		add_number(object, counters->list[i].name, counters->list[i].value);
	return object;
}

struct json_object *json_locals(const struct device *device)
{
	struct json_object *list = json_object_new_array();
	struct address address[2];
	char text[ADDRESS_TEXT];
	size_t i, count = local_addresses(address, device);

	for (i = 0; i < count; i++)
		json_object_array_add(list, json_object_new_string(
					address_text(text, &address[i])));
	return list;
}

/* A string when there is no number to tell. */
static void add_tos(struct json_object *object, const struct device *device)
{
	if (!HAS(device, FMP_A_DEV_TOS))
		return;
	if (device->tos == TOS_INHERIT)
		add_text(object, "tos", "inherit");
	else
		add_number(object, "tos", device->tos);
}

/* With the names and in the units of the specification of the netlink family. */
static void add_trend(struct json_object *object, const char *key, const struct trend *trend)
{
	struct json_object *item = json_object_new_object();

	if (HAS(trend, FMP_A_TREND_SHORT))
		add_number(item, "short", trend->over_short);
	if (HAS(trend, FMP_A_TREND_LONG))
		add_number(item, "long", trend->over_long);
	json_object_object_add(object, key, item);
}

static struct json_object *json_metrics(const struct metrics *metrics)
{
	struct json_object *object = json_object_new_object();

#define NUMBER(attr, member) do {						\
	if (HAS(metrics, FMP_A_METRICS_##attr))					\
		add_number(object, #member, metrics->member);			\
} while (0)
#define SIGNED(attr, member) do {						\
	if (HAS(metrics, FMP_A_METRICS_##attr))					\
		json_object_object_add(object, #member,				\
				       json_object_new_int(metrics->member));	\
} while (0)
#define TREND(attr, member) do {						\
	if (HAS(metrics, FMP_A_METRICS_##attr))					\
		add_trend(object, #member, &metrics->member);			\
} while (0)
	NUMBER(RTT_US, rtt_us);
	NUMBER(RTT_VAR_US, rtt_var_us);
	TREND(RTT_TREND, rtt_trend);
	NUMBER(RTT_AGE_MS, rtt_age_ms);
	NUMBER(TX_LOSS, tx_loss);
	TREND(TX_LOSS_TREND, tx_loss_trend);
	NUMBER(TX_JITTER_US, tx_jitter_us);
	TREND(TX_JITTER_TREND, tx_jitter_trend);
	NUMBER(TX_GOODPUT, tx_goodput);
	TREND(TX_GOODPUT_TREND, tx_goodput_trend);
	SIGNED(TX_OWD_TREND, tx_owd_trend);
	NUMBER(TX_BURST_MAX, tx_burst_max);
	NUMBER(TX_BURST_MEAN, tx_burst_mean);
	NUMBER(TX_BURSTS, tx_bursts);
	NUMBER(TX_REORDERED, tx_reordered);
	NUMBER(TX_CE, tx_ce);
	NUMBER(RX_LOSS, rx_loss);
	NUMBER(RX_JITTER_US, rx_jitter_us);
	SIGNED(RX_OWD_TREND, rx_owd_trend);
	NUMBER(RX_REORDERED, rx_reordered);
	NUMBER(RX_CE, rx_ce);
	NUMBER(ETX, etx);
	TREND(ETX_TREND, etx_trend);
	NUMBER(LINK_COST, link_cost);
	NUMBER(REPORT_AGE_MS, report_age_ms);
	NUMBER(REPORTS_SENT, reports_sent);
	NUMBER(REPORTS_RECEIVED, reports_received);
	NUMBER(REPORTS_IGNORED, reports_ignored);
#undef NUMBER
#undef SIGNED
#undef TREND
	add_bool(object, "congested", HAS(metrics, FMP_A_METRICS_CONGESTED));
	return object;
}

static void add_metrics_words(struct json_object *object, const struct device *device)
{
	if (HAS(device, FMP_A_DEV_MMP_MODE))
		add_text(object, "mmp_mode", mmp_mode_name(device->mmp_mode));
	if (HAS(device, FMP_A_DEV_ECN))
		add_bool(object, "ecn", device->ecn);
	if (HAS(device, FMP_A_DEV_CONGESTION_LOSS))
		add_number(object, "congestion_loss", device->congestion_loss);
	if (HAS(device, FMP_A_DEV_CONGESTION_ETX))
		add_number(object, "congestion_etx", device->congestion_etx);
}

static void add_batch_words(struct json_object *object, const struct device *device)
{
	if (HAS(device, FMP_A_DEV_TX_BATCH))
		add_bool(object, "tx_batch", device->tx_batch);
	if (HAS(device, FMP_A_DEV_RX_BATCH))
		add_bool(object, "rx_batch", device->rx_batch);
}

struct json_object *json_device(const struct device *device)
{
	struct json_object *object = json_object_new_object();

	if (device->name)
		add_text(object, "name", device->name);
	add_number(object, "ifindex", device->ifindex);
	if (HAS(device, FMP_A_DEV_PORT))
		add_number(object, "port", device->port);
	if (HAS(device, FMP_A_DEV_FWMARK))
		add_number(object, "fwmark", device->fwmark);
	if (HAS(device, FMP_A_DEV_SOURCE_CHECK))
		add_bool(object, "source_check", device->source_check);
	if (HAS(device, FMP_A_DEV_LOCAL_IPV4) || HAS(device, FMP_A_DEV_LOCAL_IPV6))
		json_object_object_add(object, "local", json_locals(device));
	if (device->underlay)
		add_text(object, "underlay", device->underlay);
	add_tos(object, device);
	if (HAS(device, FMP_A_DEV_TTL))
		add_number(object, "ttl", device->ttl);
	if (HAS(device, FMP_A_DEV_MULTICAST))
		add_bool(object, "multicast", device->multicast);
	if (HAS(device, FMP_A_DEV_HANDSHAKE_BURST))
		add_number(object, "handshake_burst", device->handshake_burst);
	if (HAS(device, FMP_A_DEV_HANDSHAKE_RATE))
		add_number(object, "handshake_rate", device->handshake_rate);
	add_metrics_words(object, device);
	add_batch_words(object, device);
	if (HAS(device, FMP_A_DEV_SUSPEND_WIPE))
		add_bool(object, "suspend_wipe", device->suspend_wipe);
	if (HAS(device, FMP_A_DEV_EPOCH))
		add_epoch(object, device->epoch);
	if (HAS(device, FMP_A_DEV_AGENT))
		add_bool(object, "agent", device->agent);
	if (HAS(device, FMP_A_DEV_PEERS))
		add_number(object, "peer_count", device->peers);
	if (device->counters.count)
		json_object_object_add(object, "counters", json_counters(&device->counters));
	return object;
}

struct json_object *json_session(const struct session *session)
{
	struct json_object *object = json_object_new_object();

	if (HAS(session, FMP_A_SESSION_PUBLIC_KEY))
		add_public_key(object, session->public_key);
	add_number(object, "local_index", session->local_index);
	if (HAS(session, FMP_A_SESSION_REMOTE_INDEX))
		add_number(object, "remote_index", session->remote_index);
	if (HAS(session, FMP_A_SESSION_SLOT)) {
		add_text(object, "slot", slot_name(session->slot));
		add_bool(object, "initiator", HAS(session, FMP_A_SESSION_INITIATOR));
	}
	if (HAS(session, FMP_A_SESSION_K_BIT))
		add_number(object, "k_bit", session->k_bit);
	if (HAS(session, FMP_A_SESSION_SEND_COUNTER))
		add_number(object, "send_counter", session->send_counter);
	if (HAS(session, FMP_A_SESSION_RECEIVE_HIGHEST))
		add_number(object, "receive_highest", session->receive_highest);
	if (HAS(session, FMP_A_SESSION_AGE_MS))
		add_number(object, "age_ms", session->age_ms);
	if (HAS(session, FMP_A_SESSION_EPOCH))
		add_epoch(object, session->epoch);
	if (HAS(session, FMP_A_SESSION_SLOT))
		add_bool(object, "candidate", HAS(session, FMP_A_SESSION_CANDIDATE));
	if (HAS(session, FMP_A_SESSION_REKEY_MS))
		add_number(object, "rekey_ms", session->rekey_ms);
	return object;
}

static struct json_object *address_list(const struct peer *peer)
{
	struct json_object *list = json_object_new_array();
	char text[ADDRESS_TEXT];
	size_t i;

	for (i = 0; i < peer->address_count; i++)
		json_object_array_add(list, json_object_new_string(
					address_text(text, &peer->addresses[i])));
	return list;
}

static struct json_object *session_list(const struct sessions *sessions)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < sessions->count; i++)
		json_object_array_add(list, json_session(&sessions->list[i]));
	return list;
}

/* What the agent goes by. */
static void add_agent_words(struct json_object *object, const struct peer *peer)
{
	if (peer->endpoint_name)
		add_text(object, "endpoint_name", peer->endpoint_name);
	if (HAS(peer, FMP_A_PEER_AUTO_CONNECT)) {
		add_bool(object, "auto_connect", peer->auto_connect);
		add_bool(object, "dynamic", HAS(peer, FMP_A_PEER_DYNAMIC));
	}
	if (HAS(peer, FMP_A_PEER_HEARTBEAT))
		add_number(object, "heartbeat", peer->heartbeat);
	if (HAS(peer, FMP_A_PEER_EPOCH))
		add_epoch(object, peer->epoch);
	if (HAS(peer, FMP_A_PEER_HANDSHAKE_MS))
		add_number(object, "handshake_ms", peer->handshake_ms);
}

static void add_link(struct json_object *object, const struct peer *peer)
{
	if (HAS(peer, FMP_A_PEER_STATE))
		add_text(object, "state", peer_state_name(peer->state));
	if (HAS(peer, FMP_A_PEER_STATE_MS))
		add_number(object, "state_ms", peer->state_ms);
	if (HAS(peer, FMP_A_PEER_DEAD_TIMEOUT))
		add_number(object, "dead_timeout", peer->dead_timeout);
	if (HAS(peer, FMP_A_PEER_MMP_MODE))
		add_text(object, "mmp_mode", mmp_mode_name(peer->mmp_mode));
	if (HAS(peer, FMP_A_PEER_METRICS))
		json_object_object_add(object, "metrics", json_metrics(&peer->metrics));
}

static void add_traffic(struct json_object *object, const struct peer *peer)
{
	if (HAS(peer, FMP_A_PEER_RX_PACKETS))
		add_number(object, "rx_packets", peer->rx_packets);
	if (HAS(peer, FMP_A_PEER_RX_BYTES))
		add_number(object, "rx_bytes", peer->rx_bytes);
	if (HAS(peer, FMP_A_PEER_TX_PACKETS))
		add_number(object, "tx_packets", peer->tx_packets);
	if (HAS(peer, FMP_A_PEER_TX_BYTES))
		add_number(object, "tx_bytes", peer->tx_bytes);
	if (HAS(peer, FMP_A_PEER_LAST_RX_MS))
		add_number(object, "last_rx_ms", peer->last_rx_ms);
	if (HAS(peer, FMP_A_PEER_FAILURES))
		add_number(object, "failures", peer->failures);
	if (peer->counters.count)
		json_object_object_add(object, "counters", json_counters(&peer->counters));
}

struct json_object *json_peer(const struct peer *peer, const struct sessions *sessions)
{
	struct json_object *object = json_object_new_object();
	char node[2 * FMP_NODE_ADDR_SIZE + 1], endpoint[ENDPOINT_TEXT];

	add_public_key(object, peer->public_key);
	if (HAS(peer, FMP_A_PEER_NODE_ADDR)) {
		hex_encode(node, peer->node_addr, sizeof(peer->node_addr));
		add_text(object, "node_addr", node);
	}
	if (peer_has_endpoint(peer))
		add_text(object, "endpoint", endpoint_text(endpoint, &peer->endpoint));
	json_object_object_add(object, "addresses", address_list(peer));
	add_agent_words(object, peer);
	add_link(object, peer);
	add_traffic(object, peer);
	if (sessions)
		json_object_object_add(object, "sessions", session_list(sessions));
	return object;
}

struct json_object *json_key(const uint8_t *key)
{
	struct json_object *object = json_object_new_object();

	add_public_key(object, key);
	return object;
}

static void print_with(struct json_object *object, int flags)
{
	puts(json_object_to_json_string_ext(object, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

void json_print(struct json_object *object)
{
	print_with(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void json_print_line(struct json_object *object)
{
	print_with(object, JSON_C_TO_STRING_PLAIN);
}
