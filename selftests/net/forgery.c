// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams with frames in them, as a recipe wants them.
 */
#include <endian.h>
#include <string.h>

#include "forgery.h"

#define PLAIN_MAX	40000
#define MSG1_LEN	114
#define RECENT		5
#define MSG2_LEN	69
#define MSG2_RECEIVER	8

static uint64_t choose_counter(struct dice *dice, struct forgery_session *session)
{
	uint64_t next = session->counter;

	switch (dice_chance(dice, 25) ? dice_roll(dice, 6) : 6) {
	case 0:
		return next ? next - 1 - dice_roll(dice, 64) % next : 0;
	case 1:
		return next - dice_roll(dice, next < 5000 ? next + 1 : 5000);
	case 2:
		session->counter += dice_roll(dice, 64);
		return session->counter++;
	case 3:
		session->counter += dice_roll(dice, 4000);
		return session->counter++;
	case 4:
		/* What comes after it is too old. */
		return dice_chance(dice, 2) ? dice_number(dice, 64) : next;
	case 5:
		return next + dice_roll(dice, 16);
	default:
		return session->counter++;
	}
}

/* Of the length that is wanted, if any is. */
static size_t put_sealed(uint8_t *to, struct dice *dice, struct forgery_world *world,
			 struct forgery_session *session, size_t len)
{
	static uint8_t plain[PLAIN_MAX + 4096];
	struct seal_head head = {
		.flags = dice_chance(dice, 5) ? dice_roll(dice, 256) : dice_roll(dice, 8),
		.index = session->index,
		.counter = choose_counter(dice, session),
	};
	size_t made = contents_make(plain, PLAIN_MAX, dice, world, session->source);

	if (len && made < len)
		memset(plain + made, 0, len - made);
	return seal_frame(to, &head, plain, len ?: made, session->key);
}

static size_t put_handshake(uint8_t *to, struct dice *dice, const struct forgery_world *world)
{
	unsigned int phase = 1 + dice_roll(dice, 2);
	size_t len = phase == 1 ? MSG1_LEN : MSG2_LEN;
	uint32_t index = htole32(world->reserved);

	dice_bytes(dice, to, 256);
	to[0] = phase;
	to[1] = dice_chance(dice, 5) ? dice_roll(dice, 256) : 0;
	to[2] = len - 4;
	to[3] = 0;
	if (phase == 2 && dice_chance(dice, 70))
		memcpy(to + MSG2_RECEIVER, &index, sizeof(index));
	if (dice_chance(dice, 10))
		dice_spoil(dice, to, 12);
	return dice_chance(dice, 8) ? dice_roll(dice, 256) : len;
}

static size_t put_junk(uint8_t *to, struct dice *dice)
{
	size_t len = dice_roll(dice, 300);

	dice_bytes(dice, to, len);
	return len;
}

/* After sealing: what an attacker on the way can do. */
static size_t falsify(uint8_t *frame, size_t len, struct dice *dice,
		      const struct forgery_world *world)
{
	uint32_t index = htole32(dice_chance(dice, 60) ? world->foreign : dice_number(dice, 32));

	switch (dice_roll(dice, 6)) {
	case 0:
		dice_spoil(dice, frame, SEAL_HDR_LEN);
		return len;
	case 1:
		dice_spoil(dice, frame, len);
		return len;
	case 2:
		memcpy(frame + 4, &index, sizeof(index));
		return len;
	case 3:
		return dice_roll(dice, len + 1);
	case 4:
		dice_bytes(dice, frame + len, 64);
		return len + 1 + dice_roll(dice, 63);
	default:
		/* Truncated, and it says so. */
		len = len > SEAL_MIN ? SEAL_MIN + dice_roll(dice, len - SEAL_MIN) : len;
		frame[2] = (len - SEAL_MIN) & 255;
		frame[3] = (len - SEAL_MIN) >> 8;
		return len;
	}
}

static size_t put_one(uint8_t *to, struct dice *dice, struct forgery_world *world,
		      struct forgery_session *session)
{
	unsigned int what = dice_roll(dice, 100);
	size_t len;

	if (what >= 92)
		return put_junk(to, dice);
	if (what >= 84)
		return put_handshake(to, dice, world);
	len = put_sealed(to, dice, world, session, 0);
	return what >= 66 ? falsify(to, len, dice, world) : len;
}

/* Frames of one length, of one session as a rule. */
static void put_batch(struct forgery *forgery, struct dice *dice, struct forgery_world *world,
		      struct forgery_session *session)
{
	static uint8_t frame[PLAIN_MAX + 4096 + SEAL_MIN];
	unsigned int count = 2 + dice_roll(dice, dice_chance(dice, 20) ? FORGERY_FRAMES - 2 : 8);
	size_t plain = 5 + dice_roll(dice, 1400), len;
	bool last;

	forgery->frame_len = plain + SEAL_MIN;
	for (; count && forgery->len + plain + SEAL_MIN + 128 < FORGERY_SIZE; count--) {
		last = count == 1 && dice_chance(dice, 50);
		if (dice_chance(dice, 4))
			session = &world->sessions[dice_roll(dice, world->n)];
		len = put_sealed(frame, dice, world, session,
				 last ? 1 + dice_roll(dice, plain) : plain);
		if (dice_chance(dice, 6))
			falsify(frame, len, dice, world);
		memcpy(forgery->data + forgery->len, frame, len);
		forgery->len += len;
		forgery->frames++;
	}
}

/* Of the latest, as a rule: others are gone. */
static struct forgery_session *choose_session(struct dice *dice, struct forgery_world *world)
{
	unsigned int recent = world->n < RECENT ? world->n : RECENT;

	if (dice_chance(dice, 15))
		return &world->sessions[dice_roll(dice, world->n)];
	return &world->sessions[world->n - 1 - dice_roll(dice, recent)];
}

/**
 * forgery_make() - make what is sent at once
 */
void forgery_make(struct forgery *forgery, struct dice *dice, struct forgery_world *world)
{
	struct forgery_session *session = choose_session(dice, world);

	forgery->len = 0;
	forgery->frames = 0;
	if (dice_chance(dice, 20)) {
		put_batch(forgery, dice, world, session);
		return;
	}
	forgery->len = put_one(forgery->data, dice, world, session);
	forgery->frame_len = forgery->len;
	forgery->frames = 1;
}
