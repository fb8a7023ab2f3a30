// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that failnth has sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failnth.h"
#include "failnth-tun.h"

#define SEGMENT		500
#define SEGMENTS	10
/* All pages that the module keeps are not enough for three of these. */
#define LARGE		60000
#define LARGE_SEGMENT	1000
#define GROUP		0xe0000005U	/* 224.0.0.5 */

static uint64_t staged;

static int send_datagram(uint32_t address, size_t len, int segment)
{
	struct sockaddr_in to = at(address, HOST_PORT);
	static uint8_t bytes[PACKET_MAX];

	setsockopt(host, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
	return sendto(host, bytes, len, 0, (void *)&to, sizeof(to)) < 0 ? errno : 0;
}

/**
 * send_lone() - send a small packet
 */
int send_lone(void)
{
	return send_datagram(OVERLAY(PEER_STAYS), 100, 0);
}

static int lone_sent(int err)
{
	return err ? err : judge_arrived(1, drain_frames());
}

static void watched_device(void)
{
	open_tap(DEVICE);
	note_drops();
}

static void forgotten_routes(void)
{
	int fd = open("/proc/sys/net/ipv4/route/flush", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		die("flush: %s", strerror(errno));
	close(fd);
	note_drops();
}

static int send_segments(void)
{
	return send_datagram(OVERLAY(PEER_STAYS), SEGMENTS * SEGMENT, SEGMENT);
}

static int segments_sent(int err)
{
	return err ? err : judge_arrived(SEGMENTS, drain_frames());
}

static void in_batches(void)
{
	close_tap();
	set_device(FMP_A_DEV_TX_BATCH, 1);
	note_drops();
}

/* Pages of what was sent are in use until it is taken. */
static void pages_in_use(void)
{
	in_batches();
	send_datagram(OVERLAY(PEER_STAYS), LARGE, LARGE_SEGMENT);
	send_datagram(OVERLAY(PEER_STAYS), LARGE, LARGE_SEGMENT);
}

static int send_large(void)
{
	return send_datagram(OVERLAY(PEER_STAYS), LARGE, LARGE_SEGMENT);
}

static int large_sent(int err)
{
	return err ? err : judge_arrived(3 * LARGE / LARGE_SEGMENT, drain_frames());
}

static void one_by_one(void)
{
	set_device(FMP_A_DEV_TX_BATCH, 0);
	note_drops();
}

static int send_multicast(void)
{
	struct sockaddr_in to = at(GROUP, HOST_PORT);
	struct ip_mreqn via = { .imr_ifindex = device_index() };
	int zero = 0;

	setsockopt(host, IPPROTO_IP, IP_MULTICAST_IF, &via, sizeof(via));
	setsockopt(host, IPPROTO_IP, IP_MULTICAST_LOOP, &zero, sizeof(zero));
	setsockopt(host, IPPROTO_UDP, UDP_SEGMENT, &zero, sizeof(zero));
	return sendto(host, "hello", 5, 0, (void *)&to, sizeof(to)) < 0 ? errno : 0;
}

static void multicast_on(void)
{
	set_device(FMP_A_DEV_TX_BATCH, 1);
	set_device(FMP_A_DEV_MULTICAST, 1);
	note_drops();
}

/* Packets wait where an agent is to make a session. */
static void agent_and_mute_peer(void)
{
	set_device(FMP_A_DEV_MULTICAST, 0);
	must_be(0, ask_agent(FMP_CMD_AGENT_BIND), "agent-bind");
	new_peer(PEER_MUTE);
	staged = read_counter("tx_staged");
	note_drops();
}

static int send_mute(void)
{
	return send_datagram(OVERLAY(PEER_MUTE), 100, 0);
}

static int mute_waits(int err)
{
	if (err || read_counter("tx_staged") > staged)
		return err;
	return judge_arrived(1, 0);
}

static void mute_peer(void)
{
	/* Once is enough. */
	ask_agent(FMP_CMD_AGENT_UNBIND);
	new_peer(PEER_MUTE);
	note_drops();
}

/* That is not a failure: what cannot be sent is dropped in any case. */
static int mute_dropped(int err)
{
	if (err && err != EHOSTUNREACH)
		return err;
	return judge_arrived(1, 0) == ENOMEM ? 0 : EIO;
}

const struct operation send_operations[] = {
	{ "a packet is sent that others have as well", 1, .prepare = watched_device,
	  .act = send_lone, .outcome = lone_sent },
	{ "a packet is sent by a new route", 1, .prepare = forgotten_routes, .act = send_lone,
	  .outcome = lone_sent },
	{ "a batch is sent", 2, .prepare = in_batches, .act = send_segments,
	  .outcome = segments_sent },
	{ "a batch is sent in new pages", 4, .prepare = pages_in_use, .act = send_large,
	  .outcome = large_sent },
	{ "segments are sent one by one", 10, .prepare = one_by_one, .act = send_segments,
	  .outcome = segments_sent },
	{ "a packet is sent to all peers", 1, .prepare = multicast_on, .act = send_multicast,
	  .outcome = lone_sent },
	{ "a packet waits for a session", 1, .prepare = agent_and_mute_peer, .act = send_mute,
	  .outcome = mute_waits },
	{ "a packet gets no session", 3, .prepare = mute_peer, .act = send_mute,
	  .outcome = mute_dropped },
	{ NULL }
};
