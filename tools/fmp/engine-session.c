// SPDX-License-Identifier: GPL-2.0
/*
 * What the engine knows of the sessions of a peer: the slots are the kernel's, which tells
 * of each change.  What we install ourselves is known before it is told.
 */
#include <string.h>

#include "engine-internal.h"

/* An initiator's lives 250 ms, a responder's 60 s. */
#define INITIATOR_PENDS_MS	1000
#define RESPONDER_PENDS_MS	61000

const struct view *session_pending(const struct engine *engine, const struct engine_peer *peer)
{
	const struct view *pending = &peer->pending;
	uint64_t lifetime = pending->initiator ? INITIATOR_PENDS_MS : RESPONDER_PENDS_MS;

	return pending->used && engine->now - pending->since < lifetime ? pending : NULL;
}

bool session_goes_on(const struct engine_peer *peer, const uint8_t *epoch)
{
	const struct view *current = &peer->current;

	return current->used &&
	       (!current->known_epoch || memcmp(current->epoch, epoch, sizeof(current->epoch)) == 0);
}

bool session_proven(struct engine *engine, struct engine_peer *peer)
{
	struct view *current = &peer->current;

	if (!current->used)
		return false;
	if (!current->proven && engine->ops->proven(engine->world, current->local) == 1) {
		current->proven = true;
		if (current->known_epoch)
			session_learn_epoch(engine, peer, current->epoch);
	}
	return current->proven;
}

void session_learn_epoch(struct engine *engine, struct engine_peer *peer, const uint8_t *epoch)
{
	if (peer->known_epoch && memcmp(peer->epoch, epoch, sizeof(peer->epoch)) != 0)
		engine_note(engine, peer->key, NOTE_RESTARTED, 0);
	memcpy(peer->epoch, epoch, sizeof(peer->epoch));
	peer->known_epoch = true;
}

/* A handshake of ours has no purpose when another has made a session. */
static void drop_needless(struct engine *engine, struct engine_peer *peer)
{
	if (!peer->hs || !peer->current.proven)
		return;
	engine->stats.yielded++;
	initiator_drop(engine, peer);
}

void session_became_current(struct engine *engine, struct engine_peer *peer,
			    const struct view *view)
{
	bool was_down = !peer->current.used;

	if (peer->pending.used && peer->pending.local == view->local)
		peer->pending.used = false;
	peer->current = *view;
	peer->silent = false;
	peer->wanted = false;
	peer->postponed = false;
	peer->dial = ENGINE_NEVER;
	peer->doubt = view->proven ? ENGINE_NEVER : view->since + ENGINE_DOUBT_MS;
	peer->stuck = ENGINE_NEVER;
	if (was_down)
		peer->stable = view->since + ENGINE_STABLE_MS;
	if (view->proven && view->known_epoch)
		session_learn_epoch(engine, peer, view->epoch);
	drop_needless(engine, peer);
}

/* Whether it looks like a rekey of the session that there is. */
static bool is_rekey(const struct engine_peer *peer, const struct view *view)
{
	return !view->initiator && peer->current.used && peer->current.known_epoch &&
	       view->known_epoch &&
	       memcmp(peer->current.epoch, view->epoch, sizeof(view->epoch)) == 0;
}

void session_became_pending(struct engine *engine, struct engine_peer *peer,
			    const struct view *view)
{
	uint64_t end = view->since + ENGINE_SETTLE_MS;

	peer->pending = *view;
	if (!is_rekey(peer, view))
		peer->stuck = ENGINE_NEVER;
	else
		peer->stuck = end > engine->now ? end : engine->now;
}

static void went_down(struct engine *engine, struct engine_peer *peer)
{
	peer->current.used = false;
	peer->silent = false;
	peer->doubt = ENGINE_NEVER;
	peer->stable = ENGINE_NEVER;
	peer->idle_since = engine->now;
	retry_down(engine, peer);
}

void session_lost(struct engine *engine, struct engine_peer *peer, uint32_t local)
{
	if (peer->pending.used && peer->pending.local == local)
		peer->pending.used = false;
	if (peer->current.used && peer->current.local == local)
		went_down(engine, peer);
}

void session_sweep(struct engine *engine, struct engine_peer *peer)
{
	if (peer->pending.used && !peer->pending.seen)
		peer->pending.used = false;
	if (peer->current.used && !peer->current.seen)
		went_down(engine, peer);
}

static struct view view_of(const struct engine *engine, const struct engine_session_info *info)
{
	struct view view = {
		.used = true,
		.seen = true,
		.local = info->local,
		.remote = info->remote,
		.initiator = info->initiator,
		.proven = info->proven || info->initiator,
		.known_epoch = info->epoch,
		.since = engine->now - (info->age_ms < engine->now ? info->age_ms : engine->now),
	};

	if (info->epoch)
		memcpy(view.epoch, info->epoch, sizeof(view.epoch));
	return view;
}

static void seen_current(struct engine *engine, struct engine_peer *peer,
			 const struct view *view)
{
	if (!peer->current.used || peer->current.local != view->local) {
		session_became_current(engine, peer, view);
		return;
	}
	peer->current.seen = true;
	if (view->proven && !peer->current.proven) {
		peer->current.proven = true;
		peer->doubt = ENGINE_NEVER;
		if (view->known_epoch)
			session_learn_epoch(engine, peer, view->epoch);
	}
}

static void seen_pending(struct engine *engine, struct engine_peer *peer,
			 const struct view *view)
{
	/* An event of before the cutover that is known already. */
	if (peer->current.used && peer->current.local == view->local)
		return;
	if (!peer->pending.used || peer->pending.local != view->local)
		session_became_pending(engine, peer, view);
	peer->pending.seen = true;
}

void engine_session_seen(struct engine *engine, const struct engine_session_info *info)
{
	struct engine_peer *peer = engine_find(engine, info->key);
	struct view view = view_of(engine, info);

	if (!peer)
		return;
	switch (info->slot) {
	case FMP_SLOT_CURRENT:
		seen_current(engine, peer, &view);
		break;
	case FMP_SLOT_PENDING:
		seen_pending(engine, peer, &view);
		break;
	case FMP_SLOT_PREVIOUS:
		/* What took its place is told as well. */
		break;
	}
}

/* An initiator's is proven anyway, and a responder's by what made it current. */
void engine_session_cutover(struct engine *engine, const struct engine_session_info *info)
{
	struct engine_session_info proven = *info;

	proven.slot = FMP_SLOT_CURRENT;
	proven.proven = true;
	engine_session_seen(engine, &proven);
}

void engine_session_gone(struct engine *engine, const uint8_t *key, uint32_t local)
{
	struct engine_peer *peer = engine_find(engine, key);

	if (peer)
		session_lost(engine, peer, local);
}

/*
 * A session made for a msg1 is current at once when there was none, although msg1 can be a
 * replay of anybody's.  Each initiator we know sends a frame at once.  Without one, we dial
 * to find out; in the end the session goes, or the peer would seem to be connected.
 */
static void doubt(struct engine *engine, struct engine_peer *peer)
{
	uint64_t end = peer->current.since + ENGINE_UNPROVEN_MS;
	uint32_t local = peer->current.local;

	peer->doubt = ENGINE_NEVER;
	if (!peer->current.used || session_proven(engine, peer))
		return;
	if (engine->now < end) {
		peer->doubt = end;
		/* Where a replay came from is nobody to be called upon. */
		if (!peer->dynamic && !peer->borrowed)
			initiate(engine, peer);
		return;
	}
	engine_note(engine, peer->key, NOTE_UNPROVEN, 0);
	engine->ops->remove(engine->world, local);
	session_lost(engine, peer, local);
}

static void stable(struct engine *engine, struct engine_peer *peer)
{
	peer->stable = ENGINE_NEVER;
	if (session_proven(engine, peer))
		peer->failures = -1;
}

/*
 * The peer has rekeyed, and nothing arrives under the new session: our address may have
 * changed in just that moment, and it sends to the old one, as what comes under its previous
 * session does not move us.  A handshake of ours does.  Or it was a replay.
 */
static void rescue(struct engine *engine, struct engine_peer *peer)
{
	peer->stuck = ENGINE_NEVER;
	if (!peer->current.used || !session_pending(engine, peer))
		return;
	if (engine->now < peer->rescue) {
		peer->stuck = peer->rescue;
		return;
	}
	peer->rescue = engine->now + ENGINE_RESCUE_MS;
	initiate(engine, peer);
}

void session_tick(struct engine *engine, struct engine_peer *peer)
{
	if (peer->stuck <= engine->now)
		rescue(engine, peer);
	if (peer->doubt <= engine->now)
		doubt(engine, peer);
	if (peer->stable <= engine->now)
		stable(engine, peer);
}

uint64_t session_deadline(const struct engine_peer *peer)
{
	uint64_t deadline = peer->doubt < peer->stable ? peer->doubt : peer->stable;

	return peer->stuck < deadline ? peer->stuck : deadline;
}
