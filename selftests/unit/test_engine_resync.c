// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "harness.h"
#include "rig.h"

#define AT(rig, ms) rig_until(rig, 1000000 + (ms))
#define LIVE 0x99

static size_t msg1s(const struct rig *rig)
{
	return rig_count(rig, MSG1_FRAME_LEN);
}

/* What was there when the agent was started. */
static void started(void)
{
	struct rig *rig = rig_new(true);

	engine_resync_begin(rig->engine);
	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_resync_end(rig->engine);
	AT(rig, 100000);
	CHECK(rig->sent_count == 0 && rig->removed == 0 && engine_peer_count(rig->engine) == 1);
	rig_free(rig);
}

static void unchanged(void)
{
	struct rig *rig = rig_new(true);
	unsigned int i;

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	rig_session(rig, 8, FMP_SLOT_PENDING, false, false, rig_epoch_b, 0);
	for (i = 0; i < 10; i++) {
		engine_resync_begin(rig->engine);
		rig_peer(rig, true);
		rig_live(rig, LIVE, rig_epoch_a);
		rig_session(rig, 8, FMP_SLOT_PENDING, false, false, rig_epoch_b, i * 100);
		engine_resync_end(rig->engine);
		AT(rig, (i + 1) * 100);
	}
	CHECK(rig->sent_count == 0 && rig->notes[NOTE_RESTARTED] == 0);
	rig_free(rig);
}

static void peer_gone(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	AT(rig, 0);
	engine_resync_begin(rig->engine);
	engine_resync_end(rig->engine);
	CHECK(engine_peer_count(rig->engine) == 0 && rig->released == 1);
	AT(rig, 100000);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

static void current_gone(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_resync_begin(rig->engine);
	rig_peer(rig, true);
	engine_resync_end(rig->engine);
	AT(rig, 4999);
	CHECK(msg1s(rig) == 0);
	AT(rig, 5000);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

/* It would have put off a handshake of ours for 5 s. */
static void pending_gone(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	rig_session(rig, 8, FMP_SLOT_PENDING, false, false, rig_epoch_a, 0);
	engine_resync_begin(rig->engine);
	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_resync_end(rig->engine);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

/* A cutover that nobody told of: the restart is noticed, and our handshake needless. */
static void cutover_missed(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg1[MSG1_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	rig_msg1(rig, msg1, 5, rig_epoch_b);
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->installed == 1);
	engine_resync_begin(rig->engine);
	rig_peer(rig, true);
	rig_session(rig, RIG_INDEX + 1, FMP_SLOT_CURRENT, false, true, rig_epoch_b, 10);
	rig_session(rig, LIVE, FMP_SLOT_PREVIOUS, true, true, rig_epoch_a, 10);
	engine_resync_end(rig->engine);
	CHECK(rig->notes[NOTE_RESTARTED] == 1 && rig->released == 1);
	/* Events of before, which were queued all the time. */
	rig_session(rig, RIG_INDEX + 1, FMP_SLOT_PENDING, false, false, rig_epoch_b, 20);
	rig_cutover(rig, RIG_INDEX + 1, false, rig_epoch_b);
	engine_session_gone(rig->engine, rig->key, LIVE);
	AT(rig, 100000);
	CHECK(msg1s(rig) == 1 && rig->removed == 0);
	rig_free(rig);
}

static void handshake_stays(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 100);
	engine_resync_begin(rig->engine);
	rig_peer(rig, true);
	engine_resync_end(rig->engine);
	AT(rig, 1000);
	CHECK(msg1s(rig) == 2 && rig->released == 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1);
	rig_free(rig);
}

/* A responder's session of before the restart that nobody has used. */
static void unproven_of_before(void)
{
	struct rig *rig = rig_new(true);

	engine_resync_begin(rig->engine);
	rig_peer(rig, false);
	rig_session(rig, 8, FMP_SLOT_CURRENT, false, false, rig_epoch_a, 20000);
	engine_resync_end(rig->engine);
	AT(rig, 0);
	CHECK(msg1s(rig) == 1);
	AT(rig, 14999);
	CHECK(rig->removed == 0);
	AT(rig, 15000);
	CHECK(rig->removed == 1);
	rig_free(rig);
}

static void configured_meanwhile(void)
{
	struct rig *rig = rig_new(true);
	struct engine_peer_info info = {
		.key = rig->key, .has_endpoint = true, .endpoint = rig_v4(2, 2121),
	};
	uint8_t msg1[MSG1_FRAME_LEN];

	rig->strangers = true;
	rig_msg1(rig, msg1, 5, rig_epoch_a);
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->added_peers == 1);
	engine_peer_seen(rig->engine, &info);
	engine_session_gone(rig->engine, rig->key, RIG_INDEX);
	AT(rig, 10000000);
	CHECK(rig->removed_peers == 0 && engine_peer_count(rig->engine) == 1);
	rig_free(rig);
}

const struct test engine_resync_tests[] = {
	{ "started", started },
	{ "unchanged", unchanged },
	{ "peer_gone", peer_gone },
	{ "current_gone", current_gone },
	{ "pending_gone", pending_gone },
	{ "cutover_missed", cutover_missed },
	{ "handshake_stays", handshake_stays },
	{ "unproven_of_before", unproven_of_before },
	{ "configured_meanwhile", configured_meanwhile },
	{ 0 },
};
