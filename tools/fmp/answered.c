// SPDX-License-Identifier: GPL-2.0
#include "answered.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

/*
 * Without its first byte: all keys are made of the X coordinate alone, so that whoever has a
 * msg1 has two, with the point and with its negative, and both are good.
 */
static const uint8_t *ephemeral_of(const uint8_t *frame)
{
	return frame + MSG1_FRAME_LEN - NOISE_MSG1_LEN + 1;
}

static bool same_ephemeral(const void *item, const void *wanted)
{
	const struct answered_item *known = item;

	return memcmp(known->ephemeral, wanted, sizeof(known->ephemeral)) == 0;
}

struct answered_item *answered_find(const struct table *all,
				    const uint8_t frame[MSG1_FRAME_LEN])
{
	const uint8_t *ephemeral = ephemeral_of(frame);

	return table_find(all, table_hash(all, ephemeral, ANSWERED_EPHEMERAL), same_ephemeral,
			  ephemeral);
}

static void forget(struct table *all, struct answered_item *item)
{
	if (!item)
		return;
	table_remove(all, item->hash, item);
	free(item->answer);
	free(item);
}

static void forget_answer(struct answered_item *item)
{
	if (!item)
		return;
	free(item->answer);
	item->answer = NULL;
}

void answered_add(struct table *all, struct answered *answered, const struct answer *answer,
		  uint32_t local)
{
	struct answered_item *item = xcalloc(1, sizeof(*item));

	item->owner = answered;
	item->local = local;
	item->answer = xcalloc(1, sizeof(*item->answer));
	*item->answer = *answer;
	memcpy(item->ephemeral, ephemeral_of(answer->msg1), sizeof(item->ephemeral));
	item->hash = table_hash(all, item->ephemeral, sizeof(item->ephemeral));

	answered->newest = (answered->newest + 1) % ANSWERED_KNOWN;
	forget(all, answered->items[answered->newest]);
	answered->items[answered->newest] = item;
	table_add(all, item->hash, item);
	forget_answer(answered->items[(answered->newest + ANSWERED_KNOWN - ANSWERED_KEPT) %
				      ANSWERED_KNOWN]);
}

void answered_release(struct table *all, struct answered *answered)
{
	size_t i;

	for (i = 0; i < ANSWERED_KNOWN; i++)
		forget(all, answered->items[i]);
	memset(answered->items, 0, sizeof(answered->items));
}
