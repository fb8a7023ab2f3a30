/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attributes on their way into a request, while they can still be put in disorder.
 */
#ifndef PIECES_H
#define PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mutant.h"
#include "recipe.h"
#include "spec.h"

#define PIECES_MAX	512
#define PIECES_ROOM	(128 << 10)

/**
 * struct piece - an attribute
 * @claimed: length that it says it has, header and all
 */
struct piece {
	uint16_t type, claimed;
	uint16_t len;
	const uint8_t *data;
};

/**
 * struct pieces - attributes
 * @room: of which @used bytes have their data
 * @careful: each by itself is to be right
 */
struct pieces {
	struct piece at[PIECES_MAX];
	unsigned int n;
	uint8_t room[PIECES_ROOM];
	size_t used;
	bool careful;
};

void pieces_begin(struct pieces *pieces, bool careful);
void pieces_fill(struct pieces *pieces, struct dice *dice, const struct spec_set *set,
		 const struct mutant_world *world);
void pieces_disturb(struct pieces *pieces, struct dice *dice, const struct mutant_world *world);
size_t pieces_write(const struct pieces *pieces, uint8_t *to, size_t room);

#endif /* PIECES_H */
