// SPDX-License-Identifier: GPL-2.0
#include "exposition.h"

#include <inttypes.h>
#include <string.h>

#include "identity.h"
#include "names.h"
#include "util.h"

/* Where a value is. Those of trends have two, one for each window. */
enum where {
	OF_DEVICE,
	OF_PEER,
	OF_METRICS,
	OF_TREND,
};

enum width {
	WIDTH_8,
	WIDTH_16,
	WIDTH_32,
	WIDTH_64,
	WIDTH_SIGNED,
	WIDTH_FLAG,	/* 1 if the attribute is there, of what is there itself */
};

/* A base unit has 10^digits of the kernel's units. */
struct family {
	const char *name;
	const char *type;
	const char *help;
	enum where where;
	uint16_t attr;
	enum width width;
	size_t offset;
	unsigned int digits;
	bool in_256ths;
};

#define FAMILY(n, t, h, w, a, wd, o, d) \
	{ .name = n, .type = t, .help = h, .where = w, .attr = a, .width = wd, .offset = o, \
	  .digits = d }
#define DEVICE(n, t, h, a, w, m) \
	FAMILY("fmp_device_" n, t, h, OF_DEVICE, FMP_A_DEV_##a, w, offsetof(struct device, m), 0)
#define PEER(n, t, h, a, w, m, d) \
	FAMILY("fmp_peer_" n, t, h, OF_PEER, FMP_A_PEER_##a, w, offsetof(struct peer, m), d)
#define METRIC(n, t, h, a, w, m, d) \
	FAMILY("fmp_peer_" n, t, h, OF_METRICS, FMP_A_METRICS_##a, w, \
	       offsetof(struct metrics, m), d)
#define TREND(n, h, a, m, d) \
	FAMILY("fmp_peer_" n, "gauge", h, OF_TREND, FMP_A_METRICS_##a, WIDTH_64, \
	       offsetof(struct metrics, m), d)

static const struct family families[] = {
	DEVICE("peers", "gauge", "Peers of the device.", PEERS, WIDTH_32, peers),
	DEVICE("agent", "gauge", "Whether an agent serves the device.", AGENT, WIDTH_8, agent),

	PEER("receive_packets_total", "counter", "Authentic frames received.",
	     RX_PACKETS, WIDTH_64, rx_packets, 0),
	PEER("receive_bytes_total", "counter", "Bytes of authentic frames received.",
	     RX_BYTES, WIDTH_64, rx_bytes, 0),
	PEER("transmit_packets_total", "counter", "Frames sent.",
	     TX_PACKETS, WIDTH_64, tx_packets, 0),
	PEER("transmit_bytes_total", "counter", "Bytes of frames sent.",
	     TX_BYTES, WIDTH_64, tx_bytes, 0),
	PEER("last_receive_age_seconds", "gauge", "Time since the last authentic frame.",
	     LAST_RX_MS, WIDTH_64, last_rx_ms, 3),
	PEER("handshake_age_seconds", "gauge", "Time since a session was installed last.",
	     HANDSHAKE_MS, WIDTH_64, handshake_ms, 3),
	PEER("decrypt_failures", "gauge",
	     "Frames that did not decrypt, since the last authentic one.",
	     FAILURES, WIDTH_32, failures, 0),
	PEER("state_age_seconds", "gauge", "Time since the peer went up or down.",
	     STATE_MS, WIDTH_64, state_ms, 3),

	METRIC("rtt_seconds", "gauge", "Smoothed round-trip time.", RTT_US, WIDTH_64, rtt_us, 6),
	METRIC("rtt_deviation_seconds", "gauge", "Mean deviation of the round-trip time.",
	       RTT_VAR_US, WIDTH_64, rtt_var_us, 6),
	TREND("rtt_average_seconds", "Moving averages of the round-trip time.",
	      RTT_TREND, rtt_trend, 6),
	METRIC("rtt_age_seconds", "gauge", "Time since the last sample of the round-trip time.",
	       RTT_AGE_MS, WIDTH_64, rtt_age_ms, 3),
	METRIC("transmit_loss_ratio", "gauge", "Frames sent that were lost, in the last interval.",
	       TX_LOSS, WIDTH_32, tx_loss, 6),
	TREND("transmit_loss_average_ratio", "Moving averages of the loss of frames sent.",
	      TX_LOSS_TREND, tx_loss_trend, 6),
	METRIC("receive_loss_ratio", "gauge",
	       "Frames of the peer that were lost, between its last two reports.",
	       RX_LOSS, WIDTH_32, rx_loss, 6),
	METRIC("transmit_jitter_seconds", "gauge", "Jitter of frames sent.",
	       TX_JITTER_US, WIDTH_32, tx_jitter_us, 6),
	TREND("transmit_jitter_average_seconds", "Moving averages of the jitter of frames sent.",
	      TX_JITTER_TREND, tx_jitter_trend, 6),
	METRIC("receive_jitter_seconds", "gauge", "Jitter of frames received.",
	       RX_JITTER_US, WIDTH_32, rx_jitter_us, 6),
	METRIC("transmit_goodput_bytes_per_second", "gauge", "Bytes sent that arrive, each second.",
	       TX_GOODPUT, WIDTH_64, tx_goodput, 0),
	TREND("transmit_goodput_average_bytes", "Moving averages of bytes that arrive in an interval.",
	      TX_GOODPUT_TREND, tx_goodput_trend, 0),
	METRIC("transmit_delay_trend_seconds_per_packet", "gauge",
	       "How the one-way delay grows from one frame sent to the next.",
	       TX_OWD_TREND, WIDTH_SIGNED, tx_owd_trend, 9),
	METRIC("receive_delay_trend_seconds_per_packet", "gauge",
	       "How the one-way delay grows from one frame received to the next.",
	       RX_OWD_TREND, WIDTH_SIGNED, rx_owd_trend, 9),
	METRIC("transmit_loss_burst_max_packets", "gauge",
	       "Longest run of lost frames in the last interval.",
	       TX_BURST_MAX, WIDTH_16, tx_burst_max, 0),
	{
		.name = "fmp_peer_transmit_loss_burst_mean_packets", .type = "gauge",
		.help = "Mean run of lost frames in the last interval.",
		.where = OF_METRICS, .attr = FMP_A_METRICS_TX_BURST_MEAN, .width = WIDTH_16,
		.offset = offsetof(struct metrics, tx_burst_mean), .in_256ths = true,
	},
	METRIC("transmit_loss_bursts", "gauge", "Runs of lost frames in the last interval.",
	       TX_BURSTS, WIDTH_32, tx_bursts, 0),
	METRIC("transmit_reordered_packets_total", "counter",
	       "Frames sent that arrived out of order, from 0 with each session.",
	       TX_REORDERED, WIDTH_32, tx_reordered, 0),
	METRIC("receive_reordered_packets_total", "counter",
	       "Frames received out of order, from 0 with each session.",
	       RX_REORDERED, WIDTH_32, rx_reordered, 0),
	METRIC("transmit_congestion_marks_total", "counter",
	       "Frames sent that arrived with the congestion mark, from 0 with each session.",
	       TX_CE, WIDTH_32, tx_ce, 0),
	METRIC("receive_congestion_marks_total", "counter",
	       "Frames received with the congestion mark, from 0 with each session.",
	       RX_CE, WIDTH_32, rx_ce, 0),
	METRIC("etx_ratio", "gauge", "Expected transmission count.", ETX, WIDTH_32, etx, 3),
	TREND("etx_average_ratio", "Moving averages of the expected transmission count.",
	      ETX_TREND, etx_trend, 3),
	METRIC("link_cost_ratio", "gauge", "Cost of the link as a whole.",
	       LINK_COST, WIDTH_32, link_cost, 3),
	METRIC("report_age_seconds", "gauge", "Time since the last receiver report of the peer.",
	       REPORT_AGE_MS, WIDTH_64, report_age_ms, 3),
	METRIC("reports_sent_total", "counter", "Reports sent.",
	       REPORTS_SENT, WIDTH_64, reports_sent, 0),
	METRIC("reports_received_total", "counter", "Reports received.",
	       REPORTS_RECEIVED, WIDTH_64, reports_received, 0),
	METRIC("reports_ignored_total", "counter", "Receiver reports that said nothing new.",
	       REPORTS_IGNORED, WIDTH_64, reports_ignored, 0),
	METRIC("congested", "gauge", "Whether the link is congested.",
	       CONGESTED, WIDTH_FLAG, present, 0),
};

static void write_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* As the value of a label: three characters are escaped. */
static void write_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

/* The labels of a line, up to those that a family has of its own. */
static void write_labels(FILE *out, const char *name, const struct device *device,
			 const struct peer *peer)
{
	char npub[NPUB_SIZE];

	fprintf(out, "%s{device=\"", name);
	write_escaped(out, device->name ? device->name : "");
	fputc('"', out);
	if (!peer)
		return;
	npub_encode(npub, peer->public_key);
	fprintf(out, ",peer=\"%s\"", npub);
}

/* Exact: no number goes through floating point that need not. */
static void write_number(FILE *out, uint64_t value, unsigned int digits, bool negative)
{
	uint64_t one = 1;
	unsigned int i;

	for (i = 0; i < digits; i++)
		one *= 10;
	fprintf(out, "} %s%" PRIu64, negative ? "-" : "", value / one);
	if (digits)
		fprintf(out, ".%0*" PRIu64, (int)digits, value % one);
	fputc('\n', out);
}

static uint64_t read_value(const struct family *family, const void *object, bool *negative)
{
	const void *at = (const char *)object + family->offset;
	uint64_t present, u64;
	uint32_t u32;
	uint16_t u16;
	int32_t s32;

	*negative = false;
	switch (family->width) {
	case WIDTH_8:
		return *(const uint8_t *)at;
	case WIDTH_16:
		memcpy(&u16, at, sizeof(u16));
		return u16;
	case WIDTH_32:
		memcpy(&u32, at, sizeof(u32));
		return u32;
	case WIDTH_64:
		memcpy(&u64, at, sizeof(u64));
		return u64;
	case WIDTH_SIGNED:
		memcpy(&s32, at, sizeof(s32));
		*negative = s32 < 0;
		return s32 < 0 ? (uint64_t)-(int64_t)s32 : (uint64_t)s32;
	case WIDTH_FLAG:
		memcpy(&present, at, sizeof(present));
		return (present >> family->attr) & 1;
	}
	return 0;
}

static void write_value(FILE *out, const struct family *family, const struct device *device,
			const struct peer *peer, const void *object)
{
	bool negative;
	uint64_t value = read_value(family, object, &negative);

	write_labels(out, family->name, device, peer);
	if (family->in_256ths)
		fprintf(out, "} %.4f\n", (double)value / 256);
	else
		write_number(out, value, family->digits, negative);
}

static void write_trend(FILE *out, const struct family *family, const struct device *device,
			const struct peer *peer)
{
	struct trend trend;

	memcpy(&trend, (const char *)&peer->metrics + family->offset, sizeof(trend));
	if (HAS(&trend, FMP_A_TREND_SHORT)) {
		write_labels(out, family->name, device, peer);
		fputs(",window=\"short\"", out);
		write_number(out, trend.over_short, family->digits, false);
	}
	if (HAS(&trend, FMP_A_TREND_LONG)) {
		write_labels(out, family->name, device, peer);
		fputs(",window=\"long\"", out);
		write_number(out, trend.over_long, family->digits, false);
	}
}

static bool has_value(const struct family *family, const struct peer *peer)
{
	if (family->where == OF_PEER)
		return (peer->present >> family->attr) & 1;
	if (family->width == WIDTH_FLAG)
		return HAS(peer, FMP_A_PEER_METRICS);
	return (peer->metrics.present >> family->attr) & 1;
}

static void write_peer(FILE *out, const struct family *family, const struct device *device,
		       const struct peer *peer)
{
	if (!has_value(family, peer))
		return;
	if (family->where == OF_TREND)
		write_trend(out, family, device, peer);
	else if (family->where == OF_METRICS)
		write_value(out, family, device, peer, &peer->metrics);
	else
		write_value(out, family, device, peer, peer);
}

static void write_family(FILE *out, const struct family *family, const struct device *device,
			 const struct peers *peers)
{
	size_t i;

	if (family->where == OF_DEVICE) {
		if ((device->present >> family->attr) & 1)
			write_value(out, family, device, NULL, device);
		return;
	}
	for (i = 0; i < peers->count; i++)
		write_peer(out, family, device, &peers->list[i]);
}

static void write_counters(FILE *out, const char *name, const struct device *device,
			   const struct peer *peer, const struct counters *counters)
{
	size_t i;

	for (i = 0; i < counters->count; i++) {
		write_labels(out, name, device, peer);
		fputs(",name=\"", out);
		write_escaped(out, counters->list[i].name);
		fputc('"', out);
		write_number(out, counters->list[i].value, 0, false);
	}
}

/* One line a state, of which one is 1. */
static void write_state(FILE *out, const struct device *device, const struct peer *peer)
{
	static const uint8_t states[] = {
		FMP_PEER_STATE_NEW, FMP_PEER_STATE_UP, FMP_PEER_STATE_DOWN,
	};
	size_t i;

	if (!HAS(peer, FMP_A_PEER_STATE))
		return;
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		write_labels(out, "fmp_peer_state", device, peer);
		fprintf(out, ",state=\"%s\"", peer_state_name(states[i]));
		write_number(out, peer->state == states[i], 0, false);
	}
}

static void write_states(FILE *out, const struct survey *survey)
{
	size_t i, j;

	write_head(out, "fmp_peer_state", "gauge", "Whether the peer is in that state.");
	for (i = 0; i < survey->devices.count; i++)
		for (j = 0; j < survey->peers[i].count; j++)
			write_state(out, &survey->devices.list[i], &survey->peers[i].list[j]);
}

static void write_device_counters(FILE *out, const struct survey *survey)
{
	static const char name[] = "fmp_device_counter_total";
	const struct device *device;
	size_t i;

	write_head(out, name, "counter", "Statistics of the device, by the names of ethtool -S.");
	for (i = 0; i < survey->devices.count; i++) {
		device = &survey->devices.list[i];
		write_counters(out, name, device, NULL, &device->counters);
	}
}

static void write_peer_counters(FILE *out, const struct survey *survey)
{
	static const char name[] = "fmp_peer_counter_total";
	const struct peer *peer;
	size_t i, j;

	write_head(out, name, "counter",
		   "What was dropped on account of the peer, and its handshakes, by name.");
	for (i = 0; i < survey->devices.count; i++) {
		for (j = 0; j < survey->peers[i].count; j++) {
			peer = &survey->peers[i].list[j];
			write_counters(out, name, &survey->devices.list[i], peer, &peer->counters);
		}
	}
}

void exposition_write(FILE *out, const struct survey *survey)
{
	size_t i, j;

	/* All lines of a family stand together, or a reader takes them for several. */
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		write_head(out, families[i].name, families[i].type, families[i].help);
		for (j = 0; j < survey->devices.count; j++)
			write_family(out, &families[i], &survey->devices.list[j],
				     &survey->peers[j]);
	}
	write_states(out, survey);
	write_device_counters(out, survey);
	write_peer_counters(out, survey);
}
