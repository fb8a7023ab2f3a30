// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that has wiped its sessions, and takes none until the machine has slept: agents
 * that have the keys by then make others later, and nothing that there is goes.
 */
#include <errno.h>

#include "harness.h"
#include "rig.h"
#include "util.h"
#include "world.h"

#define AT(rig, ms) rig_until(rig, 1000000 + (ms))
#define LIVE 0x99
#define THEIRS 0x5000	/* index of the peer in its first messages */

static bool rekeyed(struct rig *rig)
{
	uint8_t msg2[MSG2_FRAME_LEN];
	unsigned int before = rig->installed;

	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	if (!CHECK(rig_msg2(rig, msg2, rig_epoch_a)))
		return false;
	rig_take(rig, msg2, sizeof(msg2), 2);
	return rig->installed > before;
}

/* Three times: the session that there is stays, and the index of each goes back. */
static void initiator(void)
{
	struct rig *rig = rig_new(true);
	unsigned int i;

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	AT(rig, 0);
	rig->install_err = -EBUSY;
	for (i = 1; i <= 3; i++) {
		CHECK(!rekeyed(rig));
		CHECK(rig->released == i && rig->notes[NOTE_KERNEL] == i);
		CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == i);
	}
	rig->install_err = 0;
	CHECK(rekeyed(rig));
	CHECK(rig->removed == 0 && rig->released == 3 && rig->session.initiator);
	rig_free(rig);
}

/* With none: the next dial is due a while later, without being asked for. */
static void dial(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	rig->install_err = -EBUSY;
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 0 && rig->released == 1);
	rig->install_err = 0;
	AT(rig, 9999);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 1);
	AT(rig, 10000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 2);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && rig->released == 1);
	rig_free(rig);
}

/* A handshake under way has keys, and its index may be nobody's: the answer is not for us. */
static void begun(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	AT(rig, 0);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	engine_session_gone(rig->engine, rig->key, LIVE);
	engine_peer_wiped(rig->engine, rig->key);
	CHECK(rig->released == 1);
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 0);
	AT(rig, 999);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 1);
	AT(rig, 1000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 2);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1);
	/* And where there was none, none is begun. */
	engine_peer_wiped(rig->engine, rig->key);
	AT(rig, 3000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 2);
	rig_free(rig);
}

/* What was not answered is no copy when it comes again. */
static void responder(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	AT(rig, 0);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	rig->install_err = -EBUSY;
	rig_take(rig, msg1, sizeof(msg1), 2);
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->sent_count == 0 && rig->notes[NOTE_KERNEL] == 2);
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == 2);
	rig->install_err = 0;
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->installed == 1 && !rig->session.initiator && rig->removed == 0);
	CHECK(rig_count(rig, MSG2_FRAME_LEN) == 1);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_ANSWERED] == 1);
	rig_free(rig);
}

static void traffic(struct world *world, uint64_t every)
{
	world->hosts[0].send_every = every;
	world->hosts[1].send_every = every;
}

/* Of all that is sent from now on. */
static uint64_t missing(struct world *world)
{
	uint64_t before = 0;
	unsigned int i;

	traffic(world, 0);
	world_until(world, world->now + 1000);
	for (i = 0; i < 2; i++)
		before += world->hosts[i].sent - world->hosts[i].arrived;
	traffic(world, 20);
	world_until(world, world->now + 2000);
	traffic(world, 0);
	world_until(world, world->now + 1000);
	for (i = 0; i < 2; i++)
		before -= world->hosts[i].sent - world->hosts[i].arrived;
	return before;
}

/*
 * Host 0 is wiped so long after a rekey was begun by one of them; how often its kernel
 * refused a session.  dials: the bits of those that connect by themselves.
 */
static uint64_t sleeps(unsigned int begins, unsigned int dials, uint64_t after, uint64_t lasts)
{
	struct world *world = world_new(2, after + 1);
	uint64_t refused;

	world_peer(world, 0, 1, dials & 1);
	world_peer(world, 1, 0, dials & 2);
	traffic(world, 20);
	world_until(world, 40000);
	CHECK(world_agree(world, 0, 1));
	world_rekey(world, begins, !begins);
	world_until(world, world->now + after);
	world_wipe(world, 0, lasts);
	world_until(world, world->now + lasts - 1);
	CHECK_FMT(!world_find(world, 0, 1)->current.used, "begun by %u, wiped after %u ms", begins,
		  (unsigned int)after);
	CHECK(world_find(world, 1, 0)->current.used);
	world_until(world, world->now + 15000);
	CHECK_FMT(world_agree(world, 0, 1), "begun by %u, dialled by %u, wiped after %u ms for %u",
		  begins, dials, (unsigned int)after, (unsigned int)lasts);
	CHECK_FMT(!missing(world), "begun by %u, dialled by %u, wiped after %u ms for %u", begins,
		  dials, (unsigned int)after, (unsigned int)lasts);
	refused = world->hosts[0].notes[NOTE_KERNEL];
	CHECK(world_agree(world, 0, 1));
	world_free(world);
	return refused;
}

/* At each moment of a rekey, by either. */
static void wiped(void)
{
	static const uint64_t times[] = { 200, 3000, 20000 };
	unsigned int begins, dials, i;
	uint64_t after, refused;

	for (begins = 0; begins < 2; begins++) {
		refused = 0;
		for (dials = 0; dials < 4; dials++)
			for (i = 0; i < ARRAY_SIZE(times); i++)
				for (after = 0; after <= 30; after += 3)
					refused += sleeps(begins, dials, after, times[i]);
		CHECK_FMT(refused, "begun by %u: never refused", begins);
	}
}

const struct test engine_sleep_tests[] = {
	{ "initiator", initiator },
	{ "dial", dial },
	{ "responder", responder },
	{ "begun", begun },
	{ "wiped", wiped },
	{ 0 },
};
