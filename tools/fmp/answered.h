/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_ANSWERED_H
#define FMP_ANSWERED_H

#include <stdint.h>

#include "hsframe.h"
#include "table.h"

/*
 * First messages that were answered (spec 7.5 RULE 1, 8.9 RULE 1).  A copy of one gets the
 * answer that the original got, without a key being touched; one of so long ago that its
 * answer is forgotten is at least known to be a copy.
 */
enum {
	ANSWERED_KEPT = 8,	/* of a peer, with their answers */
	ANSWERED_KNOWN = 64,	/* of a peer: two hours of rekeys */
	ANSWERED_EPHEMERAL = 32, /* bytes of X, whatever the sign */
};

struct answered_item {
	struct answered *owner;
	uint64_t hash;
	uint8_t ephemeral[ANSWERED_EPHEMERAL];
	uint32_t local;			/* index of the session that came of it */
	struct answer *answer;		/* NULL when it is forgotten */
};

struct answer {
	uint8_t msg1[MSG1_FRAME_LEN];
	uint8_t msg2[MSG2_FRAME_LEN];
};

/* Those of a peer, all zeroes at first. */
struct answered {
	void *peer;
	struct answered_item *items[ANSWERED_KNOWN];	/* a ring */
	unsigned int newest;
};

/* all is the table of the items of all peers. */
void answered_add(struct table *all, struct answered *answered, const struct answer *answer,
		  uint32_t local);
void answered_release(struct table *all, struct answered *answered);

/* What is known of the ephemeral of a first message, or NULL. */
struct answered_item *answered_find(const struct table *all,
				    const uint8_t frame[MSG1_FRAME_LEN]);

#endif /* FMP_ANSWERED_H */
