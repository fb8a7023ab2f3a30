// SPDX-License-Identifier: GPL-2.0
/*
 * The peers of the engine, and what it is told.  Handshakes are in engine-initiator.c and
 * engine-responder.c.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "engine-internal.h"
#include "identity.h"
#include "key.h"
#include "util.h"

static bool same_key(const void *item, const void *wanted)
{
	const struct engine_peer *peer = item;

	return memcmp(peer->key, wanted, sizeof(peer->key)) == 0;
}

struct engine_peer *engine_find(const struct engine *engine, const uint8_t *key)
{
	return table_find(&engine->by_key, table_hash(&engine->by_key, key, FMP_PUBLIC_KEY_SIZE),
			  same_key, key);
}

void engine_report(struct engine *engine, const struct engine_peer *peer,
		   enum fmp_handshake_event event, enum fmp_handshake_cause cause)
{
	engine->ops->report(engine->world, peer->key, event, cause);
}

void engine_note(struct engine *engine, const uint8_t *key, enum engine_note note, int err)
{
	engine->ops->note(engine->world, key, note, err);
}

void engine_wipe_keys(struct engine *engine)
{
	sodium_memzero(engine->keys, sizeof(*engine->keys));
}

static void compare_to(const struct engine *engine, struct engine_peer *peer)
{
	uint8_t theirs[FMP_NODE_ADDR_SIZE];

	node_addr_of(theirs, peer->key);
	peer->smaller = node_addr_compare(engine->node_addr, theirs) < 0;
}

struct engine_peer *engine_add(struct engine *engine, const uint8_t *key)
{
	struct engine_peer *peer = xcalloc(1, sizeof(*peer));

	memcpy(peer->key, key, sizeof(peer->key));
	peer->hash = table_hash(&engine->by_key, key, sizeof(peer->key));
	peer->seen = true;
	peer->dial = ENGINE_NEVER;
	peer->doubt = ENGINE_NEVER;
	peer->stable = ENGINE_NEVER;
	peer->stuck = ENGINE_NEVER;
	peer->idle_since = engine->now;
	peer->failures = -1;
	peer->answered.peer = peer;
	compare_to(engine, peer);

	peer->place = engine->peer_count;
	engine->peers = grow(engine->peers, engine->peer_count, sizeof(struct engine_peer *));
	engine->peers[engine->peer_count++] = peer;
	table_add(&engine->by_key, peer->hash, peer);
	return peer;
}

void engine_drop(struct engine *engine, struct engine_peer *peer)
{
	struct engine_peer *last = engine->peers[--engine->peer_count];

	initiator_drop(engine, peer);
	answered_release(&engine->by_ephemeral, &peer->answered);
	table_remove(&engine->by_key, peer->hash, peer);
	if (peer->dynamic)
		engine->dynamic_count--;
	last->place = peer->place;
	engine->peers[last->place] = last;
	free(peer->name);
	free(peer);
}

struct engine *engine_new(const struct engine_config *config)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->ops = config->ops;
	engine->world = config->world;
	memcpy(engine->epoch, config->epoch, sizeof(engine->epoch));
	engine->keys = secret_alloc(sizeof(*engine->keys));
	table_init(&engine->by_key);
	table_init(&engine->by_index);
	table_init(&engine->by_ephemeral);
	engine_set_identity(engine, config->identity);
	return engine;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	while (engine->peer_count)
		engine_drop(engine, engine->peers[engine->peer_count - 1]);
	free(engine->peers);
	table_release(&engine->by_key);
	table_release(&engine->by_index);
	table_release(&engine->by_ephemeral);
	secret_free(engine->keys);
	free(engine);
}

void engine_set_identity(struct engine *engine, const struct noise_identity *identity)
{
	size_t i;

	engine->identity = identity;
	node_addr_of(engine->node_addr, identity->public + 1);
	for (i = 0; i < engine->peer_count; i++) {
		initiator_drop(engine, engine->peers[i]);
		compare_to(engine, engine->peers[i]);
	}
}

/* Who could not be reached while nobody could is dialled at once. */
void engine_set_running(struct engine *engine, bool running)
{
	struct engine_peer *peer;
	size_t i;

	if (engine->stopped == !running)
		return;
	engine->stopped = !running;
	for (i = 0; i < engine->peer_count; i++) {
		peer = engine->peers[i];
		if (!running)
			initiator_drop(engine, peer);
		else if (peer->auto_connect && !peer->current.used)
			peer->dial = engine->now;
	}
}

void engine_clock(struct engine *engine, uint64_t now_ms)
{
	if (now_ms > engine->now)
		engine->now = now_ms;
}

static bool set_endpoint(struct engine_peer *peer, const struct engine_peer_info *info)
{
	if (peer->has_endpoint == info->has_endpoint &&
	    (!info->has_endpoint || endpoint_same(&peer->endpoint, &info->endpoint)))
		return false;
	peer->has_endpoint = info->has_endpoint;
	peer->endpoint = info->endpoint;
	peer->borrowed = false;
	return true;
}

static bool set_name(struct engine_peer *peer, const struct engine_peer_info *info)
{
	const char *name = info->name ? info->name : "";

	if (strcmp(peer->name ? peer->name : "", name) == 0)
		return false;
	free(peer->name);
	peer->name = *name ? xstrdup(name) : NULL;
	peer->address_count = 0;
	peer->address_next = 0;
	peer->address_end = 0;
	peer->resolving = false;
	return true;
}

static bool set_auto_connect(struct engine_peer *peer, const struct engine_peer_info *info)
{
	bool fresh = info->auto_connect && !peer->auto_connect;

	if (peer->auto_connect && !info->auto_connect && !peer->resolving)
		peer->dial = ENGINE_NEVER;
	peer->auto_connect = info->auto_connect;
	return fresh;
}

static void set_dynamic(struct engine *engine, struct engine_peer *peer, bool dynamic)
{
	if (dynamic && !peer->dynamic)
		engine->dynamic_count++;
	if (!dynamic && peer->dynamic)
		engine->dynamic_count--;
	peer->dynamic = dynamic;
}

void engine_peer_seen(struct engine *engine, const struct engine_peer_info *info)
{
	struct engine_peer *peer = engine_find(engine, info->key);
	bool moved, renamed, fresh;

	/* We are not our own peer. */
	if (memcmp(info->key, engine->identity->public + 1, FMP_PUBLIC_KEY_SIZE) == 0)
		return;
	if (!peer)
		peer = engine_add(engine, info->key);
	peer->seen = true;
	set_dynamic(engine, peer, info->dynamic);
	moved = set_endpoint(peer, info);
	renamed = set_name(peer, info);
	fresh = set_auto_connect(peer, info);
	if (info->epoch && !peer->known_epoch) {
		memcpy(peer->epoch, info->epoch, sizeof(peer->epoch));
		peer->known_epoch = true;
	}

	if (moved || renamed)
		initiator_moved(engine, peer);
	if (peer->current.used || peer->hs)
		return;
	if (fresh || ((moved || renamed) && (peer->auto_connect || peer->wanted)))
		peer->dial = engine->now;
}

void engine_peer_gone(struct engine *engine, const uint8_t *key)
{
	struct engine_peer *peer = engine_find(engine, key);

	if (peer)
		engine_drop(engine, peer);
}

/* A handshake under way has keys, too, and its index may be nobody's: another is begun. */
void engine_peer_wiped(struct engine *engine, const uint8_t *key)
{
	struct engine_peer *peer = engine_find(engine, key);

	if (!peer || !peer->hs)
		return;
	initiator_drop(engine, peer);
	peer->dial = engine->now + ENGINE_WIPED_MS;
}

void engine_rekey_needed(struct engine *engine, const uint8_t *key, enum fmp_rekey_reason reason)
{
	struct engine_peer *peer = engine_find(engine, key);

	if (!peer)
		return;
	peer->silent = peer->current.used && reason == FMP_REKEY_REASON_SILENCE;
	initiate(engine, peer);
}

void engine_frame(struct engine *engine, const uint8_t *frame, size_t len,
		  const struct path *path, bool known)
{
	struct msg1 msg1;
	struct msg2 msg2;

	/* Whose address it is said to be decides about rates only, which are the kernel's. */
	(void)known;
	if (msg1_parse(&msg1, frame, len))
		responder_msg1(engine, frame, path);
	else if (msg2_parse(&msg2, frame, len))
		initiator_msg2(engine, &msg2, frame, path);
	else
		engine->stats.malformed++;
}

static uint64_t dynamic_deadline(const struct engine_peer *peer)
{
	if (!peer->dynamic || peer->current.used || peer->hs)
		return ENGINE_NEVER;
	return peer->idle_since + ENGINE_DYNAMIC_MS;
}

static void peer_tick(struct engine *engine, struct engine_peer *peer)
{
	session_tick(engine, peer);
	initiator_tick(engine, peer);
	retry_tick(engine, peer);
	if (dynamic_deadline(peer) > engine->now)
		return;
	engine_note(engine, peer->key, NOTE_EXPIRED, 0);
	engine->ops->remove_peer(engine->world, peer->key);
	engine_drop(engine, peer);
}

static void take_earlier(uint64_t *deadline, uint64_t other)
{
	if (other < *deadline)
		*deadline = other;
}

static uint64_t next_deadline(const struct engine *engine)
{
	uint64_t deadline = ENGINE_NEVER;
	size_t i;

	for (i = 0; i < engine->peer_count; i++) {
		const struct engine_peer *peer = engine->peers[i];

		take_earlier(&deadline, session_deadline(peer));
		take_earlier(&deadline, initiator_deadline(peer));
		take_earlier(&deadline, retry_deadline(engine, peer));
		take_earlier(&deadline, dynamic_deadline(peer));
	}
	return deadline > engine->now ? deadline : engine->now + 1;
}

uint64_t engine_tick(struct engine *engine)
{
	size_t i;

	/* From the end: a peer that goes gives its place to the last one. */
	for (i = engine->peer_count; i-- > 0; )
		peer_tick(engine, engine->peers[i]);
	return next_deadline(engine);
}

void engine_resync_begin(struct engine *engine)
{
	size_t i;

	for (i = 0; i < engine->peer_count; i++) {
		engine->peers[i]->seen = false;
		engine->peers[i]->current.seen = false;
		engine->peers[i]->pending.seen = false;
	}
}

void engine_resync_end(struct engine *engine)
{
	size_t i;

	for (i = engine->peer_count; i-- > 0; ) {
		if (engine->peers[i]->seen)
			session_sweep(engine, engine->peers[i]);
		else
			engine_drop(engine, engine->peers[i]);
	}
}

const struct engine_stats *engine_stats(const struct engine *engine)
{
	return &engine->stats;
}

size_t engine_peer_count(const struct engine *engine)
{
	return engine->peer_count;
}
