// SPDX-License-Identifier: GPL-2.0
/*
 * What has to become of a datagram: the rules of the specification (2.1, 2.2, 2.5), written
 * down once more. A verdict is a list of counters, of which one counts the datagram.
 */
#include <endian.h>
#include <string.h>

#include "verdict.h"

/* What is right by itself may come twice, late, or for a session that is gone. */
#define LATE	" rx_drop_replay rx_drop_too_old rx_drop_counter_limit rx_drop_unknown_index " \
		"rx_drop_reserved_index rx_drop_lane_full rx_drop_nomem "
#define UNKNOWN	" rx_drop_unknown_index rx_drop_reserved_index "
#define LINK	" rx_link_message rx_drop_link_unknown rx_drop_link_unhandled rx_drop_link_backlog"
#define MSG1	" rx_handshake rx_drop_msg1_no_agent rx_drop_msg1_limit rx_drop_agent_backlog" \
		" rx_drop_nomem "
#define MSG2	" rx_handshake rx_drop_msg2_no_agent rx_drop_msg2_limit rx_drop_msg2_unknown" \
		" rx_drop_agent_backlog rx_drop_nomem "

#define PREFIX		4
#define INNER_MIN	5
#define MSG1_LEN	114
#define MSG2_LEN	69

static unsigned int le16(const uint8_t *at)
{
	return at[0] | at[1] << 8;
}

static unsigned int be16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static bool is_ip(const uint8_t *packet, size_t len)
{
	if (len >= 20 && packet[0] >> 4 == 4)
		return be16(packet + 2) >= 20 && be16(packet + 2) <= len;
	return len >= 40 && packet[0] >> 4 == 6 && be16(packet + 4) + 40 <= len;
}

/* Of the plaintext, timestamp and all. */
static const char *verdict_of_contents(const uint8_t *plain, size_t len)
{
	size_t message = len - PREFIX;

	if (len < INNER_MIN)
		return " rx_drop_inner_short" LATE;
	switch (plain[PREFIX]) {
	case SEAL_TYPE_IP:
		if (len < SEAL_IP_HEAD || !is_ip(plain + SEAL_IP_HEAD, len - SEAL_IP_HEAD))
			return " rx_drop_ip_malformed" LATE;
		return " rx_ip rx_drop_source rx_drop_ecn" LATE;
	case SEAL_TYPE_BEAT:
		return " rx_heartbeat" LATE;
	case 0x01:
		return message < 48 ? " rx_drop_inner_short" LATE : " rx_report" LATE;
	case 0x02:
		return message < 68 ? " rx_drop_inner_short" LATE : " rx_report" LATE;
	case 0x50:
		return message < 2 ? " rx_drop_inner_short" LATE :
				     " rx_disconnect rx_drop_link_unhandled" LATE;
	default:
		return LINK LATE;
	}
}

static const char *verdict_of_established(const uint8_t *frame, size_t len,
					  const struct forgery_world *world)
{
	static uint8_t plain[1 << 16];
	struct seal_head head;
	unsigned int i;

	seal_read_head(frame, len, &head);
	for (i = 0; i < world->n; i++)
		if (world->sessions[i].index == head.index)
			break;
	if (i == world->n)
		return head.index == world->foreign ? " rx_drop_auth" LATE : UNKNOWN;
	if (!seal_open(plain, frame, len, world->sessions[i].key))
		return " rx_drop_auth" LATE;
	return verdict_of_contents(plain, len - SEAL_MIN);
}

/**
 * verdict_of() - judge what a datagram has
 */
const char *verdict_of(const uint8_t *frame, size_t len, const struct forgery_world *world)
{
	unsigned int said;

	if (len < PREFIX)
		return " rx_drop_short ";
	if (frame[0] >> 4)
		return " rx_drop_version ";
	said = le16(frame + 2);
	switch (frame[0]) {
	case 0:
		if (len < SEAL_MIN)
			return " rx_drop_established_short ";
		if (len - SEAL_MIN != said)
			return " rx_drop_payload_len ";
		return verdict_of_established(frame, len, world);
	case 1:
		if (said != MSG1_LEN - PREFIX)
			return " rx_drop_payload_len ";
		return len != MSG1_LEN || frame[1] ? " rx_drop_msg1_malformed " : MSG1;
	case 2:
		if (said != MSG2_LEN - PREFIX)
			return " rx_drop_payload_len ";
		return len != MSG2_LEN || frame[1] ? " rx_drop_msg2_malformed " : MSG2;
	default:
		return " rx_drop_phase ";
	}
}

/**
 * verdict_is_end() - tell whether a counter is where frames end, each in one
 */
bool verdict_is_end(const char *counter)
{
	static const char ends[] = " rx_heartbeat rx_ip rx_disconnect rx_link_message rx_handshake "
				   "rx_report ";

	return !strncmp(counter, "rx_drop_", 8) || verdict_allows(ends, counter);
}

/**
 * verdict_allows() - tell whether a counter is one of a verdict
 */
bool verdict_allows(const char *verdict, const char *counter)
{
	size_t len = strlen(counter);
	const char *at = verdict;

	while ((at = strstr(at, counter))) {
		if (at > verdict && at[-1] == ' ' && at[len] == ' ')
			return true;
		at += len;
	}
	return false;
}
