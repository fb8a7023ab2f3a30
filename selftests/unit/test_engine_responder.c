// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answered.h"
#include "harness.h"
#include "rig.h"
#include "util.h"
#include "vectors.h"

#define AT(rig, ms) rig_until(rig, 1000000 + (ms))
#define LIVE 0x99
#define THEIRS 0x5000	/* index of the peer in its first messages */

static size_t msg2s(const struct rig *rig)
{
	return rig_count(rig, MSG2_FRAME_LEN);
}

static const struct engine_stats *stats(const struct rig *rig)
{
	return engine_stats(rig->engine);
}

/* A fresh first message of that epoch; whether it was answered. */
static bool knock(struct rig *rig, const uint8_t *epoch)
{
	uint8_t msg1[MSG1_FRAME_LEN];
	size_t before = msg2s(rig);

	rig_msg1(rig, msg1, THEIRS, epoch);
	rig_take(rig, msg1, sizeof(msg1), 2);
	return msg2s(rig) > before;
}

static void first_contact(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN];
	struct msg2 msg2;

	rig_peer(rig, false);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->installed == 1 && !rig->session.initiator && rig->session.choose_index);
	CHECK(rig->session.remote == THEIRS && memcmp(rig->session_epoch, rig_epoch_a, 8) == 0);
	CHECK(msg2s(rig) == 1 && rig->events[FMP_HANDSHAKE_EVENT_ANSWERED] == 1);
	CHECK(msg2_parse(&msg2, rig_last(rig)->frame, MSG2_FRAME_LEN));
	CHECK(msg2.sender == RIG_INDEX && msg2.receiver == THEIRS);
	/* Where a msg1 came from proves nothing. */
	CHECK(rig->endpoints == 0);
	rig_free(rig);
}

static void answered_to_source(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN];
	struct path path = rig_path(77);

	path.local = (struct address){ .family = AF_INET, .v4.s_addr = 0x0100007f };
	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	engine_frame(rig->engine, msg1, sizeof(msg1), &path, false);
	CHECK(msg2s(rig) == 1 && memcmp(&rig_last(rig)->path, &path, sizeof(path)) == 0);
	CHECK(rig->endpoints == 0);
	rig_free(rig);
}

/* A peer that nothing is known of is where it came from, until it is heard. */
static void no_endpoint(void)
{
	struct rig *rig = rig_new(true);
	const struct engine_peer_info info = { .key = rig->key };
	uint8_t msg1[MSG1_FRAME_LEN];

	engine_peer_seen(rig->engine, &info);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	rig_take(rig, msg1, sizeof(msg1), 7);
	CHECK(rig->endpoints == 1 && rig->installed == 1);
	/* It is not dialled there when nobody uses the session. */
	AT(rig, 34999);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 0 && rig->removed == 0);
	AT(rig, 35000);
	CHECK(rig->removed == 1 && rig->last_removed == RIG_INDEX);
	rig_free(rig);
}

/* The same msg1, from wherever: the same msg2, to there, and nothing else. */
static void repeated(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN], msg2[MSG2_FRAME_LEN];
	unsigned int i;

	rig_peer(rig, false);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	rig_take(rig, msg1, sizeof(msg1), 2);
	memcpy(msg2, rig_last(rig)->frame, sizeof(msg2));
	for (i = 0; i < 100; i++) {
		rig_take(rig, msg1, sizeof(msg1), 100 + i);
		CHECK(msg2s(rig) == i + 2);
		CHECK(memcmp(rig_last(rig)->frame, msg2, sizeof(msg2)) == 0);
		CHECK(rig_last(rig)->path.remote.address.v4.s_addr ==
		      rig_v4(100 + i, 0).address.v4.s_addr);
	}
	CHECK(rig->installed == 1 && rig->endpoints == 0 && rig->removed == 0);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_ANSWERED] == 1 && stats(rig)->repeated == 100);

	/* Also after the cutover. */
	rig->proven = 1;
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(msg2s(rig) == 102 && rig->installed == 1);
	rig_free(rig);
}

/* What has the ephemeral of one and is none gets nothing. */
static void altered(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN], bad[MSG1_FRAME_LEN];
	size_t i;

	rig_peer(rig, false);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	rig_take(rig, msg1, sizeof(msg1), 2);
	for (i = 4; i < sizeof(bad); i++) {
		memcpy(bad, msg1, sizeof(bad));
		bad[i] ^= 1;
		rig_take(rig, bad, sizeof(bad), 2);
	}
	CHECK(msg2s(rig) == 1 && rig->installed == 1);
	rig_free(rig);
}

/* When its session is gone, an answer would lead nowhere; and a replay makes no other. */
static void repeated_late(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN];

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_b);
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(msg2s(rig) == 1);
	engine_session_gone(rig->engine, rig->key, RIG_INDEX);
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(msg2s(rig) == 1 && rig->installed == 1 && stats(rig)->stale == 1);
	rig_free(rig);
}

/* Eight answers are kept, and of 64 messages is known that they are copies. */
static void cache_bounds(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg1[70][MSG1_FRAME_LEN];
	unsigned int i;

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	for (i = 0; i < 70; i++) {
		rig_msg1(rig, msg1[i], THEIRS + i, rig_epoch_a);
		rig_take(rig, msg1[i], MSG1_FRAME_LEN, 2);
		CHECK_FMT(msg2s(rig) == i + 1, "%u", i);
		/* Long enough to be displaced, and there is still the last one. */
		AT(rig, (i + 1) * 5000);
	}
	rig->sent_count = 0;
	rig_take(rig, msg1[69], MSG1_FRAME_LEN, 2);
	CHECK(msg2s(rig) == 1);
	for (i = 6; i < 69; i++)
		rig_take(rig, msg1[i], MSG1_FRAME_LEN, 2);
	CHECK(msg2s(rig) == 1 && rig->installed == 70 && stats(rig)->stale == 63);
	rig_take(rig, msg1[5], MSG1_FRAME_LEN, 2);
	CHECK(rig->installed == 71);
	rig_free(rig);
}

static void garbage(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN], bad[MSG1_FRAME_LEN + 1] = { 0 };
	size_t i;

	rig_peer(rig, false);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	for (i = 0; i <= sizeof(bad); i++)
		if (i != MSG1_FRAME_LEN)
			rig_take(rig, bad, i, 2);
	for (i = 8; i < sizeof(msg1); i++) {
		memcpy(bad, msg1, sizeof(msg1));
		bad[i] ^= 0x40;
		rig_take(rig, bad, sizeof(msg1), 2);
	}
	CHECK(rig->installed == 0 && rig->sent_count == 0 && rig->added_peers == 0);
	CHECK(stats(rig)->undecipherable == NOISE_MSG1_LEN);
	rig_free(rig);
}

static void send_fails(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN];

	rig_peer(rig, false);
	rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
	rig->send_err = -ENETUNREACH;
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->installed == 1 && rig->removed == 1 && rig->last_removed == RIG_INDEX);
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == 1 &&
	      !rig->events[FMP_HANDSHAKE_EVENT_ANSWERED]);
	/* The copy is no copy of an answer that never left. */
	rig->send_err = 0;
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->installed == 2 && msg2s(rig) == 1);
	rig_free(rig);
}

static void install_fails(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	rig->install_err = -ENOMEM;
	CHECK(!knock(rig, rig_epoch_a));
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == 1 && rig->removed == 0);
	rig_free(rig);
}

/* 30 s, and the epoch: what makes a rekey of it, and what a candidate. */
static void candidates(void)
{
	static const struct {
		uint64_t age;
		const uint8_t *epoch;
		bool candidate;
	} cases[] = {
		{ 29999, rig_epoch_a, true },
		{ 30000, rig_epoch_a, false },
		{ 29999, rig_epoch_b, true },
		{ 30000, rig_epoch_b, true },
		{ 0, rig_epoch_a, true },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *rig = rig_new(true);

		rig_peer(rig, false);
		rig_session(rig, LIVE, FMP_SLOT_CURRENT, true, true, rig_epoch_a, cases[i].age);
		CHECK(knock(rig, cases[i].epoch));
		CHECK_FMT(rig->session.candidate == cases[i].candidate, "case %zu", i);
		/* Nothing of the live session is touched, and nothing said of a restart. */
		CHECK(rig->removed == 0 && rig->endpoints == 0 && !rig->notes[NOTE_RESTARTED]);
		rig_free(rig);
	}
}

/* A session of which no epoch is known is nobody's to rekey without proof. */
static void unknown_epoch(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	rig_live(rig, LIVE, NULL);
	CHECK(knock(rig, rig_epoch_a) && rig->session.candidate);
	rig_free(rig);
}

static void restart_proven(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	CHECK(knock(rig, rig_epoch_b));
	CHECK(!rig->notes[NOTE_RESTARTED]);
	rig_cutover(rig, RIG_INDEX, false, rig_epoch_b);
	CHECK(rig->notes[NOTE_RESTARTED] == 1);
	rig_free(rig);
}

/* Who pends stays for 5 s; but an epoch that is over never keeps out the live one. */
static void displacing(void)
{
	static const struct {
		const uint8_t *first, *second;
		uint64_t later;
		bool answered;
	} cases[] = {
		{ rig_epoch_a, rig_epoch_a, 0, false },
		{ rig_epoch_a, rig_epoch_a, 4999, false },
		{ rig_epoch_a, rig_epoch_a, 5000, true },
		{ rig_epoch_a, rig_epoch_b, 4999, false },
		{ rig_epoch_a, rig_epoch_b, 5000, true },
		{ rig_epoch_b, rig_epoch_a, 0, true },
		{ rig_epoch_b, rig_epoch_b, 4999, false },
		{ rig_epoch_b, rig_epoch_b, 5000, true },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *rig = rig_new(false);

		rig_peer(rig, false);
		rig_live(rig, LIVE, rig_epoch_a);
		CHECK(knock(rig, cases[i].first));
		AT(rig, cases[i].later);
		CHECK_FMT(knock(rig, cases[i].second) == cases[i].answered, "case %zu", i);
		CHECK(stats(rig)->kept == !cases[i].answered);
		rig_free(rig);
	}
}

/* Ours that is about to be cut over to is displaced by nobody (8.9 RULE 1). */
static void ours_pends(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	AT(rig, 249);
	CHECK(!knock(rig, rig_epoch_a) && !knock(rig, rig_epoch_b));
	CHECK(stats(rig)->kept == 2 && rig->installed == 1);
	rig_cutover(rig, RIG_INDEX, true, rig_epoch_a);
	CHECK(knock(rig, rig_epoch_a));
	rig_free(rig);
}

/* Both rekey: the smaller stays initiator, the larger answers (8.7). */
static void dual_rekey_smaller(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	AT(rig, 20000);
	CHECK(!knock(rig, rig_epoch_a) && stats(rig)->deferred == 1);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && rig->session.initiator);
	rig_free(rig);
}

static void dual_rekey_larger(void)
{
	struct rig *rig = rig_new(false);

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(knock(rig, rig_epoch_a));
	/* Ours is kept until theirs is proven: it may have been a replay. */
	CHECK(rig->released == 0);
	rig_cutover(rig, RIG_INDEX + 1, false, rig_epoch_a);
	CHECK(rig->released == 1 && stats(rig)->yielded == 1);
	AT(rig, 100000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 1);
	rig_free(rig);
}

/* ... which it was, if ours is answered and theirs is not used for 5 s. */
static void dual_rekey_replayed(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	CHECK(knock(rig, rig_epoch_a));
	AT(rig, 100);
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && stats(rig)->held == 1);
	/* A second one does not lengthen it. */
	AT(rig, 4999);
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1);
	AT(rig, 5000);
	CHECK(rig->installed == 2 && rig->session.initiator && rig->released == 0);
	rig_free(rig);
}

/* While theirs is being proven, ours waits, and goes. */
static void dual_rekey_held(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	CHECK(knock(rig, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	rig_cutover(rig, RIG_INDEX + 1, false, rig_epoch_a);
	AT(rig, 10000);
	CHECK(rig->installed == 1 && rig->released == 1);
	rig_free(rig);
}

/* Both dial: for a second the smaller waits for what its own brings. */
static void crossing_smaller(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	AT(rig, 999);
	CHECK(!knock(rig, rig_epoch_a) && stats(rig)->deferred == 1);
	AT(rig, 1000);
	CHECK(knock(rig, rig_epoch_a) && rig->installed == 1);
	/* Our dial goes on, and stops when theirs is proven. */
	CHECK(rig->released == 0);
	rig->proven = 1;
	AT(rig, 2999);
	CHECK(rig->released == 0);
	AT(rig, 3000);
	CHECK(rig->released == 1 && !rig->events[FMP_HANDSHAKE_EVENT_FAILED]);
	rig_free(rig);
}

/* Its message is sent again, where theirs came from: the address may be a wrong one. */
static void crossing_elsewhere(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN];
	unsigned int i;

	rig_peer(rig, true);
	AT(rig, 10);
	for (i = 0; i < 50; i++) {
		rig_msg1(rig, msg1, THEIRS, rig_epoch_a);
		rig_take(rig, msg1, sizeof(msg1), 50 + i);
	}
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 2);
	CHECK(memcmp(rig->sent[1].frame, rig->sent[0].frame, MSG1_FRAME_LEN) == 0);
	CHECK(rig->sent[1].path.remote.address.v4.s_addr == rig_v4(50, 0).address.v4.s_addr);
	/* The schedule is as it was. */
	AT(rig, 999);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 2);
	AT(rig, 1000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 3);
	CHECK(rig_last(rig)->path.remote.address.v4.s_addr == rig_v4(2, 0).address.v4.s_addr);
	rig_free(rig);
}

static void crossing_same(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_SILENCE);
	AT(rig, 999);
	CHECK(!knock(rig, rig_epoch_a) && rig_count(rig, MSG1_FRAME_LEN) == 1);
	/* The next copy is due at 7 s, but a peer that dials now is there now. */
	AT(rig, 5000);
	CHECK(!knock(rig, rig_epoch_a) && rig_count(rig, MSG1_FRAME_LEN) == 4);
	CHECK(!knock(rig, rig_epoch_a) && rig_count(rig, MSG1_FRAME_LEN) == 4);
	rig_free(rig);
}

/* The larger one answers at once; its own dial is for naught when theirs is proven. */
static void crossing_larger(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	CHECK(knock(rig, rig_epoch_a) && rig->installed == 1);
	rig->proven = 1;
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && rig->released == 1);
	rig_free(rig);
}

/* If it never is, it was a replay, and ours is the only one. */
static void crossing_replayed(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	CHECK(knock(rig, rig_epoch_b));
	AT(rig, 100);
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && stats(rig)->held == 1);
	AT(rig, 999);
	CHECK(rig->installed == 1);
	AT(rig, 1000);
	CHECK(rig->installed == 2 && rig->session.initiator);
	rig_free(rig);
}

/* A session of somebody's msg1 that nobody uses: we dial, and remove it in the end. */
static void doubted(void)
{
	struct rig *rig = rig_new(false);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, false);
	CHECK(knock(rig, rig_epoch_a));
	AT(rig, 4999);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 0);
	AT(rig, 5000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 1);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 2 && rig->session.initiator);
	rig_free(rig);
}

static void unproven_goes(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	CHECK(knock(rig, rig_epoch_a));
	AT(rig, 34999);
	CHECK(rig->removed == 0);
	AT(rig, 35000);
	CHECK(rig->removed == 1 && rig->last_removed == RIG_INDEX);
	CHECK(rig->notes[NOTE_UNPROVEN] == 1);
	rig_free(rig);
}

static void proven_stays(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	CHECK(knock(rig, rig_epoch_a));
	rig->proven = 1;
	AT(rig, 600000);
	CHECK(rig->removed == 0 && rig_count(rig, MSG1_FRAME_LEN) == 0);
	rig_free(rig);
}

/* A rekey of theirs that nothing comes of: one of ours, but not for each of them. */
static void rescued(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	CHECK(knock(rig, rig_epoch_a));
	AT(rig, 4999);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 0);
	AT(rig, 5000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 1);
	rig_free(rig);
}

static void rescue_limit(void)
{
	struct rig *rig = rig_new(false);
	unsigned int i;

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	for (i = 0; i < 7; i++) {
		CHECK(knock(rig, rig_epoch_a));
		AT(rig, 5000 * (i + 1));
		rig_live(rig, LIVE + i, rig_epoch_a);
		rig_session(rig, 1, FMP_SLOT_PENDING, false, false, rig_epoch_b, 6000);
	}
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_STARTED] == 2);
	rig_free(rig);
}

/* Two moves in a row, of which each comes in the middle of a rekey. */
static void rescued_again(void)
{
	struct rig *rig = rig_new(false);

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	CHECK(knock(rig, rig_epoch_a));
	AT(rig, 5000);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_STARTED] == 1);
	rig_live(rig, LIVE + 1, rig_epoch_a);
	rig_session(rig, LIVE + 2, FMP_SLOT_PENDING, false, false, rig_epoch_a, 0);
	AT(rig, 34999);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_STARTED] == 1);
	AT(rig, 35000);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_STARTED] == 2);
	rig_free(rig);
}

static void not_rescued(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	CHECK(knock(rig, rig_epoch_b));
	AT(rig, 60000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 0);
	CHECK(knock(rig, rig_epoch_a));
	rig_cutover(rig, RIG_INDEX + 1, false, rig_epoch_a);
	AT(rig, 120000);
	CHECK(rig_count(rig, MSG1_FRAME_LEN) == 0);
	rig_free(rig);
}

static void denied(void)
{
	struct rig *rig = rig_new(true);

	rig->denied = true;
	rig_peer(rig, false);
	CHECK(!knock(rig, rig_epoch_a) && rig->installed == 0);
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_REFUSED] == 1 && stats(rig)->refused == 1);
	/* Who has a session keeps it. */
	rig_live(rig, LIVE, rig_epoch_a);
	CHECK(knock(rig, rig_epoch_a));
	rig_free(rig);
}

static void denied_restart(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	rig->denied = true;
	CHECK(!knock(rig, rig_epoch_b) && rig->installed == 0);
	CHECK(rig->removed == 0 && stats(rig)->refused == 1);
	rig->denied = false;
	CHECK(knock(rig, rig_epoch_b));
	rig_free(rig);
}

static void stranger_refused(void)
{
	struct rig *rig = rig_new(true);

	CHECK(!knock(rig, rig_epoch_a));
	CHECK(rig->added_peers == 0 && engine_peer_count(rig->engine) == 0);
	/* Nobody is told: the kernel does not know the key. */
	CHECK(!rig->events[FMP_HANDSHAKE_EVENT_FAILED]);
	rig_free(rig);
}

static void stranger_admitted(void)
{
	struct rig *rig = rig_new(true);

	rig->strangers = true;
	CHECK(knock(rig, rig_epoch_a));
	CHECK(rig->added_peers == 1 && memcmp(rig->added_key, rig->key, 32) == 0);
	CHECK(rig->installed == 1);
	/* It is not called upon, and goes without a trace when it says nothing. */
	AT(rig, 35000);
	CHECK(rig->removed == 1 && rig_count(rig, MSG1_FRAME_LEN) == 0);
	AT(rig, 35000 + 599999);
	CHECK(rig->removed_peers == 0);
	AT(rig, 35000 + 600000);
	CHECK(rig->removed_peers == 1 && engine_peer_count(rig->engine) == 0);
	rig_free(rig);
}

static void stranger_not_added(void)
{
	struct rig *rig = rig_new(true);

	rig->strangers = true;
	rig->add_err = -ENOMEM;
	CHECK(!knock(rig, rig_epoch_a));
	CHECK(engine_peer_count(rig->engine) == 0 && rig->installed == 0);
	rig_free(rig);
}

/* 128 of them; a further one takes the place of one without a session, if there is one. */
static void strangers_bounded(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg1[MSG1_FRAME_LEN];
	unsigned int i;

	rig->strangers = true;
	for (i = 0; i < 140; i++) {
		rig_msg1_of(rig, (uint8_t)(10 + i), msg1, THEIRS, rig_epoch_a);
		rig_take(rig, msg1, sizeof(msg1), 2);
	}
	CHECK(rig->added_peers == 128 && engine_peer_count(rig->engine) == 128);
	CHECK(rig->notes[NOTE_FULL] == 12 && rig->installed == 128 && msg2s(rig) == 128);
	AT(rig, 35000);
	rig_msg1_of(rig, 200, msg1, THEIRS, rig_epoch_a);
	rig_take(rig, msg1, sizeof(msg1), 2);
	CHECK(rig->removed_peers == 1 && rig->added_peers == 129);
	CHECK(engine_peer_count(rig->engine) == 128);
	rig_free(rig);
}

/* A flood of valid first messages leaves a bounded number of sessions, and no more. */
static void flood(void)
{
	struct rig *rig = rig_new(true);
	unsigned int i;

	rig_peer(rig, false);
	rig_live(rig, LIVE, rig_epoch_a);
	for (i = 0; i < 300; i++)
		knock(rig, i % 2 ? rig_epoch_a : rig_epoch_b);
	/* The first of the old epoch, and the first of the live one. */
	CHECK(rig->installed == 2 && rig->removed == 0 && rig->released == 0);
	rig_free(rig);
}

/*
 * lifecycle.json, and where the rules of the specification ask for more:
 *
 * - restart_then_promote: 7.5 RULE 2, a candidate is answered and nothing torn down;
 * - resend_msg2, ignore: 13 #19, a candidate;
 * - reject:pending_session: 8.9 RULE 1 and 13 #6, a newer one replaces the responder's
 *   (here after 5 s, so that replays cannot);
 * - abandon_own: 7.5, ours is kept until theirs is proven;
 * - reject:at_max_peers is for strangers; those that are configured are counted by nobody.
 */
static void vectors(void)
{
	static const char *const keys[] = {
		"at_max_peers", "decision", "epoch_equal", "existing_epoch_known",
		"existing_peer", "has_session", "healthy", "our_addr_smaller",
		"pending_new_session", "rekey_in_progress", "session_age_s", "stored_msg2",
	};
	unsigned int same = 0, more = 0;
	struct json_object *file = vectors_load("lifecycle.json");
	struct json_object *list = vector_list(file, "inbound_msg1");
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *e = json_object_array_get_idx(list, i);
		const char *decision = vector_text(e, "decision");
		bool smaller = vector_truth(e, "our_addr_smaller");
		bool session = vector_truth(e, "existing_peer") && vector_truth(e, "has_session");
		bool own = vector_truth(e, "rekey_in_progress") && session;
		bool pends = vector_truth(e, "pending_new_session") && session;
		struct rig *rig = rig_new(smaller);
		bool answered;

		vector_keys(e, keys, ARRAY_SIZE(keys));
		vector_truth(e, "healthy");
		vector_truth(e, "stored_msg2");
		if (vector_truth(e, "existing_peer"))
			rig_peer(rig, false);
		rig->strangers = !vector_truth(e, "at_max_peers");
		if (session)
			rig_session(rig, LIVE, FMP_SLOT_CURRENT, true, true,
				    vector_truth(e, "existing_epoch_known") ? rig_epoch_a : NULL,
				    vector_number(e, "session_age_s") * 1000);
		if (own)
			engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
		if (pends)
			rig_session(rig, 8, FMP_SLOT_PENDING, false, false, rig_epoch_a, 5000);
		answered = knock(rig, vector_truth(e, "epoch_equal") ? rig_epoch_a : rig_epoch_b);

		if (strncmp(decision, "reject:dual", 11) == 0 ||
		    strcmp(decision, "reject:at_max_peers") == 0) {
			CHECK_FMT(!answered, "%s", json_object_to_json_string(e));
			same++;
		} else if (strcmp(decision, "promote") == 0 ||
			   strcmp(decision, "rekey_respond") == 0) {
			CHECK_FMT(answered && !rig->released, "%s", json_object_to_json_string(e));
			same++;
		} else {
			/* The smaller one stays initiator whatever the reference looked at first. */
			CHECK_FMT(answered == !(own && smaller), "%s",
				  json_object_to_json_string(e));
			more++;
		}
		/* In all of them. */
		CHECK(rig->removed == 0 && rig->released == 0 && rig->endpoints == 0);
		rig_free(rig);
	}
	fprintf(stderr, "# %zu entries: %u as they are, %u by the rules\n", i, same, more);
	json_object_put(file);
}

/* rekey_tick: the cutover and the drain are the kernel's, and the trigger (8.9 RULE 3). */
static void vectors_of_ticks(void)
{
	struct json_object *file = vectors_load("lifecycle.json");
	struct json_object *list = vector_list(file, "rekey_tick");
	size_t i, begun = 0;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *e = json_object_array_get_idx(list, i);
		struct json_object *actions = vector_list(e, "actions");
		struct rig *rig = rig_new(true);
		bool initiates = false;
		size_t j;

		for (j = 0; actions && j < json_object_array_length(actions); j++)
			initiates |= strcmp(json_object_get_string(
				json_object_array_get_idx(actions, j)), "initiate_rekey") == 0;
		rig_peer(rig, false);
		rig_session(rig, LIVE, FMP_SLOT_CURRENT, true, true, rig_epoch_a,
			    vector_number(e, "elapsed_s") * 1000);
		if (vector_truth(e, "rekey_in_progress"))
			engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
		if (vector_truth(e, "has_pending"))
			rig_session(rig, 8, FMP_SLOT_PENDING, true, false, rig_epoch_a, 0);
		rig->sent_count = 0;
		/* By itself it initiates nothing; when it is asked to, once. */
		AT(rig, 500);
		CHECK(rig->sent_count == 0);
		if (initiates)
			engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
		CHECK(rig->sent_count == initiates);
		if (!initiates && (vector_truth(e, "rekey_in_progress") ||
				   vector_truth(e, "has_pending"))) {
			engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
			CHECK(rig->sent_count == 0);
		}
		begun += initiates;
		rig_free(rig);
	}
	CHECK(i == 15 && begun == 5);
	json_object_put(file);
}

const struct test engine_responder_tests[] = {
	{ "first_contact", first_contact },
	{ "answered_to_source", answered_to_source },
	{ "no_endpoint", no_endpoint },
	{ "repeated", repeated },
	{ "altered", altered },
	{ "repeated_late", repeated_late },
	{ "cache_bounds", cache_bounds },
	{ "garbage", garbage },
	{ "send_fails", send_fails },
	{ "install_fails", install_fails },
	{ "candidates", candidates },
	{ "unknown_epoch", unknown_epoch },
	{ "restart_proven", restart_proven },
	{ "displacing", displacing },
	{ "ours_pends", ours_pends },
	{ "dual_rekey_smaller", dual_rekey_smaller },
	{ "dual_rekey_larger", dual_rekey_larger },
	{ "dual_rekey_replayed", dual_rekey_replayed },
	{ "dual_rekey_held", dual_rekey_held },
	{ "crossing_smaller", crossing_smaller },
	{ "crossing_elsewhere", crossing_elsewhere },
	{ "crossing_same", crossing_same },
	{ "crossing_larger", crossing_larger },
	{ "crossing_replayed", crossing_replayed },
	{ "doubted", doubted },
	{ "unproven_goes", unproven_goes },
	{ "proven_stays", proven_stays },
	{ "rescued", rescued },
	{ "rescue_limit", rescue_limit },
	{ "rescued_again", rescued_again },
	{ "not_rescued", not_rescued },
	{ "denied", denied },
	{ "denied_restart", denied_restart },
	{ "stranger_refused", stranger_refused },
	{ "stranger_admitted", stranger_admitted },
	{ "stranger_not_added", stranger_not_added },
	{ "strangers_bounded", strangers_bounded },
	{ "flood", flood },
	{ "vectors", vectors },
	{ "vectors_of_ticks", vectors_of_ticks },
	{ 0 },
};
