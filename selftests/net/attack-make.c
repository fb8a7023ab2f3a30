// SPDX-License-Identifier: GPL-2.0
/*
 * Of frames that were seen others that nobody sealed.
 */
#include <string.h>
#include <sys/random.h>

#include "attack.h"

/* xorshift: no two are alike, which is all that it is for. */
uint64_t noise64(void)
{
	static uint64_t noise;

	while (!noise)
		if (getrandom(&noise, sizeof(noise), 0) != sizeof(noise))
			die("no noise");
	noise ^= noise << 13;
	noise ^= noise >> 7;
	noise ^= noise << 17;
	return noise;
}

static void put_le(uint8_t *at, uint64_t value, unsigned int bytes)
{
	for (; bytes--; value >>= 8)
		*at++ = value & 255;
}

static uint64_t get_le(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

static void put_noise(uint8_t *frame, size_t from, size_t to)
{
	size_t at, left;
	uint64_t word;

	for (at = from; at < to; at += sizeof(word)) {
		word = noise64();
		left = to - at;
		memcpy(frame + at, &word, left < sizeof(word) ? left : sizeof(word));
	}
}

/* A first or second message that nobody made; the latter answers a first one, if that is there. */
static size_t make_handshake(uint8_t *frame, int phase)
{
	bool answers = phase == 2 && (frame[0] & 15) == 1;
	size_t len = phase == 1 ? ATTACK_MSG1 : ATTACK_MSG2;
	uint32_t sender = (uint32_t)get_le(frame + 4, 4);

	put_noise(frame, 4, len);
	if (answers)
		put_le(frame + 8, sender, 4);
	/* An ephemeral looks like a point. */
	frame[phase == 1 ? 8 : 12] = 2 + (noise64() & 1);
	put_le(frame, (uint64_t)phase | (uint64_t)(len - 4) << 16, 4);
	return len;
}

/* Where a frame has the receiver's index. */
static size_t index_at(const uint8_t *frame)
{
	return (frame[0] & 15) == 2 ? 8 : 4;
}

static void flip(uint8_t *frame, size_t len, const struct plan *plan)
{
	unsigned int i;
	long byte;

	for (i = 0; i < plan->flip_count; i++) {
		byte = plan->flips[i].byte;
		if (byte < 0)
			byte += (long)len;
		if (byte >= 0 && byte < (long)len)
			frame[byte] ^= 1 << plan->flips[i].bit;
	}
}

static size_t resize(uint8_t *frame, size_t len, const struct plan *plan)
{
	long longer = (long)len + plan->longer, rest;

	if (longer < 0)
		longer = 0;
	if (longer > ATTACK_LONGEST)
		longer = ATTACK_LONGEST;
	if (longer > (long)len)
		memset(frame + len, 0, (size_t)longer - len);
	rest = longer - (frame[0] & 15 ? 4 : ATTACK_HDR + ATTACK_TAG);
	if (plan->fix && rest >= 0)
		put_le(frame + 2, (uint64_t)rest, 2);
	return (size_t)longer;
}

size_t make_frame(uint8_t *frame, const struct seen *seen, const struct plan *plan,
		  unsigned long number)
{
	size_t len = seen->len;

	memcpy(frame, seen->data, len);
	if (plan->each > 1 && number % plan->each)
		return len;
	if (plan->make >= 0)
		len = make_handshake(frame, plan->make);
	if (len < ATTACK_HDR)
		return len;
	if (plan->noise >= 0)
		put_noise(frame, (size_t)plan->noise, len);
	if (plan->ahead)
		put_le(frame + 8, get_le(frame + 8, 8) + plan->ahead, 8);
	/* What is scanned is numbered from 0. */
	if (plan->has_index)
		put_le(frame + index_at(frame), plan->index + (plan->scan ? number : 0), 4);
	flip(frame, len, plan);
	return plan->longer || plan->fix ? resize(frame, len, plan) : len;
}
