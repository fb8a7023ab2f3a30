// SPDX-License-Identifier: GPL-2.0
/*
 * When a peer is dialled again (spec 7.8).
 */
#include "engine-internal.h"

#define MOST_FAILURES 16

uint32_t engine_backoff(unsigned int count)
{
	uint32_t delay = ENGINE_RETRY_MS;

	while (count-- && delay < ENGINE_RETRY_MAX_MS)
		delay *= 2;
	return delay < ENGINE_RETRY_MAX_MS ? delay : ENGINE_RETRY_MAX_MS;
}

static void schedule(struct engine *engine, struct engine_peer *peer)
{
	uint32_t delay = engine_backoff((unsigned int)peer->failures);

	if (!peer->auto_connect)
		return;
	/* What broke for many at once is not mended by many at once. */
	delay += engine->ops->random(engine->world, delay / 4 + 1);
	peer->dial = engine->now + delay;
}

/* The first failure counts twice as a lost link does: 10 s, not 5. */
void retry_failed(struct engine *engine, struct engine_peer *peer)
{
	if (peer->failures < 0)
		peer->failures = 0;
	if (peer->failures < MOST_FAILURES)
		peer->failures++;
	schedule(engine, peer);
}

/* The count is kept by links that did not last (spec 12, lesson 65). */
void retry_down(struct engine *engine, struct engine_peer *peer)
{
	if (peer->failures < MOST_FAILURES)
		peer->failures++;
	schedule(engine, peer);
}

static bool dial_allowed(struct engine *engine)
{
	if (engine->now - engine->window >= ENGINE_WINDOW_MS) {
		engine->window = engine->now;
		engine->dials = 0;
	}
	return engine->dials < ENGINE_DIALS;
}

void retry_tick(struct engine *engine, struct engine_peer *peer)
{
	if (engine->stopped || peer->dial > engine->now || !dial_allowed(engine))
		return;
	peer->dial = ENGINE_NEVER;
	if (peer->hs)
		return;
	engine->dials++;
	initiate(engine, peer);
}

uint64_t retry_deadline(const struct engine *engine, const struct engine_peer *peer)
{
	uint64_t window_end = engine->window + ENGINE_WINDOW_MS;

	if (engine->stopped)
		return ENGINE_NEVER;
	if (peer->dial > engine->now || engine->dials < ENGINE_DIALS)
		return peer->dial;
	return window_end;
}
