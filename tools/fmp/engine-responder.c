// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes of theirs (spec 7.2, 7.5, 8.3, 8.9).
 *
 * msg1 proves who made it, and not when: whoever saw one can send it again.  So nothing that
 * works is ended on account of one, and our answer is a session that has to prove itself.
 */
#include <string.h>

#include "engine-internal.h"

/* One first message, while it is looked at. */
struct incoming {
	const uint8_t *frame;
	const struct path *path;
	struct msg1 msg;
	struct noise *noise;
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	uint8_t epoch[NOISE_EPOCH_LEN];
};

static bool has_session(const struct engine_peer *peer, uint32_t local)
{
	return (peer->current.used && peer->current.local == local) ||
	       (peer->pending.used && peer->pending.local == local);
}

/* A copy gets a copy, and what only looks like one gets nothing. */
static void answer_again(struct engine *engine, const struct answered_item *item,
			 const struct incoming *in)
{
	const struct answer *answer = item->answer;

	if (!answer || memcmp(answer->msg1, in->frame, sizeof(answer->msg1)) != 0 ||
	    !has_session(item->owner->peer, item->local)) {
		engine->stats.stale++;
		return;
	}
	engine->stats.repeated++;
	engine->ops->send(engine->world, answer->msg2, sizeof(answer->msg2), in->path);
}

static bool same_epoch(const struct view *view, const uint8_t *epoch)
{
	return view->known_epoch && memcmp(view->epoch, epoch, sizeof(view->epoch)) == 0;
}

/*
 * What pends was made for this very message, by an agent that is dead.  The peer takes the
 * answer that comes first, and a second session would displace the one that it is for.  But
 * the answer may never have left.
 */
static bool was_answered(const struct engine *engine, const struct engine_peer *peer,
			 const struct incoming *in)
{
	const struct view *pending = &peer->pending;

	return peer->current.proven && !peer->silent && pending->remote == in->msg.sender &&
	       same_epoch(pending, in->epoch) &&
	       engine->now - pending->since < ENGINE_ANSWERED_MS;
}

/*
 * Whether what pends stays.  Ours is about to be cut over to (spec 8.9 RULE 1).  Theirs has
 * some seconds to be proven, or replays would push the genuine one out; but a replay of an
 * epoch that is over must not keep out what may be the rekey of the live session.
 */
static bool pending_stays(const struct engine *engine, const struct engine_peer *peer,
			  const struct incoming *in)
{
	const struct view *pending = session_pending(engine, peer);

	if (!peer->current.used || !pending)
		return false;
	if (pending->initiator || was_answered(engine, peer, in))
		return true;
	if (engine->now - pending->since >= ENGINE_SETTLE_MS)
		return false;
	return !same_epoch(&peer->current, in->epoch) || same_epoch(&peer->current, pending->epoch);
}

/*
 * Both have sent a msg1.  Of two with a session, the smaller stays the initiator (spec 8.7).
 * Without one it stays so for a moment only, should its messages not get through.
 */
static bool ours_goes_first(const struct engine *engine, const struct engine_peer *peer)
{
	if (!peer->hs || !peer->smaller)
		return false;
	return peer->current.used || engine->now - peer->hs->started < ENGINE_CROSSING_MS ||
	       peer->hs->held;
}

/* A session that the peer may have lost, or never had a part in (spec 7.5, 13 #19). */
static bool is_candidate(const struct engine *engine, const struct engine_peer *peer,
			 const uint8_t *epoch)
{
	const struct view *current = &peer->current;

	return !current->used || !same_epoch(current, epoch) ||
	       engine->now - current->since < ENGINE_REKEY_AGE_MS;
}

static void installed(struct engine *engine, struct engine_peer *peer, const struct incoming *in,
		      uint32_t local)
{
	struct view view = {
		.used = true, .seen = true, .local = local, .known_epoch = true,
		.since = engine->now,
	};

	memcpy(view.epoch, in->epoch, sizeof(view.epoch));
	if (peer->current.used)
		session_became_pending(engine, peer, &view);
	else
		session_became_current(engine, peer, &view);
}

static int send_answer(struct engine *engine, struct engine_peer *peer, const struct incoming *in,
		       const uint8_t *message, uint32_t local)
{
	struct answer answer;
	int err;

	memcpy(answer.msg1, in->frame, sizeof(answer.msg1));
	msg2_build(answer.msg2, local, in->msg.sender, message);
	err = engine->ops->send(engine->world, answer.msg2, sizeof(answer.msg2), in->path);
	if (!err)
		answered_add(&engine->by_ephemeral, &peer->answered, &answer, local);
	return err;
}

static void refuse_kernel(struct engine *engine, struct engine_peer *peer, enum engine_note note,
			  int err)
{
	engine_report(engine, peer, FMP_HANDSHAKE_EVENT_FAILED, FMP_HANDSHAKE_CAUSE_KERNEL);
	engine_note(engine, peer->key, note, err);
}

/* A fast peer's first frame must find its session: it is there before the answer goes. */
static void answer(struct engine *engine, struct engine_peer *peer, const struct incoming *in)
{
	const struct engine_session session = {
		.key = peer->key, .choose_index = true, .remote = in->msg.sender,
		.keys = engine->keys, .epoch = in->epoch,
		.candidate = is_candidate(engine, peer, in->epoch),
	};
	uint8_t message[NOISE_MSG2_LEN];
	uint32_t local = 0;
	int err;

	if (noise_write2(in->noise, engine->epoch, message, engine->keys))
		return;
	if (!peer->has_endpoint) {
		address_learn(engine, peer, in->path);
		peer->borrowed = true;
	}
	err = engine->ops->install(engine->world, &session, &local);
	engine_wipe_keys(engine);
	if (err) {
		refuse_kernel(engine, peer, NOTE_KERNEL, err);
		return;
	}
	installed(engine, peer, in, local);

	err = send_answer(engine, peer, in, message, local);
	if (err) {
		engine->ops->remove(engine->world, local);
		session_lost(engine, peer, local);
		refuse_kernel(engine, peer, NOTE_UNREACHABLE, err);
		return;
	}
	engine->stats.answered++;
	engine_report(engine, peer, FMP_HANDSHAKE_EVENT_ANSWERED, 0);
	engine_note(engine, peer->key, NOTE_ANSWERED, 0);
}

static void judge(struct engine *engine, struct engine_peer *peer, const struct incoming *in)
{
	if (ours_goes_first(engine, peer)) {
		engine->stats.deferred++;
		initiator_crossed(engine, peer, in->path);
		return;
	}
	if (pending_stays(engine, peer, in)) {
		engine->stats.kept++;
		return;
	}
	answer(engine, peer, in);
}

static bool admitted(struct engine *engine, const struct engine_peer *peer, const uint8_t *key,
		     const uint8_t *epoch)
{
	if (peer && session_goes_on(peer, epoch))
		return true;
	if (engine->ops->admit(engine->world, key, peer && !peer->dynamic))
		return true;
	engine->stats.refused++;
	engine_note(engine, key, NOTE_REFUSED, 0);
	if (peer)
		engine_report(engine, peer, FMP_HANDSHAKE_EVENT_FAILED,
			      FMP_HANDSHAKE_CAUSE_REFUSED);
	return false;
}

/* Room for a stranger: who has been without a session for longest has had its time. */
static bool make_room(struct engine *engine)
{
	struct engine_peer *oldest = NULL, *peer;
	size_t i;

	if (engine->dynamic_count < ENGINE_DYNAMIC)
		return true;
	for (i = 0; i < engine->peer_count; i++) {
		peer = engine->peers[i];
		if (!peer->dynamic || peer->current.used)
			continue;
		if (!oldest || peer->idle_since < oldest->idle_since)
			oldest = peer;
	}
	if (!oldest || engine->ops->remove_peer(engine->world, oldest->key))
		return false;
	engine_drop(engine, oldest);
	return true;
}

static struct engine_peer *welcome(struct engine *engine, const struct incoming *in)
{
	struct engine_peer *peer;
	int err;

	if (!make_room(engine)) {
		engine->stats.refused++;
		engine_note(engine, in->key, NOTE_FULL, 0);
		return NULL;
	}
	err = engine->ops->add_peer(engine->world, in->key, in->path);
	if (err) {
		engine_note(engine, in->key, NOTE_KERNEL, err);
		return NULL;
	}
	peer = engine_add(engine, in->key);
	peer->dynamic = true;
	engine->dynamic_count++;
	peer->endpoint = in->path->remote;
	peer->has_endpoint = true;
	peer->borrowed = true;
	return peer;
}

static void take(struct engine *engine, struct incoming *in)
{
	struct engine_peer *peer;

	if (noise_read1(in->noise, in->msg.noise, in->key, in->epoch)) {
		engine->stats.undecipherable++;
		return;
	}
	peer = engine_find(engine, in->key);
	if (!admitted(engine, peer, in->key, in->epoch))
		return;
	if (!peer)
		peer = welcome(engine, in);
	if (peer)
		judge(engine, peer, in);
}

void responder_msg1(struct engine *engine, const uint8_t *frame, const struct path *path)
{
	const struct answered_item *item = answered_find(&engine->by_ephemeral, frame);
	struct incoming in = { .frame = frame, .path = path };

	if (!msg1_parse(&in.msg, frame, MSG1_FRAME_LEN))
		return;
	if (item) {
		answer_again(engine, item, &in);
		return;
	}
	in.noise = noise_new(engine->identity);
	take(engine, &in);
	noise_free(in.noise);
}
