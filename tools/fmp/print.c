// SPDX-License-Identifier: GPL-2.0
#include "print.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "identity.h"
#include "names.h"
#include "units.h"
#include "util.h"

const char *address_text(char *out, const struct address *address)
{
	/* Both members of the union start at its start. */
	if (!inet_ntop(address->family, &address->v6, out, ADDRESS_TEXT))
		strcpy(out, "?");
	return out;
}

const char *endpoint_text(char *out, const struct endpoint *endpoint)
{
	char host[ADDRESS_TEXT], name[IF_NAMESIZE];

	address_text(host, &endpoint->address);
	if (endpoint->address.family == AF_INET)
		snprintf(out, ENDPOINT_TEXT, "%s:%u", host, endpoint->port);
	else if (!endpoint->scope_id)
		snprintf(out, ENDPOINT_TEXT, "[%s]:%u", host, endpoint->port);
	else if (if_indextoname(endpoint->scope_id, name))
		snprintf(out, ENDPOINT_TEXT, "[%s%%%s]:%u", host, name, endpoint->port);
	else
		snprintf(out, ENDPOINT_TEXT, "[%s%%%u]:%u", host, endpoint->scope_id,
			 endpoint->port);
	return out;
}

static bool want_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static enum paint_when wanted = PAINT_AUTO;

void paint_when(enum paint_when when)
{
	wanted = when;
}

bool paint_wants(void)
{
	if (wanted == PAINT_AUTO)
		wanted = want_colour() ? PAINT_ALWAYS : PAINT_NEVER;
	return wanted == PAINT_ALWAYS;
}

const char *paint(enum paint colour)
{
	static const char *const codes[] = {
		[PAINT_NONE] = "\033[0m",
		[PAINT_DEVICE] = "\033[1;32m",
		[PAINT_PEER] = "\033[1;33m",
		[PAINT_LABEL] = "\033[1m",
		[PAINT_ALERT] = "\033[31m",
		[PAINT_GOOD] = "\033[32m",
	};

	return paint_wants() ? codes[colour] : "";
}

static void label(const char *indent, const char *name)
{
	printf("%s%s%s%s: ", indent, paint(PAINT_LABEL), name, paint(PAINT_NONE));
}

/* What encrypted packets are told to be, beside what they are anyway. */
static void print_outer(const struct device *device)
{
	struct address address[2];
	char text[ADDRESS_TEXT];
	size_t i, count = local_addresses(address, device);

	for (i = 0; i < count; i++) {
		label("  ", "local");
		printf("%s\n", address_text(text, &address[i]));
	}
	if (device->underlay && *device->underlay) {
		label("  ", "underlay");
		printf("%s\n", device->underlay);
	}
	if (device->tos) {
		label("  ", "tos");
		if (device->tos == TOS_INHERIT)
			printf("inherit\n");
		else
			printf("0x%02x\n", device->tos);
	}
	if (device->ttl) {
		label("  ", "ttl");
		printf("%u\n", device->ttl);
	}
}

#define EPOCH_TEXT (2 * FMP_EPOCH_SIZE + 1)

static const char *epoch_text(char *out, const uint8_t *epoch)
{
	hex_encode(out, epoch, FMP_EPOCH_SIZE);
	return out;
}

/* What a device has without being told is of no interest. */
static void print_handshake_limits(const struct device *device)
{
	if (!HAS(device, FMP_A_DEV_HANDSHAKE_BURST) || !HAS(device, FMP_A_DEV_HANDSHAKE_RATE) ||
	    (device->handshake_burst == CONF_BURST && device->handshake_rate == CONF_RATE))
		return;
	label("  ", "handshakes of strangers");
	printf("%u at once, %u a second\n", device->handshake_burst, device->handshake_rate);
}

static void print_threshold(const char *name, uint16_t value, unsigned int one, int digits,
			    const char *unit)
{
	label("  ", name);
	if (value)
		printf("%.*f%s\n", digits, (double)value / one, unit);
	else
		printf("off\n");
}

static void print_metrics_words(const struct device *device)
{
	if (HAS(device, FMP_A_DEV_MMP_MODE) && device->mmp_mode != FMP_MMP_MODE_FULL) {
		label("  ", "reports");
		printf("%s\n", mmp_mode_name(device->mmp_mode));
	}
	if (HAS(device, FMP_A_DEV_ECN) && !device->ecn) {
		label("  ", "ecn");
		printf("off\n");
	}
	if (HAS(device, FMP_A_DEV_CONGESTION_LOSS) &&
	    device->congestion_loss != CONF_CONGESTION_LOSS)
		print_threshold("congestion loss", device->congestion_loss, 10, 1, " %");
	if (HAS(device, FMP_A_DEV_CONGESTION_ETX) && device->congestion_etx != CONF_CONGESTION_ETX)
		print_threshold("congestion etx", device->congestion_etx, 100, 2, "");
}

static void print_batch_words(const struct device *device)
{
	if (HAS(device, FMP_A_DEV_TX_BATCH) && !device->tx_batch) {
		label("  ", "tx batch");
		printf("off\n");
	}
	if (HAS(device, FMP_A_DEV_RX_BATCH) && !device->rx_batch) {
		label("  ", "rx batch");
		printf("off\n");
	}
}

void print_device(const struct device *device)
{
	char epoch[EPOCH_TEXT];

	printf("%sdevice%s: %s\n", paint(PAINT_DEVICE), paint(PAINT_NONE),
	       device->name ? device->name : "?");
	if (HAS(device, FMP_A_DEV_PORT)) {
		label("  ", "port");
		printf("%u\n", device->port);
	}
	if (device->fwmark) {
		label("  ", "fwmark");
		printf("0x%x\n", device->fwmark);
	}
	if (HAS(device, FMP_A_DEV_SOURCE_CHECK)) {
		label("  ", "source check");
		printf("%s\n", device->source_check ? "on" : "off");
	}
	print_outer(device);
	if (HAS(device, FMP_A_DEV_MULTICAST) && !device->multicast) {
		label("  ", "multicast");
		printf("off\n");
	}
	print_handshake_limits(device);
	print_metrics_words(device);
	print_batch_words(device);
	if (HAS(device, FMP_A_DEV_SUSPEND_WIPE) && !device->suspend_wipe) {
		label("  ", "suspend wipe");
		printf("off\n");
	}
	if (HAS(device, FMP_A_DEV_EPOCH)) {
		label("  ", "epoch");
		printf("%s\n", epoch_text(epoch, device->epoch));
	}
	if (HAS(device, FMP_A_DEV_AGENT)) {
		label("  ", "agent");
		printf("%s\n", device->agent ? "running" : "none");
	}
	if (HAS(device, FMP_A_DEV_PEERS)) {
		label("  ", "peers");
		printf("%u\n", device->peers);
	}
}

static void print_addresses(const struct peer *peer)
{
	char text[ADDRESS_TEXT];
	size_t i;

	if (!peer->address_count)
		return;
	label("  ", "addresses");
	for (i = 0; i < peer->address_count; i++)
		printf("%s%s", i ? ", " : "", address_text(text, &peer->addresses[i]));
	putchar('\n');
}

static void print_traffic(const struct peer *peer)
{
	char rx[UNIT_TEXT], tx[UNIT_TEXT], ago[UNIT_TEXT];

	label("  ", "last received");
	if (HAS(peer, FMP_A_PEER_LAST_RX_MS))
		printf("%s ago\n", duration_text(ago, peer->last_rx_ms));
	else
		printf("never\n");
	label("  ", "transfer");
	printf("%s received, %s sent\n", bytes_text(rx, peer->rx_bytes),
	       bytes_text(tx, peer->tx_bytes));
}

static void print_failures(const struct peer *peer)
{
	if (!peer->failures)
		return;
	label("  ", "failures");
	printf("%s%u frames in a row did not decrypt%s\n", paint(PAINT_ALERT), peer->failures,
	       paint(PAINT_NONE));
}

#define HANDSHAKE_PREFIX "handshake_"

static bool is_handshake(const struct counter *counter)
{
	return strncmp(counter->name, HANDSHAKE_PREFIX, strlen(HANDSHAKE_PREFIX)) == 0;
}

/* "failed_timeout" is a failure with its cause. */
static void print_handshake_count(const struct counter *counter)
{
	const char *name = counter->name + strlen(HANDSHAKE_PREFIX);
	const char *cause = strchr(name, '_');

	if (!cause)
		printf("%" PRIu64 " %s", counter->value, name);
	else
		printf("%s%" PRIu64 " %.*s (%s)%s", paint(PAINT_ALERT), counter->value,
		       (int)(cause - name), name, cause + 1, paint(PAINT_NONE));
}

static void print_handshakes(const struct peer *peer)
{
	const struct counters *counters = &peer->counters;
	char ago[UNIT_TEXT];
	bool first = true;
	size_t i;

	if (HAS(peer, FMP_A_PEER_HANDSHAKE_MS)) {
		label("  ", "last handshake");
		printf("%s ago\n", duration_text(ago, peer->handshake_ms));
	}
	for (i = 0; i < counters->count; i++) {
		if (!counters->list[i].value || !is_handshake(&counters->list[i]))
			continue;
		if (first)
			label("  ", "handshakes");
		else
			printf(", ");
		print_handshake_count(&counters->list[i]);
		first = false;
	}
	if (!first)
		putchar('\n');
}

static void print_drops(const struct counters *counters)
{
	bool first = true;
	size_t i;

	for (i = 0; i < counters->count; i++) {
		if (!counters->list[i].value || is_handshake(&counters->list[i]))
			continue;
		if (first) {
			label("  ", "dropped");
			printf("%s", paint(PAINT_ALERT));
		}
		printf("%s%" PRIu64 " %s", first ? "" : ", ", counters->list[i].value,
		       counters->list[i].name);
		first = false;
	}
	if (!first)
		printf("%s\n", paint(PAINT_NONE));
}

void print_session(const struct session *session, const char *indent)
{
	char age[UNIT_TEXT], due[UNIT_TEXT];

	label(indent, "session");
	printf("%s, local index 0x%08x, remote index 0x%08x, %s",
	       HAS(session, FMP_A_SESSION_SLOT) ? slot_name(session->slot) : "unknown",
	       session->local_index, session->remote_index,
	       HAS(session, FMP_A_SESSION_INITIATOR) ? "initiator" : "responder");
	printf(", K %u, age %s, next counter %" PRIu64, session->k_bit,
	       duration_text(age, session->age_ms), session->send_counter);
	if (HAS(session, FMP_A_SESSION_RECEIVE_HIGHEST))
		printf(", highest received %" PRIu64, session->receive_highest);
	if (HAS(session, FMP_A_SESSION_REKEY_MS))
		printf(", rekey in %s", duration_text(due, session->rekey_ms));
	if (HAS(session, FMP_A_SESSION_CANDIDATE))
		printf(", candidate");
	putchar('\n');
}

void print_session_of_peer(const struct session *session)
{
	char npub[NPUB_SIZE];

	npub_encode(npub, session->public_key);
	printf("%speer%s: %s\n", paint(PAINT_PEER), paint(PAINT_NONE), npub);
	print_session(session, "  ");
}

/* What the agent goes by. */
static void print_agent_words(const struct peer *peer)
{
	char epoch[EPOCH_TEXT];

	if (peer->endpoint_name) {
		label("  ", "endpoint name");
		printf("%s\n", peer->endpoint_name);
	}
	if (peer->auto_connect) {
		label("  ", "auto-connect");
		printf("on\n");
	}
	if (HAS(peer, FMP_A_PEER_DYNAMIC)) {
		label("  ", "dynamic");
		printf("yes\n");
	}
	if (HAS(peer, FMP_A_PEER_HEARTBEAT)) {
		label("  ", "heartbeat");
		if (peer->heartbeat)
			printf("every %u s\n", peer->heartbeat);
		else
			printf("off\n");
	}
	if (HAS(peer, FMP_A_PEER_DEAD_TIMEOUT)) {
		label("  ", "dead timeout");
		if (peer->dead_timeout)
			printf("%u s\n", peer->dead_timeout);
		else
			printf("off\n");
	}
	if (HAS(peer, FMP_A_PEER_MMP_MODE) && peer->mmp_mode != FMP_MMP_MODE_DEVICE) {
		label("  ", "reports");
		printf("%s\n", mmp_mode_name(peer->mmp_mode));
	}
	if (HAS(peer, FMP_A_PEER_EPOCH)) {
		label("  ", "epoch");
		printf("%s\n", epoch_text(epoch, peer->epoch));
	}
}

static void print_state(const struct peer *peer)
{
	bool down = peer->state == FMP_PEER_STATE_DOWN;
	char since[UNIT_TEXT];

	if (!HAS(peer, FMP_A_PEER_STATE))
		return;
	label("  ", "state");
	if (peer->state != FMP_PEER_STATE_NEW)
		printf("%s", paint(down ? PAINT_ALERT : PAINT_GOOD));
	printf("%s", peer_state_name(peer->state));
	if (HAS(peer, FMP_A_PEER_STATE_MS))
		printf(" for %s", duration_text(since, peer->state_ms));
	printf("%s\n", peer->state == FMP_PEER_STATE_NEW ? "" : paint(PAINT_NONE));
}

/* Of both directions, as far as they are known. */
static void print_directions(const char *name, const struct metrics *metrics, uint16_t sent,
			     uint64_t sent_value, uint16_t received, uint64_t received_value,
			     const char *(*text)(char *out, uint64_t value))
{
	char value[UNIT_TEXT];

	if (!HAS(metrics, sent) && !HAS(metrics, received))
		return;
	label("  ", name);
	if (HAS(metrics, sent))
		printf("%s sent", text(value, sent_value));
	if (HAS(metrics, received))
		printf("%s%s received", HAS(metrics, sent) ? ", " : "",
		       text(value, received_value));
	putchar('\n');
}

static void print_metrics(const struct metrics *metrics)
{
	char value[UNIT_TEXT], deviation[UNIT_TEXT];

	if (HAS(metrics, FMP_A_METRICS_RTT_US)) {
		label("  ", "rtt");
		printf("%s", micros_text(value, metrics->rtt_us));
		if (HAS(metrics, FMP_A_METRICS_RTT_VAR_US))
			printf(", varies by %s", micros_text(deviation, metrics->rtt_var_us));
		putchar('\n');
	}
	print_directions("loss", metrics, FMP_A_METRICS_TX_LOSS, metrics->tx_loss,
			 FMP_A_METRICS_RX_LOSS, metrics->rx_loss, share_text);
	print_directions("jitter", metrics, FMP_A_METRICS_TX_JITTER_US, metrics->tx_jitter_us,
			 FMP_A_METRICS_RX_JITTER_US, metrics->rx_jitter_us, micros_text);
	if (HAS(metrics, FMP_A_METRICS_TX_GOODPUT)) {
		label("  ", "goodput");
		printf("%s\n", rate_text(value, metrics->tx_goodput));
	}
	if (HAS(metrics, FMP_A_METRICS_ETX)) {
		label("  ", "etx");
		printf("%s\n", factor_text(value, metrics->etx));
	}
	if (HAS(metrics, FMP_A_METRICS_CONGESTED)) {
		label("  ", "congested");
		printf("%syes%s\n", paint(PAINT_ALERT), paint(PAINT_NONE));
	}
}

void print_peer(const struct peer *peer, const struct sessions *sessions)
{
	char npub[NPUB_SIZE], endpoint[ENDPOINT_TEXT], node[2 * FMP_NODE_ADDR_SIZE + 1];
	size_t i;

	npub_encode(npub, peer->public_key);
	printf("%speer%s: %s\n", paint(PAINT_PEER), paint(PAINT_NONE), npub);
	if (HAS(peer, FMP_A_PEER_NODE_ADDR)) {
		hex_encode(node, peer->node_addr, sizeof(peer->node_addr));
		label("  ", "node address");
		printf("%s\n", node);
	}
	if (peer_has_endpoint(peer)) {
		label("  ", "endpoint");
		printf("%s\n", endpoint_text(endpoint, &peer->endpoint));
	}
	print_state(peer);
	print_metrics(&peer->metrics);
	print_agent_words(peer);
	print_addresses(peer);
	for (i = 0; i < sessions->count; i++)
		print_session(&sessions->list[i], "  ");
	print_handshakes(peer);
	print_traffic(peer);
	print_failures(peer);
	print_drops(&peer->counters);
}

void print_counters(const struct device *device)
{
	size_t i;
	int width = 0;

	for (i = 0; i < device->counters.count; i++) {
		int len = (int)strlen(device->counters.list[i].name);

		width = len > width ? len : width;
	}

	printf("%sdevice%s: %s\n", paint(PAINT_DEVICE), paint(PAINT_NONE),
	       device->name ? device->name : "?");
	for (i = 0; i < device->counters.count; i++)
		printf("  %-*s %" PRIu64 "\n", width, device->counters.list[i].name,
		       device->counters.list[i].value);
}
