// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "harness.h"
#include "rig.h"
#include "util.h"

#define AT(rig, ms) rig_until(rig, 1000000 + (ms))
#define NAME "peer.example:2121"
#define LIVE 0x99

static size_t msg1s(const struct rig *rig)
{
	return rig_count(rig, MSG1_FRAME_LEN);
}

static void resolved(struct rig *rig, const struct endpoint *addresses, size_t count,
		     uint64_t ttl_ms)
{
	engine_resolved(rig->engine, rig->key, NAME, addresses, count, ttl_ms);
}

static bool went_to(const struct rig *rig, size_t n, int family, unsigned int last)
{
	const struct address *address;

	if (!CHECK_FMT(n < rig->sent_count, "%zu were sent", rig->sent_count))
		return false;
	address = &rig->sent[n].path.remote.address;
	if (address->family != family)
		return false;
	if (family == AF_INET)
		return address->v4.s_addr == rig_v4(last, 0).address.v4.s_addr;
	return address->v6.s6_addr[15] == last;
}

static void resolved_first(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint address = rig_v4(5, 2121);

	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	CHECK(rig->resolved == 1 && rig->sent_count == 0);
	AT(rig, 300);
	CHECK(rig->resolved == 1 && rig->sent_count == 0);
	resolved(rig, &address, 1, 60000);
	CHECK(msg1s(rig) == 1 && went_to(rig, 0, AF_INET, 5));
	/* The answer to a question that nobody asked. */
	resolved(rig, &address, 1, 60000);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

/* Both families in turn, IPv6 first; each message to the next address. */
static void families(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint addresses[] = {
		rig_v4(1, 2121), rig_v4(2, 2121), rig_v4(3, 2121), rig_v6(8, 2121),
	};

	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	resolved(rig, addresses, ARRAY_SIZE(addresses), 3600000);
	AT(rig, 30001);
	CHECK(msg1s(rig) == 5);
	CHECK(went_to(rig, 0, AF_INET6, 8) && went_to(rig, 1, AF_INET, 1));
	CHECK(went_to(rig, 2, AF_INET, 2) && went_to(rig, 3, AF_INET, 3));
	CHECK(went_to(rig, 4, AF_INET6, 8));
	/* All of them failed, so they are asked for again, though they are still valid. */
	AT(rig, 40001);
	CHECK(rig->resolved == 2 && msg1s(rig) == 5);
	resolved(rig, addresses, ARRAY_SIZE(addresses), 3600000);
	CHECK(msg1s(rig) == 6);
	rig_free(rig);
}

/* Where nothing can be sent to, the next one is tried at once. */
static void unreachable_family(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint addresses[] = { rig_v6(8, 2121), rig_v4(1, 2121) };

	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	rig->send_err = -ENETUNREACH;
	resolved(rig, addresses, ARRAY_SIZE(addresses), 60000);
	CHECK(rig->released == 1 && rig->causes[FMP_HANDSHAKE_CAUSE_KERNEL] == 1);
	rig_free(rig);
}

static void ttl(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint address = rig_v4(5, 2121);
	uint8_t msg2[MSG2_FRAME_LEN];
	uint64_t lost;

	/* 100 s: a link that is lost within them is dialled without asking. */
	for (lost = 94999; lost <= 95000; lost++) {
		rig_peer_named(rig, NAME, true);
		AT(rig, 0);
		resolved(rig, &address, 1, 100000);
		CHECK(rig_msg2(rig, msg2, rig_epoch_a));
		rig_take(rig, msg2, sizeof(msg2), 5);
		CHECK(rig->endpoints == 1);
		AT(rig, lost);
		engine_session_gone(rig->engine, rig->key, RIG_INDEX);
		AT(rig, lost + 5000);
		CHECK_FMT((rig->resolved == 2) == (lost == 95000), "lost at %u: %u questions",
			  (unsigned int)lost, rig->resolved);
		rig_free(rig);
		rig = rig_new(true);
	}
	rig_free(rig);
}

static void short_ttl(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint address = rig_v4(5, 2121);

	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	resolved(rig, &address, 1, 0);
	CHECK(msg1s(rig) == 1);
	AT(rig, 4000);
	CHECK(rig->resolved == 1);
	/* Not while it is dialled: those that it has will do. */
	AT(rig, 29999);
	CHECK(msg1s(rig) == 5);
	rig_free(rig);
}

/* Each copy finds its addresses too old, and yet what they were replaced by has its turn. */
static void moves_while_dialled(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint before = rig_v4(5, 2121), after = rig_v4(6, 2121);

	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	resolved(rig, &before, 1, 5000);
	AT(rig, 7000);
	CHECK(rig->resolved == 2 && msg1s(rig) == 4 && went_to(rig, 3, AF_INET, 5));
	resolved(rig, &after, 1, 5000);
	AT(rig, 15000);
	CHECK(msg1s(rig) == 5 && went_to(rig, 4, AF_INET, 6));
	rig_free(rig);
}

/* A live peer is where it is heard, whatever its name says. */
static void live_peer_stays(void)
{
	struct rig *rig = rig_new(true);
	struct engine_peer_info info = {
		.key = rig->key, .has_endpoint = true, .endpoint = rig_v4(9, 4000),
		.name = NAME, .auto_connect = true,
	};

	engine_peer_seen(rig->engine, &info);
	rig_live(rig, LIVE, rig_epoch_a);
	AT(rig, 100000000);
	CHECK(rig->resolved == 0 && rig->endpoints == 0);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_AGE);
	CHECK(msg1s(rig) == 1 && went_to(rig, 0, AF_INET, 9) && rig->resolved == 0);
	rig_free(rig);
}

/* A silent one is where its name says, and moves there when it answers. */
static void silent_peer_moves(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint address = rig_v4(5, 2121);
	struct engine_peer_info info = {
		.key = rig->key, .has_endpoint = true, .endpoint = rig_v4(9, 4000),
		.name = NAME, .auto_connect = true,
	};
	uint8_t msg2[MSG2_FRAME_LEN];

	engine_peer_seen(rig->engine, &info);
	rig_live(rig, LIVE, rig_epoch_a);
	engine_rekey_needed(rig->engine, rig->key, FMP_REKEY_REASON_SILENCE);
	CHECK(rig->resolved == 1 && msg1s(rig) == 0);
	resolved(rig, &address, 1, 60000);
	CHECK(msg1s(rig) == 1 && went_to(rig, 0, AF_INET, 5));
	CHECK(rig_msg2(rig, msg2, rig_epoch_a));
	rig_take(rig, msg2, sizeof(msg2), 5);
	CHECK(rig->installed == 1 && rig->endpoints == 1);
	CHECK(rig->last_endpoint.address.v4.s_addr == address.address.v4.s_addr);
	rig_free(rig);
}

static void no_answer(void)
{
	struct rig *rig = rig_new(true);

	rig_peer_named(rig, NAME, true);
	AT(rig, 14999);
	CHECK(rig->notes[NOTE_UNRESOLVED] == 0);
	AT(rig, 15000);
	CHECK(rig->notes[NOTE_UNRESOLVED] == 1 && rig->resolved == 1);
	/* And again, as after any failure. */
	AT(rig, 15000 + 60000);
	CHECK(rig->resolved >= 2);
	rig_free(rig);
}

static void no_address(void)
{
	struct rig *rig = rig_new(true);
	struct engine_peer_info info = {
		.key = rig->key, .has_endpoint = true, .endpoint = rig_v4(9, 4000),
		.name = NAME, .auto_connect = true,
	};
	const struct endpoint address = rig_v4(5, 2121);

	/* Where it was seen last is better than nowhere. */
	engine_peer_seen(rig->engine, &info);
	AT(rig, 0);
	resolved(rig, NULL, 0, 0);
	CHECK(msg1s(rig) == 1 && went_to(rig, 0, AF_INET, 9));
	AT(rig, 30001 + 10000);
	CHECK(rig->resolved == 2);
	resolved(rig, &address, 1, 60000);
	CHECK(went_to(rig, 5, AF_INET, 5));
	/* And so are old addresses. */
	AT(rig, 40001 + 30001 + 20000);
	CHECK(rig->resolved == 3);
	resolved(rig, NULL, 0, 0);
	CHECK(msg1s(rig) == 11 && went_to(rig, 10, AF_INET, 5));
	rig_free(rig);
}

static void renamed(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint address = rig_v4(5, 2121);

	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	rig_peer_named(rig, "other.example:2121", true);
	AT(rig, 0);
	CHECK(rig->resolved == 2);
	resolved(rig, &address, 1, 60000);
	CHECK(rig->sent_count == 0);
	engine_resolved(rig->engine, rig->key, "other.example:2121", &address, 1, 60000);
	CHECK(msg1s(rig) == 1);
	rig_free(rig);
}

/* No more than eight, however many there are. */
static void many(void)
{
	struct rig *rig = rig_new(true);
	struct endpoint addresses[16];
	unsigned int i;

	for (i = 0; i < 16; i++)
		addresses[i] = i < 3 ? rig_v6(i, 2121) : rig_v4(i, 2121);
	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	resolved(rig, addresses, 16, 60000);
	AT(rig, 15000);
	CHECK(went_to(rig, 0, AF_INET6, 0) && went_to(rig, 1, AF_INET, 3));
	CHECK(went_to(rig, 2, AF_INET6, 1) && went_to(rig, 3, AF_INET, 4));
	CHECK(went_to(rig, 4, AF_INET6, 2));
	rig_free(rig);
}

static void forgotten(void)
{
	struct rig *rig = rig_new(true);
	const struct endpoint address = rig_v4(5, 2121);

	rig_peer_named(rig, NAME, true);
	AT(rig, 0);
	resolved(rig, &address, 1, 3600000);
	rig_session(rig, LIVE, FMP_SLOT_CURRENT, false, true, rig_epoch_a, 0);
	engine_forget_addresses(rig->engine);
	engine_session_gone(rig->engine, rig->key, LIVE);
	AT(rig, 5000);
	CHECK(rig->resolved == 2);
	rig_free(rig);
}

const struct test engine_address_tests[] = {
	{ "resolved_first", resolved_first },
	{ "families", families },
	{ "unreachable_family", unreachable_family },
	{ "ttl", ttl },
	{ "short_ttl", short_ttl },
	{ "moves_while_dialled", moves_while_dialled },
	{ "live_peer_stays", live_peer_stays },
	{ "silent_peer_moves", silent_peer_moves },
	{ "no_answer", no_answer },
	{ "no_address", no_address },
	{ "renamed", renamed },
	{ "many", many },
	{ "forgotten", forgotten },
	{ 0 },
};
