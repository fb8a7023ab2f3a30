// SPDX-License-Identifier: GPL-2.0
/*
 * SIGKILL of an agent at each of its steps, while what was sent comes again, and late.
 */
#include <stdio.h>

#include "harness.h"
#include "util.h"
#include "world.h"

/* So much later each handshake message comes once more, if at all. */
static uint64_t again_after;
/* So much later than all else an answer comes. */
static uint64_t answers_after;

static void later(struct world *world, const struct packet *packet, uint64_t delay)
{
	world_inject(world, packet, packet->from);
	world->packets[world->packet_count - 1].at += delay;
}

static bool disturb(struct world *world, const struct packet *packet)
{
	bool late = answers_after && packet->len == MSG2_FRAME_LEN;

	if (again_after && packet->len)
		later(world, packet, again_after);
	if (late)
		later(world, packet, answers_after);
	return late;
}

static void traffic(struct world *world, uint64_t every)
{
	world->hosts[0].send_every = every;
	world->hosts[1].send_every = every;
}

/* who: the bits of those that begin. */
static struct world *strangers(unsigned int seed, unsigned int who)
{
	struct world *world = world_new(2, seed);

	world->drop = disturb;
	world_peer(world, 0, 1, who & 1);
	world_peer(world, 1, 0, who & 2);
	return world;
}

/* With a session that is so old, and traffic. */
static struct world *pair(unsigned int seed, uint64_t age)
{
	struct world *world = strangers(seed, 3);

	world->drop = NULL;
	world_until(world, 2000);
	world_rekey(world, seed & 1, !(seed & 1));
	world_until(world, 3000 + age);
	world->drop = disturb;
	traffic(world, 20);
	return world;
}

static void rekey(struct world *world, unsigned int who)
{
	if (who & 1)
		world_rekey(world, 0, 1);
	if (who & 2)
		world_rekey(world, 1, 0);
}

/* Of all that was ever sent. */
static uint64_t missing(struct world *world)
{
	traffic(world, 0);
	world_until(world, world->now + 1000);
	return world->hosts[0].sent + world->hosts[1].sent - world->hosts[0].arrived -
	       world->hosts[1].arrived;
}

/* One agent dies at that step of a rekey; false if there is no such step. */
static bool rekey_dies(unsigned int who, unsigned int victim, unsigned int step, uint64_t down_for)
{
	struct world *world = pair(step, step & 1 ? 40000 : 0);
	uint64_t cutovers, lost;
	char what[128];
	bool died;

	snprintf(what, sizeof(what), "by %u, %u dies at step %u for %u ms, again %u, answers %u",
		 who, victim, step, (unsigned int)down_for, (unsigned int)again_after,
		 (unsigned int)answers_after);
	world_kill_at(world, victim, step, down_for);
	rekey(world, who);
	world_until(world, world->now + 60000);
	died = !world->hosts[victim].die_at;
	world->hosts[victim].die_at = 0;
	CHECK_FMT(world_agree(world, 0, 1), "%s", what);

	cutovers = world->hosts[0].cutovers;
	rekey(world, who);
	world_until(world, world->now + 40000);
	CHECK_FMT(world->hosts[0].cutovers > cutovers, "%s: no rekey later", what);
	lost = missing(world);
	CHECK_FMT(!lost, "%s: %llu lost", what, (unsigned long long)lost);
	CHECK_FMT(world_agree(world, 0, 1), "%s: later", what);
	world_free(world);
	return died;
}

/* The same of a first contact, which has time until the second dial. */
static bool first_dies(unsigned int who, unsigned int victim, unsigned int step, uint64_t down_for)
{
	struct world *world = strangers(step, who);
	uint64_t lost;
	bool died;

	world_kill_at(world, victim, step, down_for);
	world_until(world, 45000);
	died = !world->hosts[victim].die_at;
	world->hosts[victim].die_at = 0;
	CHECK_FMT(world_agree(world, 0, 1), "by %u, %u dies at step %u for %u ms, again %u", who,
		  victim, step, (unsigned int)down_for, (unsigned int)again_after);
	traffic(world, 20);
	world_until(world, 50000);
	lost = missing(world);
	CHECK_FMT(!lost, "by %u, %u dies at step %u: %llu lost", who, victim, step,
		  (unsigned long long)lost);
	world_free(world);
	return died;
}

typedef bool (*dies_fn)(unsigned int who, unsigned int victim, unsigned int step,
			uint64_t down_for);

/* At each step there is, of either, whoever begins. */
static void each(dies_fn dies, uint64_t down_for)
{
	unsigned int who, victim, step;

	for (who = 1; who < 4; who++) {
		for (victim = 0; victim < 2; victim++) {
			step = 0;
			while (dies(who, victim, step, down_for))
				step++;
			CHECK_FMT(step >= 2, "%u died at %u steps", victim, step);
		}
	}
}

static void rekeys(void)
{
	static const uint64_t delays[] = { 0, 30, 700, 2500, 6000, 9000 };
	unsigned int i;

	answers_after = 0;
	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		again_after = delays[i];
		each(rekey_dies, 0);
		each(rekey_dies, 900);
	}
}

/* Copies of a msg1 are answered by the next agent before the answer to the first one comes. */
static void late_answers(void)
{
	static const uint64_t delays[] = { 800, 2500, 6000, 6500, 9000 };
	unsigned int i;

	again_after = 0;
	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		answers_after = delays[i];
		each(rekey_dies, 0);
	}
}

static void first_contacts(void)
{
	static const uint64_t delays[] = { 0, 30, 700, 2500, 6000 };
	unsigned int i;

	answers_after = 0;
	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		again_after = delays[i];
		each(first_dies, 0);
		each(first_dies, 900);
	}
}

const struct test engine_kills_tests[] = {
	{ "rekeys", rekeys },
	{ "late_answers", late_answers },
	{ "first_contacts", first_contacts },
	{ 0 },
};
