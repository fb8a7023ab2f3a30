/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams with frames in them, as a recipe wants them: authentic ones with odd contents, and
 * odd ones that only look like frames.
 */
#ifndef FORGERY_H
#define FORGERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recipe.h"
#include "seal.h"

#define FORGERY_SESSIONS	24
#define FORGERY_SIZE		65400
#define FORGERY_FRAMES		64

/**
 * struct forgery_session - one whose keys we have
 * @source: overlay address of its peer, in network order
 * @counter: of the next frame
 */
struct forgery_session {
	uint8_t key[SEAL_KEY_LEN];
	uint32_t index;
	uint32_t source;
	uint64_t counter;
};

/**
 * struct forgery_world - what there is
 * @sessions: of these @n were made
 * @foreign: index of a session whose keys we do not have
 * @reserved: index that waits for a second handshake message
 * @local: overlay address of the device, in network order
 */
struct forgery_world {
	struct forgery_session sessions[FORGERY_SESSIONS];
	unsigned int n;
	uint32_t foreign, reserved, local;
};

/**
 * struct forgery - what is sent at once
 * @frame_len: of each frame but the last, which may be shorter
 * @frames: one, or how many go as one UDP GSO packet
 */
struct forgery {
	size_t len, frame_len;
	unsigned int frames;
	uint8_t data[FORGERY_SIZE];
};

void forgery_make(struct forgery *forgery, struct dice *dice, struct forgery_world *world);

/* contents.c */
size_t contents_make(uint8_t *plain, size_t room, struct dice *dice,
		     const struct forgery_world *world, uint32_t source);

#endif /* FORGERY_H */
