// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "harness.h"
#include "identity.h"
#include "rig.h"
#include "util.h"
#include "vectors.h"

#define AT(rig, ms) rig_until(rig, 1000000 + (ms))
#define LIVE 0x99

static size_t msg1s(const struct rig *rig)
{
	return rig_count(rig, MSG1_FRAME_LEN);
}

/* 1, 3, 7, 15 s after the first, all the same bytes; the fifth would come after the end. */
static void resends(void)
{
	static const uint64_t times[] = { 0, 1000, 3000, 7000, 15000 };
	struct rig *rig = rig_new(true);
	size_t i;

	rig_peer(rig, true);
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		if (times[i]) {
			AT(rig, times[i] - 1);
			CHECK_FMT(msg1s(rig) == i, "%zu sent before %zu", msg1s(rig), i);
		}
		AT(rig, times[i]);
		CHECK_FMT(msg1s(rig) == i + 1, "%zu sent at %zu", msg1s(rig), i);
		CHECK(memcmp(rig->sent[i].frame, rig->sent[0].frame, MSG1_FRAME_LEN) == 0);
	}
	AT(rig, 30000);
	CHECK(msg1s(rig) == 5 && rig->released == 0);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_STARTED] == 1);
	rig_free(rig);
}

/* Strictly more than 30 s. */
static void timeout(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	AT(rig, 30000);
	CHECK(rig->released == 0 && !rig->events[FMP_HANDSHAKE_EVENT_FAILED]);
	AT(rig, 30001);
	CHECK(rig->released == 1 && rig->causes[FMP_HANDSHAKE_CAUSE_TIMEOUT] == 1);
	CHECK(rig->notes[NOTE_TIMEOUT] == 1);
	rig_free(rig);
}

/* The answer in the last millisecond counts. */
static void last_moment(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 30000);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && rig->session.initiator && !rig->session.choose_index);
	CHECK(rig->session.local == RIG_INDEX && rig->session.remote == 0x77770000);
	CHECK(memcmp(rig->session_epoch, rig_epoch_a, 8) == 0);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_COMPLETED] == 1 && rig->released == 0);
	AT(rig, 100000);
	CHECK(msg1s(rig) == 5 && rig->released == 0);
	rig_free(rig);
}

/* With a session: the fifth copy at 31 s, and five seconds for its answer. */
static void rekey_budget(void)
{
	static const uint64_t times[] = { 0, 1000, 3000, 7000, 15000, 31000 };
	struct rig *rig = rig_new(true);
	size_t i;

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	AT(rig, 0);
	CHECK(rig->sent_count == 0);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	for (i = 1; i < ARRAY_SIZE(times); i++) {
		AT(rig, times[i] - 1);
		CHECK_FMT(msg1s(rig) == i, "%zu sent before %zu", msg1s(rig), i);
		AT(rig, times[i]);
		CHECK_FMT(msg1s(rig) == i + 1, "%zu sent at %zu", msg1s(rig), i);
	}
	AT(rig, 35999);
	CHECK(rig->released == 0);
	AT(rig, 36000);
	CHECK(rig->released == 1 && rig->causes[FMP_HANDSHAKE_CAUSE_TIMEOUT] == 1);
	/* The kernel asks again; we do not. */
	AT(rig, 600000);
	CHECK(msg1s(rig) == 6);
	rig_free(rig);
}

/* Of a daemon whose msg2 was lost, that of the last copy is the next, however slow (8.9). */
static void rekey_last_answer(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	AT(rig, 0);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	AT(rig, 30500);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_SILENCE);
	AT(rig, 35999);
	CHECK(msg1s(rig) == 6 && rig->released == 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && rig->session.initiator && rig->released == 0);
	AT(rig, 100000);
	CHECK(msg1s(rig) == 6);
	rig_free(rig);
}

/* lifecycle.json: the waits after each copy, and the end. */
static void resend_vectors(void)
{
	static const char *const keys[] = { "resend_count", "action", "next_in_ms" };
	struct json_object *file = vectors_load("lifecycle.json");
	struct json_object *list = vector_list(file, "rekey_msg1_resend");
	uint64_t wait = ENGINE_RESEND_MS;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		uint64_t count = vector_number(entry, "resend_count");
		bool resend = strcmp(vector_text(entry, "action"), "resend") == 0;

		vector_keys(entry, keys, ARRAY_SIZE(keys));
		CHECK_FMT(resend == (count < ENGINE_RESENDS), "after %u copies", (unsigned)count);
		if (!resend)
			continue;
		wait *= 2;
		CHECK(vector_number(entry, "next_in_ms") ==
		      (uint64_t)ENGINE_RESEND_MS << (count + 1));
		CHECK(vector_number(entry, "next_in_ms") == wait);
	}
	CHECK(i == 7);
	json_object_put(file);
}

/* outbound_msg2: who is not a peer with a session is promoted, else NodeAddr decides. */
static void msg2_vectors(void)
{
	static const char *const keys[] = { "existing_peer", "our_outbound_wins", "decision" };
	struct json_object *file = vectors_load("lifecycle.json");
	struct json_object *list = vector_list(file, "outbound_msg2");
	uint8_t msg1[MSG1_FRAME_LEN], msg2[MSG2_FRAME_LEN];
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *decision = vector_text(entry, "decision");
		bool smaller = vector_truth(entry, "our_outbound_wins");
		struct rig *rig = rig_new(smaller);

		vector_keys(entry, keys, ARRAY_SIZE(keys));
		rig_peer(rig, true);
		AT(rig, 0);
		if (vector_truth(entry, "existing_peer")) {
			/* The smaller one answers when its own did not get through at once. */
			AT(rig, 1000);
			rig_msg1(rig, msg1, 5, rig_epoch_a);
			rig_take(rig, msg1, sizeof(msg1), 2);
			CHECK(rig->installed == 1 && !rig->session.initiator);
			rig->proven = 1;
		}
		CHECK(rig_msg2(rig, msg2, rig_epoch_a));
		rig_take(rig, msg2, sizeof(msg2), 2);
		if (strcmp(decision, "keep_inbound") == 0)
			CHECK(rig->installed == 1 && rig->released == 1);
		else if (strcmp(decision, "swap_to_outbound") == 0)
			CHECK(rig->installed == 2 && rig->session.initiator && !rig->removed);
		else if (CHECK_FMT(strcmp(decision, "promote") == 0, "%s", decision))
			CHECK(rig->installed == 1 && rig->session.initiator);
		rig_free(rig);
	}
	CHECK(i == 4);
	json_object_put(file);
}

/* 10, 20, 40, 80, 160, 300, 300 s after the end of each attempt of 30.001 s. */
static void backoff(void)
{
	static const uint64_t waits[] = { 10, 20, 40, 80, 160, 300, 300 };
	struct rig *rig = rig_new(true);
	uint64_t at = 0;
	size_t i;

	rig_peer(rig, true);
	AT(rig, 0);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		at += 30001 + waits[i] * 1000;
		AT(rig, at - 1);
		CHECK_FMT(msg1s(rig) == 5 * (i + 1), "%zu before dial %zu", msg1s(rig), i);
		AT(rig, at);
		CHECK_FMT(msg1s(rig) == 5 * (i + 1) + 1, "%zu at dial %zu", msg1s(rig), i);
	}
	rig_free(rig);
}

static void backoff_table(void)
{
	static const uint32_t waits[] = { 5000, 10000, 20000, 40000, 80000, 160000, 300000 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(waits); i++)
		CHECK_FMT(engine_backoff((unsigned)i) == waits[i], "%zu: %u", i,
			  engine_backoff((unsigned)i));
	CHECK(engine_backoff(1000) == 300000);
}

/* At most a quarter more. */
static void jitter(void)
{
	struct rig *rig = rig_new(true);

	rig->random = UINT32_MAX;
	rig_peer(rig, true);
	AT(rig, 30001);
	AT(rig, 30001 + 12499);
	CHECK(msg1s(rig) == 5);
	AT(rig, 30001 + 12500);
	CHECK(msg1s(rig) == 6);
	rig_free(rig);
}

static void connect_at(struct rig *rig, uint32_t local)
{
	rig_session(rig, local, FMP_SLOT_CURRENT, true, true, rig_epoch_a, 0);
}

static size_t dials(struct rig *rig, uint64_t until)
{
	unsigned int before = rig->events[FMP_HANDSHAKE_EVENT_STARTED];

	AT(rig, until);
	return rig->events[FMP_HANDSHAKE_EVENT_STARTED] - before;
}

static void lose(struct rig *rig, uint32_t local)
{
	engine_session_gone(rig->engine, rig->key, local);
}

/* A lost link is dialled after 5 s; one that never lasts is so ever later (lesson 65). */
static void backoff_cycles(void)
{
	struct rig *rig = rig_new(true);
	uint64_t at = 0;
	unsigned int i;

	rig_peer(rig, true);
	connect_at(rig, LIVE);
	/* 5, 10, 20, 40 s: links of 10 s do not count. */
	for (i = 0; i < 4; i++) {
		at += 10000;
		AT(rig, at);
		lose(rig, LIVE + i);
		CHECK_FMT(dials(rig, at + (5000u << i) - 1) == 0, "cycle %u", i);
		at += 5000u << i;
		CHECK_FMT(dials(rig, at) == 1, "cycle %u", i);
		connect_at(rig, LIVE + i + 1);
	}
	/* One of 30 s does. */
	at += 30000;
	AT(rig, at);
	lose(rig, LIVE + i);
	at += 5000;
	CHECK(dials(rig, at - 1) == 0);
	CHECK(dials(rig, at) == 1);
	rig_free(rig);
}

/* A link of one millisecond less keeps the count. */
static void stable_limit(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	connect_at(rig, LIVE);
	AT(rig, 1000);
	lose(rig, LIVE);
	AT(rig, 6000);
	connect_at(rig, LIVE + 1);
	AT(rig, 6000 + 29999);
	lose(rig, LIVE + 1);
	CHECK(dials(rig, 35999 + 9999) == 0);
	CHECK(dials(rig, 35999 + 10000) == 1);
	rig_free(rig);
}

static void peers(struct rig *rig, unsigned int count)
{
	uint8_t key[32];
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct engine_peer_info info = {
			.key = key, .has_endpoint = true, .endpoint = rig_v4(10 + i, 2121),
			.auto_connect = true,
		};

		uint8_t secret[32], public[33];

		memset(secret, 1, sizeof(secret));
		secret[0] = (uint8_t)(i + 10);
		if (public_from_secret(public, secret))
			continue;
		memcpy(key, public + 1, sizeof(key));
		engine_peer_seen(rig->engine, &info);
	}
}

static void sixteen_at_once(void)
{
	struct rig *rig = rig_new(true);

	peers(rig, 40);
	CHECK(dials(rig, 0) == 16);
	CHECK(dials(rig, 999) == 0);
	CHECK(dials(rig, 1000) == 16);
	CHECK(dials(rig, 1999) == 0);
	CHECK(dials(rig, 2000) == 8);
	rig_free(rig);
}

/* What the kernel asks for is not what they wait for. */
static void asked_at_once(void)
{
	struct rig *rig = rig_new(true);

	peers(rig, 16);
	rig_peer(rig, false);
	AT(rig, 0);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_NO_SESSION);
	CHECK(rig->events[FMP_HANDSHAKE_EVENT_STARTED] == 17);
	rig_free(rig);
}

static void each_reason(void)
{
	static const enum fmp_rekey_reason reasons[] = {
		FMP_REKEY_REASON_MANUAL, FMP_REKEY_REASON_NO_SESSION, FMP_REKEY_REASON_FAILURES,
		FMP_REKEY_REASON_AGE, FMP_REKEY_REASON_COUNTER, FMP_REKEY_REASON_SILENCE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct rig *rig = rig_new(true);

		rig_peer(rig, false);
		AT(rig, 0);
		CHECK(msg1s(rig) == 0);
		if (reasons[i] != FMP_REKEY_REASON_NO_SESSION)
			rig_live(rig, LIVE, rig_epoch_a);
		engine_rekey_needed(rig->engine, rig->key, reasons[i]);
		engine_rekey_needed(rig->engine, rig->key, reasons[i]);
		CHECK_FMT(msg1s(rig) == 1, "reason %u", (unsigned)reasons[i]);
		rig_free(rig);
	}
}

static void forged(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN], bad[MSG2_FRAME_LEN];
	unsigned int i;

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	for (i = 0; i < 200; i++) {
		memcpy(bad, msg2, sizeof(bad));
		bad[12 + 33 + i % 24] ^= (uint8_t)(1 + i / 24);
		rig_take(rig, bad, sizeof(bad), 66);
	}
	CHECK(engine_stats(rig->engine)->forged == 200);
	CHECK(rig->installed == 0 && rig->released == 0 && rig->endpoints == 0);
	/* It is told of once. */
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_CRYPTO] == 1);
	AT(rig, 1000);
	CHECK(msg1s(rig) == 2);
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1);
	/* A second copy finds nothing. */
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && engine_stats(rig->engine)->unknown == 1);
	rig_free(rig);
}

static void other_index(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	msg2[8] ^= 1;
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 0 && engine_stats(rig->engine)->unknown == 1);
	rig_free(rig);
}

/* Where the answer came from counts for who has no session. */
static void msg2_elsewhere(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 7);
	CHECK(rig->installed == 1 && rig->endpoints == 1);
	CHECK(rig->last_endpoint.address.v4.s_addr == rig_v4(7, 0).address.v4.s_addr);
	rig_free(rig);
}

static void msg2_elsewhere_live(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 7);
	CHECK(rig->installed == 1 && rig->endpoints == 0);
	rig_free(rig);
}

/* Resends follow a peer that moved meanwhile (spec 8.2). */
static void resend_follows(void)
{
	struct rig *rig = rig_new(true);
	struct engine_peer_info info = {
		.key = rig->key, .has_endpoint = true, .endpoint = rig_v4(9, 4000),
		.auto_connect = true,
	};

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	AT(rig, 500);
	engine_peer_seen(rig->engine, &info);
	CHECK(msg1s(rig) == 2 && rig_last(rig)->path.remote.port == 4000);
	AT(rig, 1000);
	CHECK(msg1s(rig) == 3 && rig_last(rig)->path.remote.port == 4000);
	rig_free(rig);
}

static void new_endpoint(void)
{
	struct rig *rig = rig_new(true);
	const struct engine_peer_info without = { .key = rig->key, .auto_connect = true };
	struct engine_peer_info with = without;

	engine_peer_seen(rig->engine, &without);
	AT(rig, 60000);
	CHECK(msg1s(rig) == 0);
	with.has_endpoint = true;
	with.endpoint = rig_v4(3, 2121);
	engine_peer_seen(rig->engine, &with);
	AT(rig, 60000);
	CHECK(msg1s(rig) == 1);

	/* Nor does it wait for its turn after failures. */
	AT(rig, 60000 + 30001 + 1000);
	with.endpoint = rig_v4(4, 2121);
	engine_peer_seen(rig->engine, &with);
	AT(rig, 60000 + 30001 + 1000);
	CHECK(msg1s(rig) == 6);
	rig_free(rig);
}

/* Somebody waited for a peer that could not be dialled. */
static void wanted(void)
{
	struct rig *rig = rig_new(true);
	const struct engine_peer_info without = { .key = rig->key };

	engine_peer_seen(rig->engine, &without);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_NO_SESSION);
	AT(rig, 100);
	CHECK(rig->sent_count == 0);
	rig_peer(rig, false);
	AT(rig, 100);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

static void send_fails(void)
{
	struct rig *rig = rig_new(true);

	rig->send_err = -ENETUNREACH;
	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig->released == 1 && rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == 1);
	rig->send_err = 0;
	AT(rig, 9999);
	CHECK(msg1s(rig) == 0);
	AT(rig, 10000);
	CHECK(msg1s(rig) == 1);

	/* A copy that cannot be sent is tried again, and does not count. */
	rig->send_err = -ENOBUFS;
	AT(rig, 11000);
	rig->send_err = 0;
	AT(rig, 11999);
	CHECK(msg1s(rig) == 1);
	AT(rig, 12000);
	CHECK(msg1s(rig) == 2);
	AT(rig, 14000);
	CHECK(msg1s(rig) == 3);
	rig_free(rig);
}

static void rekey_unsendable(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	rig->send_err = -ENETDOWN;
	AT(rig, 60000);
	CHECK(rig->released == 0);
	AT(rig, 60001);
	CHECK(rig->released == 1);
	rig_free(rig);
}

static void reserve_fails(void)
{
	struct rig *rig = rig_new(true);

	rig->reserve_err = -ENOSPC;
	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig->sent_count == 0 && rig->released == 0);
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == 1);
	rig->reserve_err = 0;
	AT(rig, 10000);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

static void install_fails(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig->install_err = -ENOMEM;
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->released == 1 && rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == 1);
	rig->install_err = 0;
	AT(rig, 10000);
	CHECK(msg1s(rig) == 2);
	rig_free(rig);
}

static void denied_dial(void)
{
	struct rig *rig = rig_new(true);

	rig->denied = true;
	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig->sent_count == 0 && rig->reserved == 0);
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_REFUSED] == 1);
	rig->denied = false;
	AT(rig, 10000);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

/* The rules were changed between the dial and its answer (lesson 17). */
static void denied_msg2(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig->denied = true;
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 0 && rig->released == 1);
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_REFUSED] == 1);
	rig_free(rig);
}

/* Who is connected stays so. */
static void denied_rekey(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	rig->denied = true;
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1);
	rig_free(rig);
}

/* Who was restarted is not who was connected. */
static void denied_restart(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	rig->denied = true;
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_SILENCE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_b));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 0 && rig->removed == 0);
	CHECK(rig->causes[FMP_HANDSHAKE_CAUSE_REFUSED] == 1);
	rig_free(rig);
}

static void restart_noticed(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_SILENCE);
	CHECK(rig_msg2(rig, msg2, rig_epoch_b));
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 1 && rig->notes[NOTE_RESTARTED] == 1);
	CHECK(memcmp(rig->session_epoch, rig_epoch_b, 8) == 0);
	rig_free(rig);
}

/* An initiator's session is about to be cut over to: no second one is begun meanwhile. */
static void waits_for_cutover(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_MANUAL);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 2);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_MANUAL);
	CHECK(msg1s(rig) == 1);
	rig_cutover(rig, RIG_INDEX, true, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_MANUAL);
	CHECK(msg1s(rig) == 2);
	rig_free(rig);
}

/* A responder's has 5 s to be proven; then ours begins, whatever pends by then. */
static void waits_for_proof(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	rig_live(rig, LIVE, rig_epoch_a);
	rig_session(rig, 7, FMP_SLOT_PENDING, false, false, rig_epoch_a, 0);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	AT(rig, 4999);
	CHECK(msg1s(rig) == 0);
	rig_session(rig, 8, FMP_SLOT_PENDING, false, false, rig_epoch_a, 0);
	AT(rig, 5000);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

static void peer_goes(void)
{
	struct rig *rig = rig_new(true);
	uint8_t msg2[MSG2_FRAME_LEN];

	rig_peer(rig, true);
	AT(rig, 0);
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	engine_peer_gone(rig->engine, rig->key);
	CHECK(rig->released == 1 && engine_peer_count(rig->engine) == 0);
	rig_take(rig, msg2, sizeof(msg2), 2);
	CHECK(rig->installed == 0);
	rig_free(rig);
}

static void down_and_up(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	AT(rig, 0);
	engine_set_running(rig->engine, false);
	CHECK(rig->released == 1);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_NO_SESSION);
	AT(rig, 1000000);
	CHECK(msg1s(rig) == 1);
	engine_set_running(rig->engine, true);
	AT(rig, 1000000);
	CHECK(msg1s(rig) == 2);
	rig_free(rig);
}

static void not_ourselves(void)
{
	struct rig *rig = rig_new(true);
	const struct engine_peer_info info = {
		.key = rig->self->public + 1, .has_endpoint = true,
		.endpoint = rig_v4(2, 2121), .auto_connect = true,
	};

	engine_peer_seen(rig->engine, &info);
	AT(rig, 1000);
	CHECK(engine_peer_count(rig->engine) == 0 && rig->sent_count == 0);
	rig_free(rig);
}

static void new_identity(void)
{
	struct rig *rig = rig_new(true);

	rig_peer(rig, true);
	AT(rig, 0);
	engine_set_identity(rig->engine, rig->self);
	CHECK(rig->released == 1);
	rig_free(rig);
}

const struct test engine_initiator_tests[] = {
	{ "resends", resends },
	{ "timeout", timeout },
	{ "last_moment", last_moment },
	{ "rekey_budget", rekey_budget },
	{ "rekey_last_answer", rekey_last_answer },
	{ "resend_vectors", resend_vectors },
	{ "msg2_vectors", msg2_vectors },
	{ "backoff", backoff },
	{ "backoff_table", backoff_table },
	{ "jitter", jitter },
	{ "backoff_cycles", backoff_cycles },
	{ "stable_limit", stable_limit },
	{ "sixteen_at_once", sixteen_at_once },
	{ "asked_at_once", asked_at_once },
	{ "each_reason", each_reason },
	{ "forged", forged },
	{ "other_index", other_index },
	{ "msg2_elsewhere", msg2_elsewhere },
	{ "msg2_elsewhere_live", msg2_elsewhere_live },
	{ "resend_follows", resend_follows },
	{ "new_endpoint", new_endpoint },
	{ "wanted", wanted },
	{ "send_fails", send_fails },
	{ "rekey_unsendable", rekey_unsendable },
	{ "reserve_fails", reserve_fails },
	{ "install_fails", install_fails },
	{ "denied_dial", denied_dial },
	{ "denied_msg2", denied_msg2 },
	{ "denied_rekey", denied_rekey },
	{ "denied_restart", denied_restart },
	{ "restart_noticed", restart_noticed },
	{ "waits_for_cutover", waits_for_cutover },
	{ "waits_for_proof", waits_for_proof },
	{ "peer_goes", peer_goes },
	{ "down_and_up", down_and_up },
	{ "not_ourselves", not_ourselves },
	{ "new_identity", new_identity },
	{ 0 },
};
