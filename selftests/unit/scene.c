// SPDX-License-Identifier: GPL-2.0
#include "scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fmp.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "drive.h"
#include "harness.h"
#include "util.h"

#define XONLY "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define MANY 300

enum told {
	TOLD_NAMES,
	TOLD_TRAFFIC,
	TOLD_STATES,
	TOLD_METRICS,
};

static const struct scene {
	const char *name;
	enum told told;
	unsigned int peers;
	unsigned int lists;	/* after which the device is gone, 0 for never */
	bool no_device;
	bool strange;
	bool leaving;
	bool newer;
} scenes[] = {
	{ "none", TOLD_NAMES, .no_device = true },
	{ "bare", TOLD_NAMES, 2 },
	{ "old", TOLD_TRAFFIC, 2 },
	{ "quiet", TOLD_STATES, 2 },
	{ "full", TOLD_METRICS, 3 },
	{ "many", TOLD_METRICS, MANY },
	{ "gone", TOLD_METRICS, 3, .lists = 3 },
	{ "strange", TOLD_METRICS, 3, .strange = true },
	{ "leaving", TOLD_METRICS, 3, .leaving = true },
	{ "newer", TOLD_METRICS, 3, .newer = true },
};

static const struct scene *scene;
static unsigned int step;

static void put_uint(struct message *msg, uint16_t type, uint64_t value)
{
	if (value <= UINT32_MAX)
		put_u32(msg, type, (uint32_t)value);
	else
		put_data(msg, type, &value, sizeof(value));
}

static void put_counter(struct message *msg, uint16_t type, const char *name, uint64_t value)
{
	size_t nest = nest_open(msg, type);

	put_string(msg, FMP_A_COUNTER_NAME, name);
	put_data(msg, FMP_A_COUNTER_VALUE, &value, sizeof(value));
	nest_close(msg, nest);
}

static void put_trend(struct message *msg, uint16_t type, uint64_t over_short, uint64_t over_long)
{
	size_t nest = nest_open(msg, type);

	put_uint(msg, FMP_A_TREND_SHORT, over_short);
	put_uint(msg, FMP_A_TREND_LONG, over_long);
	nest_close(msg, nest);
}

static void put_settings(struct message *msg)
{
	static const struct in6_addr local6 = { .s6_addr = { 0x20, 1, [15] = 9 } };

	put_u16(msg, FMP_A_DEV_PORT, FMP_DEFAULT_PORT);
	put_u32(msg, FMP_A_DEV_FWMARK, 7);
	put_u8(msg, FMP_A_DEV_SOURCE_CHECK, 1);
	put_u32(msg, FMP_A_DEV_LOCAL_IPV4, htonl(0xc0000209));
	put_data(msg, FMP_A_DEV_LOCAL_IPV6, &local6, sizeof(local6));
	put_string(msg, FMP_A_DEV_UNDERLAY, scene->strange ? "e\"t\\h" : "eth0");
	put_u8(msg, FMP_A_DEV_TOS, 1);
	put_u8(msg, FMP_A_DEV_TTL, 64);
	put_u8(msg, FMP_A_DEV_MULTICAST, 1);
	put_u32(msg, FMP_A_DEV_PEERS, scene->peers);
	put_u32(msg, FMP_A_DEV_HANDSHAKE_BURST, 100);
	put_u32(msg, FMP_A_DEV_HANDSHAKE_RATE, 10);
	put_data(msg, FMP_A_DEV_EPOCH, "\x01\x02\x03\x04\x05\x06\x07\x08", FMP_EPOCH_SIZE);
	put_u8(msg, FMP_A_DEV_AGENT, 1);
	put_counter(msg, FMP_A_DEV_COUNTER, "rx_packets", 12);
	put_counter(msg, FMP_A_DEV_COUNTER, "tx_drop_no_session", UINT64_MAX);
	if (scene->told < TOLD_STATES)
		return;
	put_u8(msg, FMP_A_DEV_MMP_MODE, scene->newer ? 77 : FMP_MMP_MODE_LIGHTWEIGHT);
	put_u8(msg, FMP_A_DEV_ECN, 0);
	put_u16(msg, FMP_A_DEV_CONGESTION_LOSS, 25);
	put_u16(msg, FMP_A_DEV_CONGESTION_ETX, 350);
	put_u8(msg, FMP_A_DEV_TX_BATCH, 0);
	put_u8(msg, FMP_A_DEV_RX_BATCH, 0);
	put_u8(msg, FMP_A_DEV_SUSPEND_WIPE, 0);
}

static void send_device(struct fake *f, const struct nlmsghdr *request)
{
	struct message msg;

	message_init(&msg, FMP_CMD_DEV_GET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, DRIVE_IFINDEX);
	put_string(&msg, FMP_A_DEV_IFNAME, scene->strange ? "f\"m\\p" : "fmp0");
	if (scene->told > TOLD_NAMES)
		put_settings(&msg);
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

#define LEAVING_IFINDEX (DRIVE_IFINDEX - 1)

/* One that is gone when its peers are asked for. */
static void send_leaving(struct fake *f, const struct nlmsghdr *request)
{
	struct message msg;

	message_init(&msg, FMP_CMD_DEV_GET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, LEAVING_IFINDEX);
	put_string(&msg, FMP_A_DEV_IFNAME, "fmp-1");
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

static bool asks_for_leaving(const struct nlmsghdr *request)
{
	const struct nlattr *attr = attr_of(request, FMP_A_PEER_IFINDEX);

	return scene->leaving && fake_command(request) == FMP_CMD_PEER_GET && attr &&
	       mnl_attr_get_u32(attr) == LEAVING_IFINDEX;
}

static uint32_t mix(uint32_t value)
{
	value ^= value >> 16;
	value *= 0x7feb352d;
	value ^= value >> 15;
	value *= 0x846ca68b;
	return value ^ value >> 16;
}

/* A value of each peer's own, which differs by up to a third from list to list. */
static uint32_t wave(unsigned int number, uint32_t low, uint32_t high)
{
	uint64_t own = mix(number + low) % (high - low + 1);

	return low + (uint32_t)(own * (67 + mix(number * 1000 + step) % 34) / 100);
}

/* That of the first peer is the same each time, for tests. */
static void put_metrics(struct message *msg, unsigned int number)
{
	uint32_t rtt = number ? wave(number, 900, 260000) : 20100;
	uint32_t loss = number ? wave(number, 0, 60000) : 1200;
	size_t nest = nest_open(msg, FMP_A_PEER_METRICS);

	put_uint(msg, FMP_A_METRICS_RTT_US, rtt);
	put_uint(msg, FMP_A_METRICS_RTT_VAR_US, 310);
	put_trend(msg, FMP_A_METRICS_RTT_TREND, rtt + 10, rtt + 20);
	put_uint(msg, FMP_A_METRICS_RTT_AGE_MS, 480);
	put_u32(msg, FMP_A_METRICS_TX_LOSS, loss);
	put_trend(msg, FMP_A_METRICS_TX_LOSS_TREND, loss, 5000000000);
	put_u32(msg, FMP_A_METRICS_TX_JITTER_US, number ? wave(number, 10, 9000) : 1250);
	put_trend(msg, FMP_A_METRICS_TX_JITTER_TREND, 1200, 1300);
	put_uint(msg, FMP_A_METRICS_TX_GOODPUT, 1250000);
	put_trend(msg, FMP_A_METRICS_TX_GOODPUT_TREND, 1200000, 1100000);
	put_u32(msg, FMP_A_METRICS_TX_OWD_TREND, (uint32_t)-35);
	put_u16(msg, FMP_A_METRICS_TX_BURST_MAX, 4);
	put_u16(msg, FMP_A_METRICS_TX_BURST_MEAN, 384);
	put_u32(msg, FMP_A_METRICS_TX_BURSTS, 2);
	put_u32(msg, FMP_A_METRICS_TX_REORDERED, 3);
	put_u32(msg, FMP_A_METRICS_TX_CE, 5);
	put_u32(msg, FMP_A_METRICS_RX_LOSS, 0);
	put_u32(msg, FMP_A_METRICS_RX_JITTER_US, 900);
	put_u32(msg, FMP_A_METRICS_RX_OWD_TREND, 12);
	put_u32(msg, FMP_A_METRICS_RX_REORDERED, 1);
	put_u32(msg, FMP_A_METRICS_RX_CE, 2);
	put_u32(msg, FMP_A_METRICS_ETX, number ? 1000 + wave(number, 0, 900) : 1012);
	put_trend(msg, FMP_A_METRICS_ETX_TREND, 1011, 1010);
	put_u32(msg, FMP_A_METRICS_LINK_COST, 1223);
	put_uint(msg, FMP_A_METRICS_REPORT_AGE_MS, 250);
	put_uint(msg, FMP_A_METRICS_REPORTS_SENT, 100 + step);
	put_uint(msg, FMP_A_METRICS_REPORTS_RECEIVED, 90 + step);
	put_uint(msg, FMP_A_METRICS_REPORTS_IGNORED, 1);
	if (number == 1)
		put_flag(msg, FMP_A_METRICS_CONGESTED);
	nest_close(msg, nest);
}

static void put_traffic(struct message *msg, unsigned int number)
{
	static const char *const names[] = {
		"b.example:2121", "ghent.example:2121", "oslo.example:2121", "turin.example:2121",
	};
	uint64_t unit = UINT64_C(100000) * (mix(number) % 7 + 1);
	unsigned int times = number % 3 ? 1 : step;

	put_uint(msg, FMP_A_PEER_RX_PACKETS, 1000 * times);
	put_uint(msg, FMP_A_PEER_RX_BYTES, number ? unit * times : UINT64_C(1000000) * times);
	put_uint(msg, FMP_A_PEER_TX_PACKETS, 2000 * times);
	put_uint(msg, FMP_A_PEER_TX_BYTES, number ? 2 * unit * times : UINT64_C(2000000) * times);
	put_counter(msg, FMP_A_PEER_COUNTER, "rx_drop_replay", number);
	put_u32(msg, FMP_A_PEER_FAILURES, number);
	put_u8(msg, FMP_A_PEER_AUTO_CONNECT, 1);
	put_u16(msg, FMP_A_PEER_HEARTBEAT, 10);
	put_uint(msg, FMP_A_PEER_LAST_RX_MS, number == 1 ? 65000 : 1000 + number);
	put_uint(msg, FMP_A_PEER_HANDSHAKE_MS, 95000);
	put_data(msg, FMP_A_PEER_NODE_ADDR, "0123456789abcdef", FMP_NODE_ADDR_SIZE);
	put_data(msg, FMP_A_PEER_EPOCH, "epochof1", FMP_EPOCH_SIZE);
	if (number % 3 == 0)
		put_string(msg, FMP_A_PEER_ENDPOINT_NAME, names[number / 3 % ARRAY_SIZE(names)]);
	else if (scene->strange)
		put_string(msg, FMP_A_PEER_ENDPOINT_NAME, "b\"\\\033[31m\n.example:1");
	if (number == 2)
		put_flag(msg, FMP_A_PEER_DYNAMIC);
}

/* By threes: up, down, new. */
static void put_state(struct message *msg, unsigned int number)
{
	static const uint8_t states[] = {
		FMP_PEER_STATE_UP, FMP_PEER_STATE_DOWN, FMP_PEER_STATE_NEW,
	};
	uint8_t state = scene->told == TOLD_STATES ? FMP_PEER_STATE_NEW : states[number % 3];

	put_u8(msg, FMP_A_PEER_STATE, state);
	if (state != FMP_PEER_STATE_NEW)
		put_uint(msg, FMP_A_PEER_STATE_MS, 185000);
	put_u16(msg, FMP_A_PEER_DEAD_TIMEOUT, 20);
	put_u8(msg, FMP_A_PEER_MMP_MODE, scene->newer ? 78 : (uint8_t)(number % 4));
	if (scene->told == TOLD_METRICS && state != FMP_PEER_STATE_NEW)
		put_metrics(msg, number);
	else
		nest_close(msg, nest_open(msg, FMP_A_PEER_METRICS));
}

static void put_key(struct message *msg, uint16_t type, unsigned int number)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];

	from_hex(key, sizeof(key), XONLY);
	key[0] += (uint8_t)number;
	key[1] += (uint8_t)(number >> 8);
	put_data(msg, type, key, sizeof(key));
}

static void send_peer(struct fake *f, const struct nlmsghdr *request, unsigned int number)
{
	struct message msg;
	size_t nest;

	message_init(&msg, FMP_CMD_PEER_GET);
	put_u32(&msg, FMP_A_PEER_IFINDEX, DRIVE_IFINDEX);
	put_key(&msg, FMP_A_PEER_PUBLIC_KEY, number);
	if (scene->told > TOLD_NAMES) {
		put_u32(&msg, FMP_A_PEER_ENDPOINT_IPV4, htonl(0xc0000201 + number % 250));
		put_u16(&msg, FMP_A_PEER_ENDPOINT_PORT, htons(2121));
		nest = nest_open(&msg, FMP_A_PEER_ADDRESS);
		put_u32(&msg, FMP_A_ADDRESS_IPV4, htonl(0x0a000001 + number));
		nest_close(&msg, nest);
		put_traffic(&msg, number);
	}
	if (scene->told > TOLD_TRAFFIC)
		put_state(&msg, number);
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

static void send_session(struct fake *f, const struct nlmsghdr *request)
{
	struct message msg;

	message_init(&msg, FMP_CMD_SESSION_GET);
	put_u32(&msg, FMP_A_SESSION_IFINDEX, DRIVE_IFINDEX);
	put_key(&msg, FMP_A_SESSION_PUBLIC_KEY, 0);
	put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, 0xabcd0000);
	if (scene->told > TOLD_TRAFFIC) {
		put_u32(&msg, FMP_A_SESSION_REMOTE_INDEX, 0xffffffff);
		put_flag(&msg, FMP_A_SESSION_INITIATOR);
		put_u8(&msg, FMP_A_SESSION_SLOT, FMP_SLOT_CURRENT);
		put_u8(&msg, FMP_A_SESSION_K_BIT, 1);
		put_uint(&msg, FMP_A_SESSION_SEND_COUNTER, 2000);
		put_uint(&msg, FMP_A_SESSION_RECEIVE_HIGHEST, 1000);
		put_uint(&msg, FMP_A_SESSION_AGE_MS, 95000);
		put_data(&msg, FMP_A_SESSION_EPOCH, "epochof1", FMP_EPOCH_SIZE);
		put_uint(&msg, FMP_A_SESSION_REKEY_MS, 25000);
		put_flag(&msg, FMP_A_SESSION_CANDIDATE);
	}
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

static void finish(struct fake *f, const struct nlmsghdr *request, bool gone)
{
	if (gone)
		fake_error(f, request, -ENODEV, NULL, 0, 0, 0);
	else if (request->nlmsg_flags & NLM_F_DUMP)
		fake_done(f, request, 0);
	else
		fake_error(f, request, 0, NULL, 0, 0, 0);
}

void scene_serve(struct fake *f, const struct nlmsghdr *request)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	bool gone = scene->no_device || (scene->lists && step >= scene->lists);
	unsigned int i;

	/* A dump of devices goes well when there are none. */
	if (gone) {
		finish(f, request, !(dump && fake_command(request) == FMP_CMD_DEV_GET));
		return;
	}
	if (asks_for_leaving(request)) {
		finish(f, request, true);
		return;
	}
	switch (fake_command(request)) {
	case FMP_CMD_DEV_GET:
		if (scene->leaving && dump)
			send_leaving(f, request);
		send_device(f, request);
		break;
	case FMP_CMD_PEER_GET:
		step++;
		for (i = 0; i < (dump ? scene->peers : 1); i++)
			send_peer(f, request, i);
		break;
	case FMP_CMD_SESSION_GET:
		send_session(f, request);
		break;
	}
	finish(f, request, false);
}

bool scene_choose(const char *name)
{
	size_t i;

	step = 0;
	for (i = 0; i < ARRAY_SIZE(scenes); i++) {
		if (strcmp(scenes[i].name, name) != 0)
			continue;
		scene = &scenes[i];
		return true;
	}
	return false;
}

int scene_main(int argc, char **argv)
{
	if (argc < 3 || !scene_choose(argv[2])) {
		fprintf(stderr, "usage: %s fmp SCENE [WORD]...\n", argv[0]);
		return 1;
	}
	drive_serve = scene_serve;
	return fmp_main(argc - 2, argv + 2);
}
