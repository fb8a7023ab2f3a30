// SPDX-License-Identifier: GPL-2.0
#include "object.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum kind {
	KIND_U8,
	KIND_U16,
	KIND_BE16,
	KIND_U32,		/* of either sign */
	KIND_UINT,	/* four or eight bytes on the wire */
	KIND_BINARY,
	KIND_BYTES,	/* a binary of at most the size given */
	KIND_STRING,
	KIND_FLAG,
	KIND_NEST,
};

struct field {
	uint16_t type;
	uint8_t kind;
	uint16_t size;		/* of a binary */
	size_t offset;
	size_t length;		/* offset of the length of a binary that has no fixed one */
	int (*nest)(void *field, const struct nlattr *nest);
};

struct table {
	const struct field *fields;
	size_t count;
};

static char *copy_string(const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);
	const char *text = mnl_attr_get_payload(attr);
	char *copy = xcalloc(len + 1, 1);

	memcpy(copy, text, strnlen(text, len));
	return copy;
}

static int read_uint(uint64_t *value, const struct nlattr *attr)
{
	uint32_t small;

	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(small):
		memcpy(&small, mnl_attr_get_payload(attr), sizeof(small));
		*value = small;
		return 0;
	case sizeof(*value):
		memcpy(value, mnl_attr_get_payload(attr), sizeof(*value));
		return 0;
	}
	return -EBADMSG;
}

static int copy_exact(void *to, const struct nlattr *attr, size_t size)
{
	if (mnl_attr_get_payload_len(attr) != size)
		return -EBADMSG;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return 0;
}

static int copy_bytes(const struct field *field, const struct nlattr *attr, void *object)
{
	size_t *length = (size_t *)(void *)((char *)object + field->length);
	size_t size = mnl_attr_get_payload_len(attr);

	if (size > field->size)
		return -EBADMSG;
	memcpy((char *)object + field->offset, mnl_attr_get_payload(attr), size);
	*length = size;
	return 0;
}

static int read_field(const struct field *field, const struct nlattr *attr, void *object)
{
	void *to = (char *)object + field->offset;
	char **text = to;
	uint16_t *be16 = to;
	int err;

	switch ((enum kind)field->kind) {
	case KIND_U8:
		return copy_exact(to, attr, sizeof(uint8_t));
	case KIND_U16:
		return copy_exact(to, attr, sizeof(uint16_t));
	case KIND_BE16:
		err = copy_exact(to, attr, sizeof(uint16_t));
		*be16 = ntohs(*be16);
		return err;
	case KIND_U32:
		return copy_exact(to, attr, sizeof(uint32_t));
	case KIND_UINT:
		return read_uint(to, attr);
	case KIND_BINARY:
		return copy_exact(to, attr, field->size);
	case KIND_BYTES:
		return copy_bytes(field, attr, object);
	case KIND_STRING:
		free(*text);
		*text = copy_string(attr);
		return 0;
	case KIND_FLAG:
		return 0;
	case KIND_NEST:
		return field->nest(to, attr);
	}
	return -EBADMSG;
}

static const struct field *find_field(const struct table *table, uint16_t type)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		if (table->fields[i].type == type)
			return &table->fields[i];
	return NULL;
}

/* Attributes that are not in the table come from a newer kernel and are passed over. */
static int decode(const struct table *table, const void *attrs, size_t len, void *object,
		  uint64_t *present)
{
	const struct field *field;
	const struct nlattr *attr;
	int err;

	mnl_attr_for_each_payload(attrs, len) {
		field = find_field(table, mnl_attr_get_type(attr));
		if (!field)
			continue;
		err = read_field(field, attr, object);
		if (err)
			return err;
		*present |= UINT64_C(1) << field->type;
	}
	return 0;
}

static int decode_nest(const struct table *table, const struct nlattr *nest, void *object,
		       uint64_t *present)
{
	return decode(table, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), object,
		      present);
}

static int decode_message(const struct table *table, const struct nlmsghdr *msg, void *object,
			  uint64_t *present)
{
	size_t skip = sizeof(struct genlmsghdr);

	return decode(table, mnl_nlmsg_get_payload_offset(msg, skip),
		      mnl_nlmsg_get_payload_len(msg) - skip, object, present);
}

#define FIELD(set, attr, k, object, member) \
	{ .type = FMP_A_##set##_##attr, .kind = (k), .offset = offsetof(object, member) }
#define BINARY(set, attr, object, member) \
	{ .type = FMP_A_##set##_##attr, .kind = KIND_BINARY, \
	  .offset = offsetof(object, member), .size = sizeof(((object *)0)->member) }
#define BYTES(set, attr, object, member, len) \
	{ .type = FMP_A_##set##_##attr, .kind = KIND_BYTES, \
	  .offset = offsetof(object, member), .size = sizeof(((object *)0)->member), \
	  .length = offsetof(object, len) }
#define NEST(set, attr, object, member, fn) \
	{ .type = FMP_A_##set##_##attr, .kind = KIND_NEST, \
	  .offset = offsetof(object, member), .nest = (fn) }
#define FLAG(set, attr) { .type = FMP_A_##set##_##attr, .kind = KIND_FLAG }
#define TABLE(f) { .fields = (f), .count = ARRAY_SIZE(f) }

static const struct field counter_fields[] = {
	FIELD(COUNTER, NAME, KIND_STRING, struct counter, name),
	FIELD(COUNTER, VALUE, KIND_UINT, struct counter, value),
};

static const struct table counter_table = TABLE(counter_fields);

static int add_counter(void *to, const struct nlattr *nest)
{
	struct counters *counters = to;
	struct counter counter = { 0 };
	uint64_t present = 0;
	int err;

	err = decode_nest(&counter_table, nest, &counter, &present);
	if (!err && !counter.name)
		err = -EBADMSG;
	if (err) {
		free(counter.name);
		return err;
	}
	counters->list = grow(counters->list, counters->count, sizeof(counter));
	counters->list[counters->count++] = counter;
	return 0;
}

static const struct field address_fields[] = {
	BINARY(ADDRESS, IPV4, struct address, v4),
	BINARY(ADDRESS, IPV6, struct address, v6),
};

static const struct table address_table = TABLE(address_fields);

static int add_address(void *to, const struct nlattr *nest)
{
	struct peer *peer = (struct peer *)((char *)to - offsetof(struct peer, addresses));
	struct address address = { 0 };
	uint64_t present = 0;
	int err;

	err = decode_nest(&address_table, nest, &address, &present);
	if (err)
		return err;
	if (present == UINT64_C(1) << FMP_A_ADDRESS_IPV4)
		address.family = AF_INET;
	else if (present == UINT64_C(1) << FMP_A_ADDRESS_IPV6)
		address.family = AF_INET6;
	else
		return -EBADMSG;

	peer->addresses = grow(peer->addresses, peer->address_count, sizeof(address));
	peer->addresses[peer->address_count++] = address;
	return 0;
}

static const struct field trend_fields[] = {
	FIELD(TREND, SHORT, KIND_UINT, struct trend, over_short),
	FIELD(TREND, LONG, KIND_UINT, struct trend, over_long),
};

static const struct table trend_table = TABLE(trend_fields);

static int read_trend(void *to, const struct nlattr *nest)
{
	struct trend *trend = to;

	return decode_nest(&trend_table, nest, trend, &trend->present);
}

#define METRIC(attr, kind, member) FIELD(METRICS, attr, kind, struct metrics, member)
#define TREND(attr, member) NEST(METRICS, attr, struct metrics, member, read_trend)

static const struct field metrics_fields[] = {
	METRIC(RTT_US, KIND_UINT, rtt_us),
	METRIC(RTT_VAR_US, KIND_UINT, rtt_var_us),
	TREND(RTT_TREND, rtt_trend),
	METRIC(RTT_AGE_MS, KIND_UINT, rtt_age_ms),
	METRIC(TX_LOSS, KIND_U32, tx_loss),
	TREND(TX_LOSS_TREND, tx_loss_trend),
	METRIC(TX_JITTER_US, KIND_U32, tx_jitter_us),
	TREND(TX_JITTER_TREND, tx_jitter_trend),
	METRIC(TX_GOODPUT, KIND_UINT, tx_goodput),
	TREND(TX_GOODPUT_TREND, tx_goodput_trend),
	METRIC(TX_OWD_TREND, KIND_U32, tx_owd_trend),
	METRIC(TX_BURST_MAX, KIND_U16, tx_burst_max),
	METRIC(TX_BURST_MEAN, KIND_U16, tx_burst_mean),
	METRIC(TX_BURSTS, KIND_U32, tx_bursts),
	METRIC(TX_REORDERED, KIND_U32, tx_reordered),
	METRIC(TX_CE, KIND_U32, tx_ce),
	METRIC(RX_LOSS, KIND_U32, rx_loss),
	METRIC(RX_JITTER_US, KIND_U32, rx_jitter_us),
	METRIC(RX_OWD_TREND, KIND_U32, rx_owd_trend),
	METRIC(RX_REORDERED, KIND_U32, rx_reordered),
	METRIC(RX_CE, KIND_U32, rx_ce),
	METRIC(ETX, KIND_U32, etx),
	TREND(ETX_TREND, etx_trend),
	METRIC(LINK_COST, KIND_U32, link_cost),
	METRIC(REPORT_AGE_MS, KIND_UINT, report_age_ms),
	METRIC(REPORTS_SENT, KIND_UINT, reports_sent),
	METRIC(REPORTS_RECEIVED, KIND_UINT, reports_received),
	METRIC(REPORTS_IGNORED, KIND_UINT, reports_ignored),
	FLAG(METRICS, CONGESTED),
};

static const struct table metrics_table = TABLE(metrics_fields);

static int read_metrics(void *to, const struct nlattr *nest)
{
	struct metrics *metrics = to;

	return decode_nest(&metrics_table, nest, metrics, &metrics->present);
}

static const struct field device_fields[] = {
	FIELD(DEV, IFINDEX, KIND_U32, struct device, ifindex),
	FIELD(DEV, IFNAME, KIND_STRING, struct device, name),
	FIELD(DEV, PORT, KIND_U16, struct device, port),
	FIELD(DEV, FWMARK, KIND_U32, struct device, fwmark),
	FIELD(DEV, SOURCE_CHECK, KIND_U8, struct device, source_check),
	BINARY(DEV, LOCAL_IPV4, struct device, local4),
	BINARY(DEV, LOCAL_IPV6, struct device, local6),
	FIELD(DEV, UNDERLAY, KIND_STRING, struct device, underlay),
	FIELD(DEV, TOS, KIND_U8, struct device, tos),
	FIELD(DEV, TTL, KIND_U8, struct device, ttl),
	FIELD(DEV, MULTICAST, KIND_U8, struct device, multicast),
	FIELD(DEV, PEERS, KIND_U32, struct device, peers),
	BINARY(DEV, EPOCH, struct device, epoch),
	FIELD(DEV, AGENT, KIND_U8, struct device, agent),
	FIELD(DEV, HANDSHAKE_BURST, KIND_U32, struct device, handshake_burst),
	FIELD(DEV, HANDSHAKE_RATE, KIND_U32, struct device, handshake_rate),
	FIELD(DEV, MMP_MODE, KIND_U8, struct device, mmp_mode),
	FIELD(DEV, ECN, KIND_U8, struct device, ecn),
	FIELD(DEV, CONGESTION_LOSS, KIND_U16, struct device, congestion_loss),
	FIELD(DEV, CONGESTION_ETX, KIND_U16, struct device, congestion_etx),
	FIELD(DEV, TX_BATCH, KIND_U8, struct device, tx_batch),
	FIELD(DEV, RX_BATCH, KIND_U8, struct device, rx_batch),
	FIELD(DEV, SUSPEND_WIPE, KIND_U8, struct device, suspend_wipe),
	NEST(DEV, COUNTER, struct device, counters, add_counter),
};

static const struct table device_table = TABLE(device_fields);

static const struct field peer_fields[] = {
	FIELD(PEER, IFINDEX, KIND_U32, struct peer, ifindex),
	BINARY(PEER, PUBLIC_KEY, struct peer, public_key),
	BINARY(PEER, NODE_ADDR, struct peer, node_addr),
	BINARY(PEER, ENDPOINT_IPV4, struct peer, endpoint.address.v4),
	BINARY(PEER, ENDPOINT_IPV6, struct peer, endpoint.address.v6),
	FIELD(PEER, ENDPOINT_SCOPE_ID, KIND_U32, struct peer, endpoint.scope_id),
	FIELD(PEER, ENDPOINT_PORT, KIND_BE16, struct peer, endpoint.port),
	NEST(PEER, ADDRESS, struct peer, addresses, add_address),
	FIELD(PEER, RX_PACKETS, KIND_UINT, struct peer, rx_packets),
	FIELD(PEER, RX_BYTES, KIND_UINT, struct peer, rx_bytes),
	FIELD(PEER, TX_PACKETS, KIND_UINT, struct peer, tx_packets),
	FIELD(PEER, TX_BYTES, KIND_UINT, struct peer, tx_bytes),
	FIELD(PEER, LAST_RX_MS, KIND_UINT, struct peer, last_rx_ms),
	NEST(PEER, COUNTER, struct peer, counters, add_counter),
	FIELD(PEER, FAILURES, KIND_U32, struct peer, failures),
	FIELD(PEER, REKEY_REASON, KIND_U8, struct peer, rekey_reason),
	FIELD(PEER, DOWN_REASON, KIND_U8, struct peer, down_reason),
	FIELD(PEER, DISCONNECT_CODE, KIND_U8, struct peer, disconnect_code),
	FIELD(PEER, ENDPOINT_NAME, KIND_STRING, struct peer, endpoint_name),
	FIELD(PEER, AUTO_CONNECT, KIND_U8, struct peer, auto_connect),
	FIELD(PEER, HEARTBEAT, KIND_U16, struct peer, heartbeat),
	FLAG(PEER, DYNAMIC),
	BINARY(PEER, EPOCH, struct peer, epoch),
	FIELD(PEER, HANDSHAKE_MS, KIND_UINT, struct peer, handshake_ms),
	FIELD(PEER, STATE, KIND_U8, struct peer, state),
	FIELD(PEER, STATE_MS, KIND_UINT, struct peer, state_ms),
	FIELD(PEER, DEAD_TIMEOUT, KIND_U16, struct peer, dead_timeout),
	FIELD(PEER, MMP_MODE, KIND_U8, struct peer, mmp_mode),
	NEST(PEER, METRICS, struct peer, metrics, read_metrics),
};

_Static_assert(FMP_A_PEER_MAX < 64 && FMP_A_METRICS_MAX < 64, "a bit for each attribute");

static const struct table peer_table = TABLE(peer_fields);

static const struct field session_fields[] = {
	FIELD(SESSION, IFINDEX, KIND_U32, struct session, ifindex),
	BINARY(SESSION, PUBLIC_KEY, struct session, public_key),
	FIELD(SESSION, LOCAL_INDEX, KIND_U32, struct session, local_index),
	FIELD(SESSION, REMOTE_INDEX, KIND_U32, struct session, remote_index),
	FLAG(SESSION, INITIATOR),
	FIELD(SESSION, SLOT, KIND_U8, struct session, slot),
	FIELD(SESSION, K_BIT, KIND_U8, struct session, k_bit),
	FIELD(SESSION, SEND_COUNTER, KIND_UINT, struct session, send_counter),
	FIELD(SESSION, RECEIVE_HIGHEST, KIND_UINT, struct session, receive_highest),
	FIELD(SESSION, AGE_MS, KIND_UINT, struct session, age_ms),
	BINARY(SESSION, EPOCH, struct session, epoch),
	FLAG(SESSION, CANDIDATE),
	FIELD(SESSION, REKEY_MS, KIND_UINT, struct session, rekey_ms),
};

static const struct table session_table = TABLE(session_fields);

static const struct field handshake_fields[] = {
	FIELD(HANDSHAKE, IFINDEX, KIND_U32, struct handshake, ifindex),
	BINARY(HANDSHAKE, PUBLIC_KEY, struct handshake, public_key),
	FIELD(HANDSHAKE, LOCAL_INDEX, KIND_U32, struct handshake, local_index),
	BYTES(HANDSHAKE, FRAME, struct handshake, frame, frame_len),
	BINARY(HANDSHAKE, ENDPOINT_IPV4, struct handshake, path.remote.address.v4),
	BINARY(HANDSHAKE, ENDPOINT_IPV6, struct handshake, path.remote.address.v6),
	FIELD(HANDSHAKE, ENDPOINT_SCOPE_ID, KIND_U32, struct handshake, path.remote.scope_id),
	FIELD(HANDSHAKE, ENDPOINT_PORT, KIND_BE16, struct handshake, path.remote.port),
	BINARY(HANDSHAKE, LOCAL_IPV4, struct handshake, path.local.v4),
	BINARY(HANDSHAKE, LOCAL_IPV6, struct handshake, path.local.v6),
	FLAG(HANDSHAKE, KNOWN),
	FIELD(HANDSHAKE, EVENT, KIND_U8, struct handshake, event),
	FIELD(HANDSHAKE, CAUSE, KIND_U8, struct handshake, cause),
};

static const struct table handshake_table = TABLE(handshake_fields);

int device_decode(struct device *device, const struct nlmsghdr *msg)
{
	int err = decode_message(&device_table, msg, device, &device->present);

	if (!err && !HAS(device, FMP_A_DEV_IFINDEX))
		return -EBADMSG;
	return err;
}

bool peer_has_endpoint(const struct peer *peer)
{
	return HAS(peer, FMP_A_PEER_ENDPOINT_PORT) &&
	       (HAS(peer, FMP_A_PEER_ENDPOINT_IPV4) || HAS(peer, FMP_A_PEER_ENDPOINT_IPV6));
}

int peer_decode(struct peer *peer, const struct nlmsghdr *msg)
{
	int err = decode_message(&peer_table, msg, peer, &peer->present);

	if (err)
		return err;
	if (!HAS(peer, FMP_A_PEER_PUBLIC_KEY))
		return -EBADMSG;
	if (HAS(peer, FMP_A_PEER_ENDPOINT_IPV4) && HAS(peer, FMP_A_PEER_ENDPOINT_IPV6))
		return -EBADMSG;
	peer->endpoint.address.family =
		HAS(peer, FMP_A_PEER_ENDPOINT_IPV4) ? AF_INET : AF_INET6;
	return 0;
}

int session_decode(struct session *session, const struct nlmsghdr *msg)
{
	int err = decode_message(&session_table, msg, session, &session->present);

	if (!err && !HAS(session, FMP_A_SESSION_LOCAL_INDEX))
		return -EBADMSG;
	return err;
}

/* The families of a path agree, or there is none. */
static int check_path(struct handshake *handshake)
{
	bool remote4 = HAS(handshake, FMP_A_HANDSHAKE_ENDPOINT_IPV4);
	bool remote6 = HAS(handshake, FMP_A_HANDSHAKE_ENDPOINT_IPV6);
	bool local4 = HAS(handshake, FMP_A_HANDSHAKE_LOCAL_IPV4);
	bool local6 = HAS(handshake, FMP_A_HANDSHAKE_LOCAL_IPV6);
	struct path *path = &handshake->path;

	if (remote4 == remote6 || !HAS(handshake, FMP_A_HANDSHAKE_ENDPOINT_PORT))
		return -EBADMSG;
	if ((local4 && remote6) || (local6 && remote4))
		return -EBADMSG;
	path->remote.address.family = remote4 ? AF_INET : AF_INET6;
	path->local.family = local4 || local6 ? path->remote.address.family : 0;
	return 0;
}

int handshake_decode(struct handshake *handshake, const struct nlmsghdr *msg)
{
	int err = decode_message(&handshake_table, msg, handshake, &handshake->present);

	if (err)
		return err;
	if (!HAS(handshake, FMP_A_HANDSHAKE_IFINDEX))
		return -EBADMSG;
	return HAS(handshake, FMP_A_HANDSHAKE_FRAME) ? check_path(handshake) : 0;
}

static void counters_release(struct counters *counters)
{
	size_t i;

	for (i = 0; i < counters->count; i++)
		free(counters->list[i].name);
	free(counters->list);
}

size_t local_addresses(struct address out[2], const struct device *device)
{
	size_t count = 0;

	if (device->local4.s_addr) {
		out[count].family = AF_INET;
		out[count++].v4 = device->local4;
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&device->local6)) {
		out[count].family = AF_INET6;
		out[count++].v6 = device->local6;
	}
	return count;
}

void device_release(struct device *device)
{
	counters_release(&device->counters);
	free(device->name);
	free(device->underlay);
}

void peer_release(struct peer *peer)
{
	counters_release(&peer->counters);
	free(peer->addresses);
	free(peer->endpoint_name);
}
