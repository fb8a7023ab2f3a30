// SPDX-License-Identifier: GPL-2.0
#include "hsframe.h"

#include <string.h>

enum {
	PREFIX_LEN = 4,
	INDEX_LEN = 4,
	PHASE_MSG1 = 1,
	PHASE_MSG2 = 2,
};

static uint32_t get_le32(const uint8_t *in)
{
	return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static void put_le32(uint8_t *out, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < INDEX_LEN; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

/* Version 0 and the phase, no flags, and how much follows. */
static void put_prefix(uint8_t *frame, uint8_t phase, size_t len)
{
	frame[0] = phase;
	frame[1] = 0;
	frame[2] = (uint8_t)(len - PREFIX_LEN);
	frame[3] = 0;
}

_Static_assert(MSG1_FRAME_LEN - PREFIX_LEN <= UINT8_MAX, "one byte of length is enough");

/* All that is not the peer's choice is known, so it is compared as a whole. */
static bool is_frame(const uint8_t *frame, size_t len, uint8_t phase, size_t wanted)
{
	uint8_t prefix[PREFIX_LEN];

	if (len != wanted)
		return false;
	put_prefix(prefix, phase, wanted);
	return memcmp(frame, prefix, sizeof(prefix)) == 0;
}

bool msg1_parse(struct msg1 *msg, const uint8_t *frame, size_t len)
{
	if (!is_frame(frame, len, PHASE_MSG1, MSG1_FRAME_LEN))
		return false;
	msg->sender = get_le32(frame + PREFIX_LEN);
	msg->noise = frame + PREFIX_LEN + INDEX_LEN;
	return true;
}

bool msg2_parse(struct msg2 *msg, const uint8_t *frame, size_t len)
{
	if (!is_frame(frame, len, PHASE_MSG2, MSG2_FRAME_LEN))
		return false;
	msg->sender = get_le32(frame + PREFIX_LEN);
	msg->receiver = get_le32(frame + PREFIX_LEN + INDEX_LEN);
	msg->noise = frame + PREFIX_LEN + 2 * INDEX_LEN;
	return true;
}

void msg1_build(uint8_t frame[MSG1_FRAME_LEN], uint32_t sender,
		const uint8_t noise[NOISE_MSG1_LEN])
{
	put_prefix(frame, PHASE_MSG1, MSG1_FRAME_LEN);
	put_le32(frame + PREFIX_LEN, sender);
	memcpy(frame + PREFIX_LEN + INDEX_LEN, noise, NOISE_MSG1_LEN);
}

void msg2_build(uint8_t frame[MSG2_FRAME_LEN], uint32_t sender, uint32_t receiver,
		const uint8_t noise[NOISE_MSG2_LEN])
{
	put_prefix(frame, PHASE_MSG2, MSG2_FRAME_LEN);
	put_le32(frame + PREFIX_LEN, sender);
	put_le32(frame + PREFIX_LEN + INDEX_LEN, receiver);
	memcpy(frame + PREFIX_LEN + 2 * INDEX_LEN, noise, NOISE_MSG2_LEN);
}
