// SPDX-License-Identifier: GPL-2.0
#include "rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "harness.h"
#include "identity.h"
#include "key.h"
#include "util.h"

const uint8_t rig_epoch[8] = "ourepoch";
const uint8_t rig_epoch_a[8] = "epoch-aa";
const uint8_t rig_epoch_b[8] = "epoch-bb";

static int take_reserve(void *world, const uint8_t *key, uint32_t *local)
{
	struct rig *rig = world;

	(void)key;
	if (rig->reserve_err)
		return rig->reserve_err;
	rig->reserved++;
	*local = rig->next_index++;
	return 0;
}

static int take_release(void *world, uint32_t local)
{
	struct rig *rig = world;

	(void)local;
	rig->released++;
	return 0;
}

static int take_send(void *world, const uint8_t *frame, size_t len, const struct path *path)
{
	struct rig *rig = world;
	struct rig_sent *sent = &rig->sent[rig->sent_count];

	if (rig->send_err)
		return rig->send_err;
	if (rig->sent_count == RIG_SENT || len > sizeof(sent->frame))
		abort();
	rig->sent_count++;
	sent->at = rig->now;
	sent->len = len;
	sent->path = *path;
	memcpy(sent->frame, frame, len);
	return 0;
}

static int take_install(void *world, const struct engine_session *session, uint32_t *local)
{
	struct rig *rig = world;

	rig->place = session->keys;
	if (rig->install_err)
		return rig->install_err;
	rig->installed++;
	rig->session = *session;
	rig->keys = *session->keys;
	memcpy(rig->session_epoch, session->epoch, sizeof(rig->session_epoch));
	*local = session->choose_index ? rig->next_index++ : session->local;
	return 0;
}

static int take_remove(void *world, uint32_t local)
{
	struct rig *rig = world;

	rig->removed++;
	rig->last_removed = local;
	return 0;
}

static int take_report(void *world, const uint8_t *key, enum fmp_handshake_event event,
		       enum fmp_handshake_cause cause)
{
	struct rig *rig = world;

	(void)key;
	rig->events[event]++;
	if (event == FMP_HANDSHAKE_EVENT_FAILED)
		rig->causes[cause]++;
	return 0;
}

static int take_add_peer(void *world, const uint8_t *key, const struct path *path)
{
	struct rig *rig = world;

	(void)path;
	if (rig->add_err)
		return rig->add_err;
	rig->added_peers++;
	memcpy(rig->added_key, key, sizeof(rig->added_key));
	return 0;
}

static int take_remove_peer(void *world, const uint8_t *key)
{
	struct rig *rig = world;

	(void)key;
	rig->removed_peers++;
	return 0;
}

static int take_set_endpoint(void *world, const uint8_t *key, const struct path *path)
{
	struct rig *rig = world;

	(void)key;
	if (rig->endpoint_err)
		return rig->endpoint_err;
	rig->endpoints++;
	rig->last_endpoint = path->remote;
	return 0;
}

static void take_resolve(void *world, const uint8_t *key, const char *name)
{
	struct rig *rig = world;

	(void)key;
	(void)name;
	rig->resolved++;
}

static bool take_admit(void *world, const uint8_t *key, bool configured)
{
	const struct rig *rig = world;

	(void)key;
	return !rig->denied && (configured || rig->strangers);
}

static int take_proven(void *world, uint32_t local)
{
	struct rig *rig = world;

	(void)local;
	rig->asked_proven++;
	return rig->proven;
}

static void take_note(void *world, const uint8_t *key, enum engine_note note, int err)
{
	struct rig *rig = world;

	(void)key;
	(void)err;
	rig->notes[note]++;
}

static uint32_t take_random(void *world, uint32_t limit)
{
	const struct rig *rig = world;

	return rig->random < limit ? rig->random : limit - 1;
}

static const struct engine_ops ops = {
	.reserve = take_reserve, .release = take_release, .send = take_send,
	.install = take_install, .remove = take_remove, .report = take_report,
	.add_peer = take_add_peer, .remove_peer = take_remove_peer,
	.set_endpoint = take_set_endpoint, .resolve = take_resolve, .admit = take_admit,
	.proven = take_proven, .note = take_note, .random = take_random,
};

static struct noise_identity *identity_of(uint8_t byte)
{
	struct noise_identity *identity = secret_alloc(sizeof(*identity));

	memset(identity->secret, byte, sizeof(identity->secret));
	if (public_from_secret(identity->public, identity->secret))
		abort();
	return identity;
}

static bool is_smaller(const struct noise_identity *a, const struct noise_identity *b)
{
	uint8_t addr_a[FMP_NODE_ADDR_SIZE], addr_b[FMP_NODE_ADDR_SIZE];

	node_addr_of(addr_a, a->public + 1);
	node_addr_of(addr_b, b->public + 1);
	return node_addr_compare(addr_a, addr_b) < 0;
}

struct rig *rig_new(bool smaller)
{
	struct rig *rig = xcalloc(1, sizeof(*rig));
	struct engine_config config = { .ops = &ops, .world = rig };
	struct noise_identity *a = identity_of(1), *b = identity_of(4);
	bool as_is = is_smaller(a, b) == smaller;

	rig->self = as_is ? a : b;
	rig->other = as_is ? b : a;
	rig->key = rig->other->public + 1;
	rig->next_index = RIG_INDEX;
	rig->now = 1000000;
	config.identity = rig->self;
	memcpy(config.epoch, rig_epoch, sizeof(config.epoch));
	rig->engine = engine_new(&config);
	engine_clock(rig->engine, rig->now);
	return rig;
}

void rig_free(struct rig *rig)
{
	engine_free(rig->engine);
	secret_free(rig->self);
	secret_free(rig->other);
	free(rig);
}

/* When the engine is done with a message, or with what was due, no key of a session is left. */
static void check_no_keys(const struct rig *rig)
{
	if (rig->place)
		CHECK(sodium_is_zero((const uint8_t *)rig->place, sizeof(*rig->place)));
}

void rig_until(struct rig *rig, uint64_t at)
{
	uint64_t deadline = engine_tick(rig->engine);

	while (deadline <= at) {
		rig->now = deadline;
		engine_clock(rig->engine, rig->now);
		deadline = engine_tick(rig->engine);
		if (deadline <= rig->now)
			abort();
	}
	rig->now = at;
	engine_clock(rig->engine, rig->now);
	engine_tick(rig->engine);
	check_no_keys(rig);
}

struct endpoint rig_v4(unsigned int last, uint16_t port)
{
	struct endpoint endpoint = { .port = port, .address.family = AF_INET };

	endpoint.address.v4.s_addr = htonl(0xc0000200u + last);
	return endpoint;
}

struct endpoint rig_v6(unsigned int last, uint16_t port)
{
	struct endpoint endpoint = { .port = port, .address.family = AF_INET6 };

	endpoint.address.v6.s6_addr[0] = 0x20;
	endpoint.address.v6.s6_addr[1] = 0x01;
	endpoint.address.v6.s6_addr[15] = (uint8_t)last;
	return endpoint;
}

struct path rig_path(unsigned int last)
{
	return (struct path){ .remote = rig_v4(last, 2121) };
}

void rig_peer(struct rig *rig, bool auto_connect)
{
	const struct engine_peer_info info = {
		.key = rig->key, .has_endpoint = true, .endpoint = rig_v4(2, 2121),
		.auto_connect = auto_connect,
	};

	engine_peer_seen(rig->engine, &info);
}

void rig_peer_named(struct rig *rig, const char *name, bool auto_connect)
{
	const struct engine_peer_info info = {
		.key = rig->key, .name = name, .auto_connect = auto_connect,
	};

	engine_peer_seen(rig->engine, &info);
}

void rig_session(struct rig *rig, uint32_t local, enum fmp_slot slot, bool initiator,
		 bool proven, const uint8_t *epoch, uint64_t age_ms)
{
	const struct engine_session_info info = {
		.key = rig->key, .local = local, .slot = slot, .initiator = initiator,
		.proven = proven, .epoch = epoch, .age_ms = age_ms,
	};

	engine_session_seen(rig->engine, &info);
}

void rig_live(struct rig *rig, uint32_t local, const uint8_t *epoch)
{
	rig_session(rig, local, FMP_SLOT_CURRENT, true, true, epoch, 60000);
}

void rig_cutover(struct rig *rig, uint32_t local, bool initiator, const uint8_t *epoch)
{
	const struct engine_session_info info = {
		.key = rig->key, .local = local, .initiator = initiator, .epoch = epoch,
	};

	engine_session_cutover(rig->engine, &info);
}

static void build_msg1(const struct noise_identity *who, const struct rig *rig,
		       uint8_t frame[MSG1_FRAME_LEN], uint32_t sender, const uint8_t *epoch)
{
	struct noise *noise = noise_new(who);
	uint8_t message[NOISE_MSG1_LEN];

	if (noise_write1(noise, rig->self->public + 1, epoch, message))
		abort();
	msg1_build(frame, sender, message);
	noise_free(noise);
}

void rig_msg1(struct rig *rig, uint8_t frame[MSG1_FRAME_LEN], uint32_t sender,
	      const uint8_t *epoch)
{
	build_msg1(rig->other, rig, frame, sender, epoch);
}

void rig_msg1_of(struct rig *rig, uint8_t secret, uint8_t frame[MSG1_FRAME_LEN],
		 uint32_t sender, const uint8_t *epoch)
{
	struct noise_identity *who = identity_of(secret);

	build_msg1(who, rig, frame, sender, epoch);
	secret_free(who);
}

bool rig_msg2(struct rig *rig, uint8_t frame[MSG2_FRAME_LEN], const uint8_t *epoch)
{
	struct noise_keys *keys = secret_alloc(sizeof(*keys));
	struct noise *noise = noise_new(rig->other);
	uint8_t key[32], theirs[8], message[NOISE_MSG2_LEN];
	struct msg1 msg1;
	size_t i = rig->sent_count;
	bool good = false;

	while (i-- && !good) {
		good = rig->sent[i].len == MSG1_FRAME_LEN &&
		       msg1_parse(&msg1, rig->sent[i].frame, MSG1_FRAME_LEN) &&
		       !noise_read1(noise, msg1.noise, key, theirs) &&
		       !noise_write2(noise, epoch, message, keys);
	}
	if (good)
		msg2_build(frame, 0x77770000, msg1.sender, message);
	noise_free(noise);
	secret_free(keys);
	return good;
}

void rig_take(struct rig *rig, const uint8_t *frame, size_t len, unsigned int from)
{
	const struct path path = rig_path(from);

	engine_clock(rig->engine, rig->now);
	engine_frame(rig->engine, frame, len, &path, false);
	check_no_keys(rig);
}

const struct rig_sent *rig_last(const struct rig *rig)
{
	if (!rig->sent_count)
		abort();
	return &rig->sent[rig->sent_count - 1];
}

size_t rig_count(const struct rig *rig, size_t len)
{
	size_t i, count = 0;

	for (i = 0; i < rig->sent_count; i++)
		count += rig->sent[i].len == len;
	return count;
}
