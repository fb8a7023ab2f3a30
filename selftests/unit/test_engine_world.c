// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "util.h"
#include "world.h"

static struct world *pair(uint64_t seed, bool a_dials, bool b_dials)
{
	struct world *world = world_new(2, seed);

	world_peer(world, 0, 1, a_dials);
	world_peer(world, 1, 0, b_dials);
	return world;
}

static void traffic(struct world *world, uint64_t every)
{
	unsigned int i;

	for (i = 0; i < world->host_count; i++)
		world->hosts[i].send_every = every;
}

static struct endpoint nowhere(void)
{
	struct endpoint endpoint = { .port = 9, .address.family = AF_INET };

	endpoint.address.v4.s_addr = htonl(0xc6336401);
	return endpoint;
}

/* All that is sent from now on arrives, once what is under way has. */
static void check_flow(struct world *world, uint64_t for_ms)
{
	uint64_t lost = world_lost(world), sent[2], arrived[2];
	unsigned int i;

	traffic(world, 0);
	world_until(world, world->now + 1000);
	for (i = 0; i < 2; i++) {
		sent[i] = world->hosts[i].sent;
		arrived[i] = world->hosts[i].arrived;
	}
	traffic(world, 10);
	world_until(world, world->now + for_ms);
	traffic(world, 0);
	world_until(world, world->now + 1000);
	for (i = 0; i < 2; i++) {
		sent[i] = world->hosts[i].sent - sent[i];
		arrived[!i] = world->hosts[!i].arrived - arrived[!i];
		CHECK_FMT(sent[i] == arrived[!i], "%u sent %llu, %llu arrived", i,
			  (unsigned long long)sent[i], (unsigned long long)arrived[!i]);
	}
	CHECK(world_lost(world) == lost);
	CHECK(world_agree(world, 0, 1));
}

static void first_contact(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct world *world = pair(i, i & 1, i & 2);

		traffic(world, i == 0 ? 10 : 0);
		world_until(world, 2000);
		CHECK_FMT(world_agree(world, 0, 1), "%u", i);
		check_flow(world, 1000);
		world_free(world);
	}
}

/* Both dial, one so much later than the other, with packets waiting at both. */
static void crossing(void)
{
	unsigned int offset, order, delay;
	uint64_t lost = 0, agreed_late = 0;

	for (delay = 5; delay <= 80; delay += 25) {
		for (order = 0; order < 2; order++) {
			for (offset = 0; offset <= 2 * delay + 2; offset += 1 + delay / 20) {
				struct world *world = world_new(2, offset);

				world->delay_min = delay;
				world->delay_max = delay;
				traffic(world, 5);
				world_peer(world, order, !order, true);
				world_until(world, offset);
				world_peer(world, !order, order, true);
				world_until(world, 300 + 4 * delay);
				agreed_late += !world_agree(world, 0, 1);
				world_until(world, 3000);
				CHECK_FMT(world_agree(world, 0, 1), "delay %u offset %u order %u",
					  delay, offset, order);
				CHECK_FMT(!world_lost(world),
					  "delay %u offset %u order %u: lost %llu", delay, offset,
					  order, (unsigned long long)world_lost(world));
				lost += world_lost(world);
				CHECK(!world->hosts[0].failed && !world->hosts[1].failed);
				CHECK(!world_find(world, 0, 1)->reserved_count &&
				      !world_find(world, 1, 0)->reserved_count);
				check_flow(world, 200);
				world_free(world);
			}
		}
	}
	fprintf(stderr, "# lost %llu, agreed late %llu times\n", (unsigned long long)lost,
		(unsigned long long)agreed_late);
}

/* 50 rekeys under traffic, asked for on one side, on the other, or on both at once. */
static void rekeys(void)
{
	struct world *world = pair(7, true, true);
	unsigned int i;

	world_until(world, 2000);
	world_rekey(world, 0, 1);
	traffic(world, 2);
	world_until(world, 3000);
	for (i = 0; i < 50; i++) {
		if (i % 3 != 1)
			world_rekey(world, 0, 1);
		world_until(world, world->now + i % 7 * 4);
		if (i % 3 != 0)
			world_rekey(world, 1, 0);
		world_until(world, world->now + 12000);
		CHECK_FMT(world_agree(world, 0, 1), "rekey %u", i);
	}
	CHECK(world_lost(world) == 0);
	CHECK_FMT(world->hosts[0].cutovers >= 51 && world->hosts[1].cutovers >= 51,
		  "%llu and %llu cutovers", (unsigned long long)world->hosts[0].cutovers,
		  (unsigned long long)world->hosts[1].cutovers);
	CHECK(!world->hosts[0].failed && !world->hosts[1].failed);
	check_flow(world, 1000);
	world_free(world);
}

/* By age, with the kernel's own jitter and the events of both lagging. */
static void rekeys_by_age(void)
{
	struct world *world = pair(11, true, false);

	world->event_delay = 3;
	world_until(world, 1000);
	traffic(world, 20);
	world_until(world, 1000000);
	CHECK(world_lost(world) == 0 && world_agree(world, 0, 1));
	CHECK(world->hosts[0].cutovers >= 6);
	world_free(world);
}

/* Handshakes get lost, repeated and reordered; not a packet does. */
static void bad_handshakes(void)
{
	uint64_t lost = 0, cutovers = 0;
	unsigned int seed;

	for (seed = 1; seed <= 16; seed++) {
		struct world *world = pair(seed, true, seed & 1);

		world->delay_max = 60;
		world_until(world, 3000);
		world->rekey_after = 15000;
		world->rekey_spread = 5000;
		world->event_delay = seed % 3;
		world_rekey(world, 0, 1);
		traffic(world, 10);
		world_until(world, 5000);
		world->loss = 300;
		world->repeat = 300;
		world->handshakes_only = true;
		world_until(world, 120000);
		lost += world_lost(world);
		cutovers += world->hosts[0].cutovers;
		world->loss = 0;
		world->repeat = 0;
		world->delay_max = 10;
		world_until(world, world->now + 70000);
		CHECK_FMT(world_agree(world, 0, 1), "seed %u", seed);
		check_flow(world, 2000);
		world_free(world);
	}
	fprintf(stderr, "# %llu cutovers, lost %llu\n", (unsigned long long)cutovers,
		(unsigned long long)lost);
	CHECK(lost == 0);
	CHECK(cutovers > 16 * 4);
}

/* Everything does; when the network is well again, so are they. */
static void bad_network(void)
{
	unsigned int seed;

	for (seed = 100; seed < 120; seed++) {
		struct world *world = pair(seed, true, seed & 1);

		world->delay_min = 1;
		world->delay_max = 200;
		world->loss = 200 + seed % 5 * 100;
		world->repeat = 200;
		world->rekey_after = 8000;
		world->rekey_spread = 8000;
		world->event_delay = seed % 4;
		traffic(world, 50);
		world_until(world, 90000);
		CHECK(world_find(world, 0, 1)->reserved_count <= 1);
		CHECK(world_find(world, 1, 0)->reserved_count <= 1);
		world->loss = 0;
		world->repeat = 0;
		world->delay_min = 10;
		world->delay_max = 10;
		world->rekey_after = 140000;
		world_until(world, world->now + 100000);
		CHECK_FMT(world_agree(world, 0, 1), "seed %u", seed);
		check_flow(world, 2000);
		world_free(world);
	}
}

/* SIGKILL every second or so, at both, while sessions are made all the time. */
static void killed(void)
{
	unsigned int seed;

	for (seed = 1; seed <= 10; seed++) {
		struct world *world = pair(seed, true, true);
		unsigned int i;

		world_until(world, 2000);
		world_rekey(world, 0, 1);
		traffic(world, 5);
		world_until(world, 3000);
		for (i = 0; i < 60; i++) {
			world_until(world, world->now + 900 + world_random(world, 200));
			world_kill_agent(world, i & 1);
			world_rekey(world, i >> 1 & 1, !(i >> 1 & 1));
			world_until(world, world->now + world_random(world, 30));
			world_kill_agent(world, !(i & 1));
		}
		CHECK_FMT(world_lost(world) == 0, "seed %u: %llu", seed,
			  (unsigned long long)world_lost(world));
		world_until(world, world->now + 12000);
		CHECK(world_agree(world, 0, 1));
		CHECK(world->hosts[0].cutovers > 1);
		world_free(world);
	}
}

/* The agent dies between any two milliseconds of a first contact. */
static void killed_first(void)
{
	unsigned int at, who;

	for (who = 0; who < 2; who++) {
		for (at = 0; at < 50; at++) {
			struct world *world = pair(at, true, false);

			world_until(world, at);
			world_kill_agent(world, who);
			world_until(world, at + 45000);
			CHECK_FMT(world_agree(world, 0, 1), "host %u at %u", who, at);
			check_flow(world, 500);
			world_free(world);
		}
	}
}

static void rebooted(void)
{
	unsigned int who, dials;

	for (who = 0; who < 2; who++) {
		for (dials = 1; dials < 4; dials++) {
			struct world *world = pair(dials, dials & 1, dials & 2);

			traffic(world, 20);
			world_until(world, 20000);
			world_reboot(world, who);
			world_until(world, world->now + 500);
			CHECK_FMT(world_agree(world, 0, 1), "host %u, dials %u", who, dials);
			CHECK(world->hosts[!who].notes[NOTE_RESTARTED] == 1);
			check_flow(world, 500);
			world_free(world);
		}
	}
}

/* Every msg1 that was ever seen comes again and again, and its negative, from elsewhere. */
static void replayed(void)
{
	unsigned int seed;

	for (seed = 1; seed <= 2; seed++) {
		struct world *world = pair(seed, true, true);
		struct packet packet;
		unsigned int i;

		/* Two epochs of each are on the tape. */
		world_until(world, 5000);
		world_reboot(world, 0);
		world_until(world, 6000);
		world_reboot(world, 1);
		world_until(world, 7000);
		for (i = 0; i < 8; i++) {
			world_rekey(world, i & 1, !(i & 1));
			world_until(world, world->now + 12000);
		}
		/* Both forget what they have answered. */
		world_kill_agent(world, 0);
		world_kill_agent(world, 1);
		world->rekey_after = 40000;
		world->rekey_spread = 10000;
		world_rekey(world, 0, 1);
		traffic(world, 10);
		world_until(world, world->now + 12000);
		world->hosts[0].cutovers = 0;

		for (i = 0; i < 6000; i++) {
			packet = world->tape[world_random(world, world->tape_count)];
			packet.frame[8] ^= (uint8_t)world_random(world, 2);
			world_inject(world, &packet, nowhere());
			world_until(world, world->now + 50);
		}
		CHECK_FMT(world_lost(world) == 0, "seed %u: lost %llu", seed,
			  (unsigned long long)world_lost(world));
		CHECK(world_agree(world, 0, 1));
		CHECK_FMT(world->hosts[0].cutovers >= 4, "seed %u: %llu cutovers in 300 s", seed,
			  (unsigned long long)world->hosts[0].cutovers);
		check_flow(world, 1000);
		world_free(world);
	}
}

/* Replays while there is no session yet: the dial goes through all the same. */
static void replayed_first(void)
{
	unsigned int who, i;

	for (who = 0; who < 2; who++) {
		struct world *world = pair(who, true, true);
		struct packet packet;

		world_until(world, 5000);
		world_reboot(world, 0);
		world_reboot(world, 1);
		/* What the rebooted ones send first does not arrive. */
		world->loss = 1000;
		world_until(world, world->now + 10);
		world->loss = 0;
		for (i = 0; i < 200; i++) {
			packet = world->tape[world_random(world, 2)];
			world_inject(world, &packet, nowhere());
			world_until(world, world->now + 50);
		}
		CHECK(world_agree(world, 0, 1));
		check_flow(world, 500);
		world_free(world);
	}
}

/* An initiator gets another address between its msg1 and the answer. */
static void rebinding(void)
{
	unsigned int who, at;

	for (who = 0; who < 2; who++) {
		for (at = 0; at < 300; at += 7) {
			struct world *world = pair(at, true, false);

			world_until(world, 2000);
			world_rekey(world, 0, 1);
			traffic(world, 10);
			world_until(world, 15000);
			world_rekey(world, 0, 1);
			world_until(world, world->now + at);
			world->hosts[who].address.port = 4242;
			world_until(world, world->now + 12000);
			CHECK_FMT(world_agree(world, 0, 1), "host %u at %u", who, at);
			CHECK(world_lost(world) == 0);
			check_flow(world, 500);
			world_free(world);
		}
	}
}

/* The smaller one dials where nobody is; the larger one knows better. */
static void wrong_endpoint(void)
{
	unsigned int who;

	for (who = 0; who < 2; who++) {
		struct world *world = world_new(2, who);
		struct kpeer *peer;

		peer = world_peer(world, who, !who, true);
		peer->endpoint = nowhere();
		world_lose_events(world, who);
		world_peer(world, !who, who, true);
		world_until(world, 2000);
		CHECK_FMT(world_agree(world, 0, 1), "host %u", who);
		check_flow(world, 500);
		world_free(world);
	}
}

static void lost_events(void)
{
	unsigned int seed;

	for (seed = 1; seed <= 10; seed++) {
		struct world *world = pair(seed, true, true);
		unsigned int i;

		world->event_delay = 5;
		world_until(world, 2000);
		world_rekey(world, 0, 1);
		traffic(world, 5);
		world_until(world, 3000);
		for (i = 0; i < 40; i++) {
			world_rekey(world, i & 1, !(i & 1));
			world_until(world, world->now + 1 + world_random(world, 400));
			world_lose_events(world, world_random(world, 2));
		}
		world_until(world, world->now + 45000);
		CHECK_FMT(world_agree(world, 0, 1), "seed %u", seed);
		CHECK_FMT(world_lost(world) == 0, "seed %u: lost %llu", seed,
			  (unsigned long long)world_lost(world));
		check_flow(world, 500);
		world_free(world);
	}
}

/* Forged answers with the right index, before each genuine one. */
static bool forge(struct world *world, const struct packet *packet)
{
	struct packet bad = *packet;

	if (packet->len == MSG2_FRAME_LEN) {
		bad.frame[60] ^= 1;
		world_inject(world, &bad, packet->from);
	}
	return false;
}

static void forged(void)
{
	struct world *world = pair(3, true, true);

	world->drop = forge;
	world_until(world, 3000);
	CHECK(world_agree(world, 0, 1));
	world_rekey(world, 0, 1);
	world_until(world, 12000);
	CHECK(engine_stats(world->hosts[0].engine)->forged +
	      engine_stats(world->hosts[1].engine)->forged >= 2);
	CHECK(world->hosts[0].cutovers == 1);
	check_flow(world, 500);
	world_free(world);
}

const struct test engine_world_tests[] = {
	{ "first_contact", first_contact },
	{ "crossing", crossing },
	{ "rekeys", rekeys },
	{ "rekeys_by_age", rekeys_by_age },
	{ "bad_handshakes", bad_handshakes },
	{ "bad_network", bad_network },
	{ "killed", killed },
	{ "killed_first", killed_first },
	{ "rebooted", rebooted },
	{ "replayed", replayed },
	{ "replayed_first", replayed_first },
	{ "rebinding", rebinding },
	{ "wrong_endpoint", wrong_endpoint },
	{ "lost_events", lost_events },
	{ "forged", forged },
	{ 0 },
};
