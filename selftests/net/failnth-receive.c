// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that failnth has received.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failnth.h"
#include "failnth-tun.h"
#include "seal.h"

#define BATCH		12
/* A look, and how many of them where nothing was dropped. */
#define ARRIVE_MS	200
#define LOOKS_MAX	50

static uint32_t index_fresh, index_next;
static uint64_t counter = 1;

static size_t put_frame(size_t offset, uint32_t index, const uint8_t *key, const uint8_t *plain,
			size_t len)
{
	struct seal_head head = { .index = index, .counter = counter++ };

	return seal_frame(outer.frames + offset, &head, plain, len, key);
}

static size_t put_data(size_t offset, uint32_t index, unsigned int n, unsigned int generation,
		       size_t len)
{
	static uint8_t plain[PACKET_MAX], bytes[PACKET_MAX];
	uint8_t key[FMP_KEY_SIZE];
	size_t plain_len;

	session_key(key, n, generation, false);
	plain_len = seal_udp_packet(plain, htonl(OVERLAY(n)), htonl(OVERLAY(1)), htons(HOST_PORT),
				    bytes, len);
	return put_frame(offset, index, key, plain, plain_len);
}

/* A link message under the session of the peer that is made anew, or of the one that stays. */
static int give_message(bool is_fresh, const uint8_t *message, size_t len)
{
	uint8_t plain[128] = { 0 }, key[FMP_KEY_SIZE];

	session_key(key, is_fresh ? PEER_FRESH : PEER_STAYS, 1, false);
	memcpy(plain + 4, message, len);
	len = put_frame(0, is_fresh ? index_fresh : stays_index(), key, plain, len + 4);
	put_heads(THERE, len);
	return give(len);
}

static unsigned int arrived(unsigned int wanted)
{
	struct pollfd poll_host = { .fd = host, .events = POLLIN };
	unsigned int n = 0, looks = 0;
	char byte;

	while (n < wanted && looks < LOOKS_MAX) {
		if (poll(&poll_host, 1, ARRIVE_MS) != 1 && (looks++, has_dropped()))
			return n;
		while (recv(host, &byte, 1, 0) >= 0)
			n++;
	}
	return n;
}

static int one_arrived(int err)
{
	return err ? err : judge_arrived(1, arrived(1));
}

static void watched_underlay(void)
{
	open_tap(UNDERLAY);
	note_drops();
}

static int receive_lone(void)
{
	size_t len = put_data(0, stays_index(), PEER_STAYS, 1, 100);

	put_heads(THERE, len);
	return give(len);
}

static void unwatched(void)
{
	close_tap();
	note_drops();
}

/* In pages, of which only the head is where the processor looks first. */
static int receive_long(void)
{
	size_t len = put_data(0, stays_index(), PEER_STAYS, 1, 6000);

	put_heads(THERE, len);
	return give(len);
}

static void batches_on(void)
{
	set_device(FMP_A_DEV_RX_BATCH, 1);
	note_drops();
}

static int receive_batch(void)
{
	size_t len = 0, frame_len = 0;
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		frame_len = put_data(len, stays_index(), PEER_STAYS, 1, 200);
		len += frame_len;
	}
	put_batch_heads(frame_len, len);
	return give(len);
}

static int batch_arrived(int err)
{
	return err ? err : judge_arrived(BATCH, arrived(BATCH));
}

/* Each once, however often the peer moves. */
static int receive_elsewhere(void)
{
	size_t len = put_data(0, stays_index(), PEER_STAYS, 1, 100);

	put_heads(ELSEWHERE, len);
	return give(len);
}

static char *at_home;

/* A peer may move again after a hundredth of a second. */
static void be_at_home(void)
{
	usleep(50000);
	receive_lone();
	if (arrived(1) != 1)
		die("a frame got lost");
	usleep(50000);
	note_drops();
	free(at_home);
	at_home = read_state();
}

/* The frame arrives in any case, and the next one can move the peer as well. */
static int moved(int err)
{
	char *now = read_state();
	bool same = !strcmp(at_home, now);

	free(now);
	if (err || arrived(1) != 1)
		return err ? err : EIO;
	return same ? ENOMEM : 0;
}

static void fresh_peer(void)
{
	new_peer(PEER_FRESH);
	index_fresh = new_session(PEER_FRESH, 1, false);
	note_drops();
}

static void fresh_peer_with_next(void)
{
	fresh_peer();
	index_next = new_session(PEER_FRESH, 2, false);
}

static int receive_next(void)
{
	size_t len = put_data(0, index_next, PEER_FRESH, 2, 100);

	put_heads(THERE, len);
	return give(len);
}

static int receive_report(void)
{
	uint8_t report[68] = { 0x02, [12] = 1 };

	return give_message(true, report, sizeof(report));
}

/* Nobody is told of a report that is of no use. */
static int report_counted(int err)
{
	return err;
}

static int receive_disconnect(void)
{
	static const uint8_t disconnect[] = { 0x50, 0x00 };

	return give_message(true, disconnect, sizeof(disconnect));
}

static int disconnected(int err)
{
	return err ? err : peer_has(PEER_FRESH, FMP_A_PEER_STATE_MS) ? 0 : EIO;
}

static int receive_message(void)
{
	static const uint8_t message[] = { 0x20, 1, 2, 3 };

	return give_message(false, message, sizeof(message));
}

static void subscribe(void)
{
	struct request r;

	begin_request(&r, FMP_CMD_LINK_BIND, 0);
	must_be(0, send_as(&r, false), "link-bind");
	note_drops();
}

static int message_arrived(int err)
{
	unsigned int n = received_as(false);

	return err ? err : judge_arrived(1, n);
}

static void agent_on(void)
{
	must_be(0, ask_agent(FMP_CMD_AGENT_BIND), "agent-bind");
	note_drops();
}

/* From a stranger, who may send many of them. */
static int receive_msg1(void)
{
	static const uint8_t msg1[114] = { 0x01, 0, 110 };

	memcpy(outer.frames, msg1, sizeof(msg1));
	put_heads(ELSEWHERE, sizeof(msg1));
	return give(sizeof(msg1));
}

static int msg1_arrived(int err)
{
	unsigned int n = received_as(true);

	return err ? err : judge_arrived(1, n);
}

/**
 * exchange_packets() - send a packet, and receive one
 */
void exchange_packets(void)
{
	must_be(0, send_lone(), "send");
	must_be(0, receive_lone(), "receive");
	if (arrived(1) != 1)
		die("a frame got lost");
}

const struct operation receive_operations[] = {
	{ "a frame is received that others have as well", 1, .prepare = watched_underlay,
	  .act = receive_lone, .outcome = one_arrived },
	{ "a long frame is received in pages", 1, .prepare = unwatched, .act = receive_long,
	  .outcome = one_arrived },
	{ "a batch is received", 2, .prepare = batches_on, .act = receive_batch,
	  .outcome = batch_arrived },
	{ "a peer moves", 3, .prepare = be_at_home, .act = receive_elsewhere, .outcome = moved },
	{ "a frame proves a session", 2, .prepare = fresh_peer_with_next, .act = receive_next,
	  .outcome = one_arrived },
	{ "a first report arrives", 1, .prepare = fresh_peer, .act = receive_report,
	  .outcome = report_counted },
	{ "a peer takes its leave", 2, .prepare = fresh_peer, .act = receive_disconnect,
	  .outcome = disconnected },
	{ "a link message is received", 2, .prepare = subscribe, .act = receive_message,
	  .outcome = message_arrived },
	{ "a handshake message is received", 2, .prepare = agent_on, .act = receive_msg1,
	  .outcome = msg1_arrived },
	{ NULL }
};
