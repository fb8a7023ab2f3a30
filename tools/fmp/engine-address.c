// SPDX-License-Identifier: GPL-2.0
/*
 * Where a peer is to be found: the endpoint that the kernel has, or what its name stands
 * for.  While a peer is heard, where it is heard from is what counts.
 */
#include <string.h>
#include <stdlib.h>

#include "engine-internal.h"
#include "util.h"

bool endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	if (a->port != b->port || a->address.family != b->address.family)
		return false;
	if (a->address.family == AF_INET)
		return a->address.v4.s_addr == b->address.v4.s_addr;
	return a->scope_id == b->scope_id &&
	       memcmp(&a->address.v6, &b->address.v6, sizeof(a->address.v6)) == 0;
}

/* Nothing tells better where it is than that it is heard from there. */
static bool heard(const struct engine_peer *peer)
{
	return peer->current.used && peer->current.proven && !peer->silent;
}

static enum where at_endpoint(const struct engine_peer *peer, struct path *path)
{
	if (!peer->has_endpoint)
		return WHERE_NOWHERE;
	*path = (struct path){ .remote = peer->endpoint };
	return WHERE_THERE;
}

static void unresolved(struct engine *engine, struct engine_peer *peer)
{
	peer->resolving = false;
	peer->address_end = engine->now + ENGINE_UNRESOLVED_MS;
	engine_note(engine, peer->key, NOTE_UNRESOLVED, 0);
}

/* False when the resolver has had its time. */
static bool ask(struct engine *engine, struct engine_peer *peer)
{
	if (!peer->resolving) {
		peer->resolving = true;
		peer->asked = engine->now;
		peer->dial = engine->now + ENGINE_RESOLVE_MS;
		engine->ops->resolve(engine->world, peer->key, peer->name);
	}
	if (engine->now - peer->asked < ENGINE_RESOLVE_MS)
		return true;
	unresolved(engine, peer);
	return false;
}

/* Addresses that live no longer than the pause between two messages have their turn, too. */
bool address_latest(const struct engine_peer *peer, struct path *path)
{
	if (!peer->name || !peer->address_count)
		return false;
	*path = (struct path){
		.remote = peer->addresses[peer->address_next % peer->address_count],
	};
	return true;
}

enum where address_pick(struct engine *engine, struct engine_peer *peer, struct path *path)
{
	if (!peer->name || heard(peer))
		return at_endpoint(peer, path);

	if (engine->now >= peer->address_end && ask(engine, peer))
		return WHERE_WAIT;
	return address_latest(peer, path) ? WHERE_THERE : at_endpoint(peer, path);
}

bool address_advance(struct engine_peer *peer)
{
	if (!peer->name || !peer->address_count)
		return false;
	peer->address_next = (peer->address_next + 1) % peer->address_count;
	return peer->address_next != 0;
}

void address_expire(struct engine *engine, struct engine_peer *peer)
{
	if (peer->name)
		peer->address_end = engine->now;
}

void address_learn(struct engine *engine, struct engine_peer *peer, const struct path *path)
{
	if (peer->has_endpoint && endpoint_same(&peer->endpoint, &path->remote))
		return;
	if (engine->ops->set_endpoint(engine->world, peer->key, path))
		return;
	peer->endpoint = path->remote;
	peer->has_endpoint = true;
	peer->borrowed = false;
}

/* Both families in turn, so that one that leads nowhere costs one attempt and not all. */
static void take_in_turn(struct engine_peer *peer, const struct endpoint *addresses, size_t count)
{
	size_t next[2] = { 0 }, taken = 0, idle = 0, i;
	unsigned int turn = 0;

	while (taken < ENGINE_ADDRESSES && idle < 2) {
		int family = turn ? AF_INET : AF_INET6;

		for (i = next[turn]; i < count; i++)
			if (addresses[i].address.family == family)
				break;
		next[turn] = i + 1;
		if (i < count) {
			peer->addresses[taken++] = addresses[i];
			idle = 0;
		} else {
			idle++;
		}
		turn = !turn;
	}
	peer->address_count = taken;
}

/* An attempt goes on where the last one ended, unless everything is new. */
static void keep_place(struct engine_peer *peer, const struct endpoint *last)
{
	size_t i;

	for (i = 0; i < peer->address_count; i++)
		if (endpoint_same(&peer->addresses[i], last))
			break;
	peer->address_next = i < peer->address_count ? i : 0;
}

static uint64_t lifetime(uint64_t ttl_ms)
{
	if (ttl_ms < ENGINE_TTL_MIN_MS)
		return ENGINE_TTL_MIN_MS;
	return ttl_ms < ENGINE_TTL_MAX_MS ? ttl_ms : ENGINE_TTL_MAX_MS;
}

void engine_resolved(struct engine *engine, const uint8_t *key, const char *name,
		     const struct endpoint *addresses, size_t count, uint64_t ttl_ms)
{
	struct engine_peer *peer = engine_find(engine, key);
	struct endpoint last;

	if (!peer || !peer->resolving || !peer->name || strcmp(peer->name, name) != 0)
		return;
	if (count) {
		peer->resolving = false;
		last = peer->addresses[peer->address_next];
		take_in_turn(peer, addresses, count);
		keep_place(peer, &last);
		peer->address_end = engine->now + lifetime(ttl_ms);
	} else {
		unresolved(engine, peer);
	}
	/* Only a dial asks, and waits for it. */
	peer->dial = ENGINE_NEVER;
	initiate(engine, peer);
}

void engine_forget_addresses(struct engine *engine)
{
	size_t i;

	for (i = 0; i < engine->peer_count; i++)
		address_expire(engine, engine->peers[i]);
}
