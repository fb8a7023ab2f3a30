// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes of ours (spec 7.1, 7.3, 7.4, 8.2, 8.4).
 */
#include <stdlib.h>
#include <string.h>

#include "engine-internal.h"
#include "util.h"

static bool same_index(const void *item, const void *wanted)
{
	const struct handshake_state *hs = item;

	return hs->local == *(const uint32_t *)wanted;
}

static uint64_t hash_of(const struct engine *engine, uint32_t local)
{
	return table_hash(&engine->by_index, &local, sizeof(local));
}

/* The index went over to a session, or back. */
static void forget(struct engine *engine, struct engine_peer *peer)
{
	struct handshake_state *hs = peer->hs;

	table_remove(&engine->by_index, hash_of(engine, hs->local), hs);
	noise_free(hs->noise);
	free(hs);
	peer->hs = NULL;
}

void initiator_drop(struct engine *engine, struct engine_peer *peer)
{
	if (!peer->hs)
		return;
	engine->ops->release(engine->world, peer->hs->local);
	forget(engine, peer);
}

static void failed(struct engine *engine, struct engine_peer *peer,
		   enum fmp_handshake_cause cause, enum engine_note note, int err)
{
	initiator_drop(engine, peer);
	address_expire(engine, peer);
	engine_report(engine, peer, FMP_HANDSHAKE_EVENT_FAILED, cause);
	engine_note(engine, peer->key, note, err);
	if (!peer->current.used)
		retry_failed(engine, peer);
}

/* With nothing to lose it is a first contact, and else a rekey. */
static bool is_first(const struct engine_peer *peer)
{
	return !peer->current.used || !peer->current.proven;
}

static int send_to(struct engine *engine, struct handshake_state *hs, const struct path *path)
{
	int err = engine->ops->send(engine->world, hs->frame, sizeof(hs->frame), path);

	if (!err) {
		hs->path = *path;
		hs->sent = engine->now;
	}
	return err;
}

static int send_first(struct engine *engine, struct engine_peer *peer, struct path *path)
{
	int err = send_to(engine, peer->hs, path);

	while (err && address_advance(peer) &&
	       address_pick(engine, peer, path) == WHERE_THERE)
		err = send_to(engine, peer->hs, path);
	return err;
}

static int prepare(struct engine *engine, struct engine_peer *peer)
{
	struct handshake_state *hs = peer->hs;
	uint8_t message[NOISE_MSG1_LEN];
	int err;

	hs->noise = noise_new(engine->identity);
	err = noise_write1(hs->noise, peer->key, engine->epoch, message);
	if (!err)
		msg1_build(hs->frame, hs->local, message);
	return err;
}

static void begin(struct engine *engine, struct engine_peer *peer, struct path *path)
{
	struct handshake_state *hs;
	uint32_t local;
	int err;

	err = engine->ops->reserve(engine->world, peer->key, &local);
	if (err) {
		failed(engine, peer, FMP_HANDSHAKE_CAUSE_KERNEL, NOTE_KERNEL, err);
		return;
	}
	hs = xcalloc(1, sizeof(*hs));
	hs->peer = peer;
	hs->local = local;
	hs->started = engine->now;
	hs->next = engine->now + ENGINE_RESEND_MS;
	peer->hs = hs;
	peer->postponed = false;
	table_add(&engine->by_index, hash_of(engine, local), hs);

	if (prepare(engine, peer)) {
		failed(engine, peer, FMP_HANDSHAKE_CAUSE_CRYPTO, NOTE_KERNEL, 0);
		return;
	}
	engine_report(engine, peer, FMP_HANDSHAKE_EVENT_STARTED, 0);
	err = send_first(engine, peer, path);
	if (err)
		failed(engine, peer, FMP_HANDSHAKE_CAUSE_KERNEL, NOTE_UNREACHABLE, err);
	else
		engine_note(engine, peer->key, NOTE_STARTED, 0);
}

/* What pends has its time to be proven; but a replay must not postpone for ever. */
static bool must_wait(struct engine *engine, struct engine_peer *peer)
{
	const struct view *pending = session_pending(engine, peer);
	uint64_t end;

	if (!pending)
		return false;
	if (pending->initiator)
		return true;
	end = pending->since + ENGINE_SETTLE_MS;
	if (engine->now >= end || peer->postponed)
		return false;
	peer->postponed = true;
	peer->dial = end;
	return true;
}

void initiate(struct engine *engine, struct engine_peer *peer)
{
	struct path path;

	if (engine->stopped || peer->hs || must_wait(engine, peer))
		return;
	if (!peer->current.used && !engine->ops->admit(engine->world, peer->key, !peer->dynamic)) {
		engine->stats.refused++;
		failed(engine, peer, FMP_HANDSHAKE_CAUSE_REFUSED, NOTE_REFUSED, 0);
		return;
	}
	switch (address_pick(engine, peer, &path)) {
	case WHERE_THERE:
		peer->dial = ENGINE_NEVER;
		begin(engine, peer, &path);
		break;
	case WHERE_WAIT:
		break;
	case WHERE_NOWHERE:
		/* An endpoint may come, from whoever has one. */
		peer->wanted = true;
		peer->dial = ENGINE_NEVER;
		if (peer->name && !peer->current.used)
			retry_failed(engine, peer);
		break;
	}
}

static void resend(struct engine *engine, struct engine_peer *peer)
{
	struct handshake_state *hs = peer->hs;
	struct path path;

	address_advance(peer);
	if (address_pick(engine, peer, &path) != WHERE_THERE && !address_latest(peer, &path))
		path = hs->path;
	/* What could not be sent does not count. */
	hs->next = engine->now + ENGINE_RESEND_MS;
	if (send_to(engine, hs, &path))
		return;
	hs->resends++;
	/* The last may be the only one that a daemon has not ignored (spec 8.9). */
	if (hs->resends < ENGINE_RESENDS)
		hs->next = engine->now + ((uint64_t)ENGINE_RESEND_MS << hs->resends);
	else
		hs->next = engine->now + ENGINE_LAST_MS;
}

/* Theirs, made since ours began, does. */
static bool is_needless(struct engine *engine, struct engine_peer *peer)
{
	return peer->current.used && !peer->current.initiator &&
	       peer->current.since >= peer->hs->started && session_proven(engine, peer);
}

static bool is_over(const struct engine *engine, const struct engine_peer *peer)
{
	const struct handshake_state *hs = peer->hs;
	uint64_t age = engine->now - hs->started;

	if (is_first(peer))
		return age > ENGINE_TIMEOUT_MS;
	return age > ENGINE_REKEY_LIMIT_MS ||
	       (hs->resends >= ENGINE_RESENDS && engine->now >= hs->next);
}

static void msg2_install(struct engine *engine, struct engine_peer *peer, const uint8_t *epoch,
			 uint32_t remote, const struct path *path);
static void msg2_decide(struct engine *engine, struct engine_peer *peer, const struct msg2 *msg,
			const uint8_t *frame, const struct path *path);

static void msg2_again(struct engine *engine, struct engine_peer *peer)
{
	uint8_t frame[MSG2_FRAME_LEN];
	struct path path = peer->hs->answer_path;
	struct msg2 msg;

	memcpy(frame, peer->hs->answer, sizeof(frame));
	if (msg2_parse(&msg, frame, sizeof(frame)))
		msg2_decide(engine, peer, &msg, frame, &path);
}

void initiator_tick(struct engine *engine, struct engine_peer *peer)
{
	struct handshake_state *hs = peer->hs;

	if (!hs)
		return;
	if (hs->held) {
		if (engine->now >= hs->held_until)
			msg2_again(engine, peer);
		return;
	}
	if (is_over(engine, peer) || engine->now >= hs->next) {
		if (is_needless(engine, peer)) {
			engine->stats.yielded++;
			initiator_drop(engine, peer);
		} else if (is_over(engine, peer)) {
			failed(engine, peer, FMP_HANDSHAKE_CAUSE_TIMEOUT, NOTE_TIMEOUT, 0);
		} else {
			resend(engine, peer);
		}
	}
}

uint64_t initiator_deadline(const struct engine_peer *peer)
{
	const struct handshake_state *hs = peer->hs;
	uint64_t end;

	if (!hs)
		return ENGINE_NEVER;
	if (hs->held)
		return hs->held_until;
	end = hs->started + (is_first(peer) ? ENGINE_TIMEOUT_MS : ENGINE_REKEY_LIMIT_MS) + 1;
	return hs->next < end ? hs->next : end;
}

void initiator_crossed(struct engine *engine, struct engine_peer *peer, const struct path *path)
{
	struct handshake_state *hs = peer->hs;
	bool same = endpoint_same(&hs->path.remote, &path->remote);

	if (engine->now < hs->cross || hs->held)
		return;
	if (same && engine->now - hs->sent < ENGINE_CROSSING_MS)
		return;
	hs->cross = engine->now + ENGINE_CROSSING_MS;
	engine->ops->send(engine->world, hs->frame, sizeof(hs->frame), path);
	if (same)
		hs->sent = engine->now;
}

void initiator_moved(struct engine *engine, struct engine_peer *peer)
{
	struct path path;

	if (peer->hs && !peer->hs->held &&
	    address_pick(engine, peer, &path) == WHERE_THERE)
		send_to(engine, peer->hs, &path);
}

enum verdict {
	MSG2_INSTALL,
	MSG2_HOLD,
	MSG2_NEEDLESS,
};

/*
 * Both have dialled: the session of the smaller NodeAddr survives (spec 7.4, 8.7).  But what
 * we answered may have been a replay, and then only ours is real: proof decides.
 */
static enum verdict judge_msg2(struct engine *engine, struct engine_peer *peer, uint64_t *until)
{
	const struct view *pending = session_pending(engine, peer);
	const struct view *current = &peer->current;

	if (is_needless(engine, peer) && !peer->smaller)
		return MSG2_NEEDLESS;
	if (peer->hs->held)
		return MSG2_INSTALL;

	*until = 0;
	if (current->used && pending && !pending->initiator)
		*until = pending->since + ENGINE_SETTLE_MS;
	else if (current->used && !current->initiator && !current->proven && !peer->smaller &&
		 current->since >= peer->hs->started)
		*until = current->since + ENGINE_CROSSING_MS;
	return engine->now < *until ? MSG2_HOLD : MSG2_INSTALL;
}

static void forged(struct engine *engine, struct engine_peer *peer)
{
	engine->stats.forged++;
	if (peer->hs->forged)
		return;
	/* Once, lest whoever forges makes us tell of it again and again. */
	peer->hs->forged = true;
	engine_report(engine, peer, FMP_HANDSHAKE_EVENT_FAILED, FMP_HANDSHAKE_CAUSE_CRYPTO);
	engine_note(engine, peer->key, NOTE_FORGED, 0);
}

static void hold(struct engine *engine, struct engine_peer *peer, const uint8_t *frame,
		 const struct path *path, uint64_t until)
{
	struct handshake_state *hs = peer->hs;

	engine->stats.held++;
	hs->held = true;
	hs->held_until = until;
	memcpy(hs->answer, frame, sizeof(hs->answer));
	hs->answer_path = *path;
}

/* The keys are there: what becomes of them. */
static void msg2_use(struct engine *engine, struct engine_peer *peer, const struct msg2 *msg,
		     const uint8_t *epoch, const uint8_t *frame, const struct path *path)
{
	uint64_t until;

	/* The rules may have changed since we dialled (spec 12, lesson 17). */
	if (!session_goes_on(peer, epoch) && !engine->ops->admit(engine->world, peer->key, !peer->dynamic)) {
		engine->stats.refused++;
		failed(engine, peer, FMP_HANDSHAKE_CAUSE_REFUSED, NOTE_REFUSED, 0);
		return;
	}
	switch (judge_msg2(engine, peer, &until)) {
	case MSG2_NEEDLESS:
		engine->stats.yielded++;
		initiator_drop(engine, peer);
		break;
	case MSG2_HOLD:
		hold(engine, peer, frame, path, until);
		break;
	case MSG2_INSTALL:
		msg2_install(engine, peer, epoch, msg->sender, path);
		break;
	}
}

static void msg2_decide(struct engine *engine, struct engine_peer *peer, const struct msg2 *msg,
			const uint8_t *frame, const struct path *path)
{
	uint8_t epoch[NOISE_EPOCH_LEN];

	if (noise_read2(peer->hs->noise, msg->noise, epoch, engine->keys)) {
		forged(engine, peer);
		return;
	}
	msg2_use(engine, peer, msg, epoch, frame, path);
	engine_wipe_keys(engine);
}

/* Who is heard moves by what it sends; who is not is where the answer came from. */
static void meet(struct engine *engine, struct engine_peer *peer, const struct path *path)
{
	bool elsewhere = !peer->has_endpoint ||
			 !endpoint_same(&peer->hs->path.remote, &peer->endpoint);

	if (is_first(peer) || peer->silent || elsewhere)
		address_learn(engine, peer, path);
}

static void msg2_install(struct engine *engine, struct engine_peer *peer, const uint8_t *epoch,
			 uint32_t remote, const struct path *path)
{
	struct view view = {
		.used = true, .seen = true, .initiator = true, .proven = true,
		.known_epoch = true, .local = peer->hs->local, .since = engine->now,
	};
	const struct engine_session session = {
		.key = peer->key, .local = peer->hs->local, .remote = remote,
		.keys = engine->keys, .initiator = true, .epoch = epoch,
	};
	int err;

	meet(engine, peer, path);
	err = engine->ops->install(engine->world, &session, &view.local);
	if (err) {
		failed(engine, peer, FMP_HANDSHAKE_CAUSE_KERNEL, NOTE_KERNEL, err);
		return;
	}
	forget(engine, peer);
	memcpy(view.epoch, epoch, sizeof(view.epoch));
	session_learn_epoch(engine, peer, epoch);
	if (peer->current.used)
		session_became_pending(engine, peer, &view);
	else
		session_became_current(engine, peer, &view);
	peer->dial = ENGINE_NEVER;
	engine_report(engine, peer, FMP_HANDSHAKE_EVENT_COMPLETED, 0);
	engine_note(engine, peer->key, NOTE_COMPLETED, 0);
}

void initiator_msg2(struct engine *engine, const struct msg2 *msg, const uint8_t *frame,
		    const struct path *path)
{
	struct handshake_state *hs;

	hs = table_find(&engine->by_index, hash_of(engine, msg->receiver), same_index,
			&msg->receiver);
	if (!hs || hs->held)
		engine->stats.unknown++;
	else
		msg2_decide(engine, hs->peer, msg, frame, path);
}
