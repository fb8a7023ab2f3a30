// SPDX-License-Identifier: GPL-2.0
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "identity.h"
#include "key.h"
#include "util.h"

uint32_t world_random(struct world *world, uint32_t limit)
{
	world->seed ^= world->seed << 13;
	world->seed ^= world->seed >> 7;
	world->seed ^= world->seed << 17;
	return (uint32_t)(world->seed >> 16) % limit;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->address.v4.s_addr == b->address.v4.s_addr;
}

static void transmit(struct world *world, const struct packet *packet, unsigned int copies)
{
	struct packet *new;

	while (copies--) {
		if (world->packet_count == WORLD_PACKETS)
			abort();
		new = &world->packets[world->packet_count++];
		*new = *packet;
		new->at = world->now + world->delay_min +
			  world_random(world, world->delay_max - world->delay_min + 1);
	}
}

static void put(struct world *world, const struct packet *packet)
{
	bool spared = world->handshakes_only && !packet->len;

	if (packet->len == MSG1_FRAME_LEN && world->tape_count < WORLD_TAPE)
		world->tape[world->tape_count++] = *packet;
	if (world->drop && world->drop(world, packet))
		return;
	if (!spared && world->loss && world_random(world, 1000) < world->loss)
		return;
	transmit(world, packet,
		 1 + (world->repeat && world_random(world, 1000) < world->repeat));
}

void world_inject(struct world *world, const struct packet *packet, struct endpoint from)
{
	struct packet copy = *packet;

	copy.from = from;
	transmit(world, &copy, 1);
}

static struct kpeer *peer_of(struct host *host, const uint8_t *key)
{
	unsigned int i;

	for (i = 0; i < WORLD_HOSTS; i++)
		if (host->peers[i].used && memcmp(host->peers[i].key, key, 32) == 0)
			return &host->peers[i];
	return NULL;
}

static struct kevent *event(struct host *host, enum kevent_kind kind, const uint8_t *key)
{
	struct kevent *e = &host->events[host->event_count++];

	if (host->event_count == WORLD_EVENTS)
		abort();
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->at = host->world->now + host->world->event_delay;
	if (key)
		memcpy(e->key, key, 32);
	return e;
}

static void session_event(struct host *host, enum kevent_kind kind, struct kpeer *peer,
			  const struct ksession *session, enum fmp_slot slot)
{
	struct kevent *e = event(host, kind, peer->key);

	e->session = *session;
	e->slot = slot;
}

static void retire(struct host *host, struct kpeer *peer, struct ksession *session)
{
	if (!session->used)
		return;
	session->used = false;
	session_event(host, EVENT_GONE, peer, session, FMP_SLOT_PREVIOUS);
}

static void emit(struct host *host, struct kpeer *peer, bool heartbeat)
{
	struct packet packet = {
		.from = host->address, .to = peer->endpoint, .index = peer->current.remote,
		.heartbeat = heartbeat,
	};

	memcpy(packet.key, peer->current.keys.send, 32);
	put(host->world, &packet);
}

static void put_current(struct host *host, struct kpeer *peer, const struct ksession *session)
{
	struct world *world = host->world;

	peer->current = *session;
	peer->current.since = world->now;
	peer->rekey = world->now + world->rekey_after +
		      world_random(world, (uint32_t)world->rekey_spread + 1);
	peer->wanted_delay = 0;
	peer->wanted = 0;
	peer->last_rx = world->now;
	peer->silence = 0;
	/* The timer of the staging queue comes with the next jiffy. */
	peer->flush = world->now + 1;
	peer->heartbeat = session->initiator ? world->now : world->now + 10000;
}

static void cut_over(struct host *host, struct kpeer *peer)
{
	retire(host, peer, &peer->previous);
	peer->previous = peer->current;
	peer->previous.deadline = host->world->now + 10000;
	peer->pending.used = false;
	put_current(host, peer, &peer->pending);
	peer->current.used = true;
	host->cutovers++;
	session_event(host, EVENT_CUTOVER, peer, &peer->current, FMP_SLOT_CURRENT);
}

/* The engine's world. */

/* Whoever is dead goes on for nobody to see. */
static bool is_dead(const struct host *host)
{
	return host->die_at && host->steps >= host->die_at;
}

static bool lives(struct host *host)
{
	if (!is_dead(host))
		host->steps++;
	return !is_dead(host);
}

static int do_reserve(void *world, const uint8_t *key, uint32_t *local)
{
	struct host *host = world;
	struct kpeer *peer = peer_of(host, key);

	if (!peer || !lives(host))
		return -ENOENT;
	if (peer->reserved_count == 4)
		return -ENOSPC;
	*local = host->next_index++;
	peer->reserved[peer->reserved_count++] = *local;
	return 0;
}

static bool take_reservation(struct kpeer *peer, uint32_t local)
{
	unsigned int i;

	for (i = 0; i < peer->reserved_count; i++) {
		if (peer->reserved[i] != local)
			continue;
		peer->reserved[i] = peer->reserved[--peer->reserved_count];
		return true;
	}
	return false;
}

static int do_release(void *world, uint32_t local)
{
	struct host *host = world;
	unsigned int i;

	if (!lives(host))
		return -ENOENT;
	for (i = 0; i < WORLD_HOSTS; i++)
		if (host->peers[i].used && take_reservation(&host->peers[i], local))
			return 0;
	return -ENOENT;
}

static int do_send(void *world, const uint8_t *frame, size_t len, const struct path *path)
{
	struct host *host = world;
	struct packet packet = { .from = host->address, .to = path->remote, .len = len };

	if (!lives(host))
		return -EIO;
	memcpy(packet.frame, frame, len);
	put(host->world, &packet);
	return 0;
}

static int do_install(void *world, const struct engine_session *session, uint32_t *local)
{
	struct host *host = world;
	struct kpeer *peer = peer_of(host, session->key);
	struct ksession new = {
		.used = true, .remote = session->remote, .keys = *session->keys,
		.initiator = session->initiator, .candidate = session->candidate,
		.since = host->world->now,
	};

	if (!peer || !lives(host))
		return -ENOENT;
	if (host->world->now < host->awake_at)
		return -EBUSY;
	memcpy(new.epoch, session->epoch, sizeof(new.epoch));
	new.local = session->choose_index ? host->next_index++ : session->local;
	if (!session->choose_index && !CHECK(take_reservation(peer, new.local)))
		return -ENOENT;
	retire(host, peer, &peer->pending);
	if (peer->current.used) {
		new.deadline = host->world->now +
			       (new.initiator ? 250 : new.candidate ? 30000 : 60000);
		peer->pending = new;
		session_event(host, EVENT_NEW, peer, &new, FMP_SLOT_PENDING);
	} else {
		put_current(host, peer, &new);
		session_event(host, EVENT_NEW, peer, &peer->current, FMP_SLOT_CURRENT);
	}
	*local = new.local;
	return 0;
}

static int do_remove(void *world, uint32_t local)
{
	struct host *host = world;
	unsigned int i;

	if (!lives(host))
		return -ENOENT;
	for (i = 0; i < WORLD_HOSTS; i++) {
		struct kpeer *peer = &host->peers[i];

		if (peer->current.used && peer->current.local == local)
			retire(host, peer, &peer->current);
		else if (peer->pending.used && peer->pending.local == local)
			retire(host, peer, &peer->pending);
		else
			continue;
		return 0;
	}
	return -ENOENT;
}

static int do_report(void *world, const uint8_t *key, enum fmp_handshake_event what,
		     enum fmp_handshake_cause cause)
{
	struct host *host = world;

	(void)key;
	(void)cause;
	if (is_dead(host))
		return 0;
	host->completed += what == FMP_HANDSHAKE_EVENT_COMPLETED;
	host->answered += what == FMP_HANDSHAKE_EVENT_ANSWERED;
	host->failed += what == FMP_HANDSHAKE_EVENT_FAILED;
	return 0;
}

static int do_add_peer(void *world, const uint8_t *key, const struct path *path)
{
	struct host *host = world;
	unsigned int i;

	for (i = 0; i < WORLD_HOSTS; i++) {
		if (host->peers[i].used)
			continue;
		host->peers[i] = (struct kpeer){ .used = true, .dynamic = true,
						 .endpoint = path->remote };
		memcpy(host->peers[i].key, key, 32);
		return 0;
	}
	return -ENOSPC;
}

static int do_remove_peer(void *world, const uint8_t *key)
{
	struct kpeer *peer = peer_of(world, key);

	if (peer)
		peer->used = false;
	return 0;
}

static int do_set_endpoint(void *world, const uint8_t *key, const struct path *path)
{
	struct kpeer *peer = peer_of(world, key);

	if (!lives(world))
		return -EIO;
	if (peer)
		peer->endpoint = path->remote;
	return peer ? 0 : -ENOENT;
}

static void do_resolve(void *world, const uint8_t *key, const char *name)
{
	(void)world;
	(void)key;
	(void)name;
}

static bool do_admit(void *world, const uint8_t *key, bool configured)
{
	(void)world;
	(void)key;
	return configured;
}

static int do_proven(void *world, uint32_t local)
{
	struct host *host = world;
	unsigned int i;

	for (i = 0; i < WORLD_HOSTS; i++)
		if (host->peers[i].current.used && host->peers[i].current.local == local)
			return host->peers[i].current.received;
	return -ENOENT;
}

static void do_note(void *world, const uint8_t *key, enum engine_note note, int err)
{
	struct host *host = world;

	(void)key;
	(void)err;
	host->notes[note]++;
}

static uint32_t do_random(void *world, uint32_t limit)
{
	struct host *host = world;

	return world_random(host->world, limit);
}

static const struct engine_ops ops = {
	.reserve = do_reserve, .release = do_release, .send = do_send, .install = do_install,
	.remove = do_remove, .report = do_report, .add_peer = do_add_peer,
	.remove_peer = do_remove_peer, .set_endpoint = do_set_endpoint, .resolve = do_resolve,
	.admit = do_admit, .proven = do_proven, .note = do_note, .random = do_random,
};

/* What the kernel tells. */

static void tell_peer(struct host *host, const struct kpeer *peer)
{
	const struct engine_peer_info info = {
		.key = peer->key, .has_endpoint = true, .endpoint = peer->endpoint,
		.auto_connect = peer->auto_connect, .dynamic = peer->dynamic,
	};

	engine_peer_seen(host->engine, &info);
}

static struct engine_session_info info_of(const struct host *host, const uint8_t *key,
					  const struct ksession *session, enum fmp_slot slot)
{
	return (struct engine_session_info){
		.key = key, .local = session->local, .remote = session->remote, .slot = slot,
		.initiator = session->initiator, .proven = session->received,
		.epoch = session->epoch, .age_ms = host->world->now - session->since,
	};
}

static void tell_session(struct host *host, const uint8_t *key, const struct ksession *session,
			 enum fmp_slot slot)
{
	const struct engine_session_info info = info_of(host, key, session, slot);

	if (session->used)
		engine_session_seen(host->engine, &info);
}

static void tell(struct host *host, const struct kevent *e)
{
	const struct engine_session_info info = info_of(host, e->key, &e->session, e->slot);
	struct kpeer *peer = peer_of(host, e->key);

	switch (e->kind) {
	case EVENT_NEW:
		engine_session_seen(host->engine, &info);
		break;
	case EVENT_CUTOVER:
		engine_session_cutover(host->engine, &info);
		break;
	case EVENT_GONE:
		engine_session_gone(host->engine, e->key, e->session.local);
		break;
	case EVENT_NEEDED:
		engine_rekey_needed(host->engine, e->key, e->reason);
		break;
	case EVENT_WIPED:
		engine_peer_wiped(host->engine, e->key);
		break;
	case EVENT_FRAME:
		engine_frame(host->engine, e->frame, e->len, &e->path, false);
		break;
	case EVENT_MOVED:
		if (peer)
			tell_peer(host, peer);
		break;
	}
}

static void dump(struct host *host)
{
	unsigned int i;

	engine_resync_begin(host->engine);
	for (i = 0; i < WORLD_HOSTS; i++)
		if (host->peers[i].used)
			tell_peer(host, &host->peers[i]);
	for (i = 0; i < WORLD_HOSTS; i++) {
		struct kpeer *peer = &host->peers[i];

		if (!peer->used)
			continue;
		tell_session(host, peer->key, &peer->current, FMP_SLOT_CURRENT);
		tell_session(host, peer->key, &peer->pending, FMP_SLOT_PENDING);
		tell_session(host, peer->key, &peer->previous, FMP_SLOT_PREVIOUS);
	}
	engine_resync_end(host->engine);
}

static void start_agent(struct host *host)
{
	struct engine_config config = { .ops = &ops, .world = host, .identity = host->identity };

	memcpy(config.epoch, host->epoch, sizeof(config.epoch));
	host->engine = engine_new(&config);
	host->event_count = 0;
	host->tick = 0;
	host->die_at = 0;
	engine_clock(host->engine, host->world->now);
	dump(host);
}

void world_kill_agent(struct world *world, unsigned int number)
{
	struct host *host = &world->hosts[number];
	unsigned int i;

	engine_free(host->engine);
	for (i = 0; i < WORLD_HOSTS; i++)
		host->peers[i].reserved_count = 0;
	start_agent(host);
}

void world_kill_at(struct world *world, unsigned int number, unsigned int step, uint64_t down_for)
{
	struct host *host = &world->hosts[number];

	host->die_at = host->steps + step + 1;
	host->down_for = down_for;
	host->back_at = ENGINE_NEVER;
}

/* From the last step of the one that dies to the first of its successor. */
static bool nobody_there(struct host *host)
{
	unsigned int i;

	if (!is_dead(host))
		return false;
	if (host->back_at == ENGINE_NEVER) {
		/* Its reservations go with its socket. */
		for (i = 0; i < WORLD_HOSTS; i++)
			host->peers[i].reserved_count = 0;
		host->back_at = host->world->now + host->down_for;
	}
	host->event_count = 0;
	host->tick = host->back_at;
	if (host->world->now < host->back_at)
		return true;
	world_kill_agent(host->world, host->number);
	return false;
}

void world_reboot(struct world *world, unsigned int number)
{
	struct host *host = &world->hosts[number];
	unsigned int i;

	host->epoch[0]++;
	for (i = 0; i < WORLD_HOSTS; i++) {
		memset(&host->peers[i].current, 0, sizeof(struct ksession));
		memset(&host->peers[i].pending, 0, sizeof(struct ksession));
		memset(&host->peers[i].previous, 0, sizeof(struct ksession));
	}
	world_kill_agent(world, number);
}

void world_wipe(struct world *world, unsigned int number, uint64_t refuses_for)
{
	struct host *host = &world->hosts[number];
	unsigned int i;

	host->awake_at = world->now + refuses_for;
	for (i = 0; i < WORLD_HOSTS; i++) {
		struct kpeer *peer = &host->peers[i];
		bool had_one = peer->current.used;

		retire(host, peer, &peer->current);
		retire(host, peer, &peer->pending);
		retire(host, peer, &peer->previous);
		if (had_one)
			event(host, EVENT_WIPED, peer->key);
	}
}

void world_lose_events(struct world *world, unsigned int number)
{
	struct host *host = &world->hosts[number];

	host->event_count = 0;
	engine_clock(host->engine, world->now);
	dump(host);
	host->tick = 0;
}

/* What the kernel does by itself. */

static void need(struct host *host, struct kpeer *peer, enum fmp_rekey_reason reason)
{
	event(host, EVENT_NEEDED, peer->key)->reason = reason;
}

static void need_session(struct host *host, struct kpeer *peer)
{
	if (host->world->now < peer->wanted)
		return;
	peer->wanted_delay = peer->wanted_delay ? 2 * peer->wanted_delay : 1000;
	if (peer->wanted_delay > 60000)
		peer->wanted_delay = 60000;
	peer->wanted = host->world->now + peer->wanted_delay;
	need(host, peer, FMP_REKEY_REASON_NO_SESSION);
}

static void send_data(struct host *host, struct kpeer *peer)
{
	host->sent++;
	if (peer->current.used) {
		emit(host, peer, false);
		return;
	}
	if (peer->staged < 128)
		peer->staged++;
	else
		host->dropped++;
	need_session(host, peer);
}

static void peer_timers(struct host *host, struct kpeer *peer)
{
	uint64_t now = host->world->now;

	if (peer->previous.used && now >= peer->previous.deadline)
		retire(host, peer, &peer->previous);
	if (peer->pending.used && now >= peer->pending.deadline) {
		if (peer->pending.initiator)
			cut_over(host, peer);
		else
			retire(host, peer, &peer->pending);
	}
	if (!peer->current.used)
		return;
	if (now >= peer->heartbeat) {
		emit(host, peer, true);
		peer->heartbeat = now + 10000;
	}
	if (peer->staged && now >= peer->flush) {
		while (peer->staged) {
			emit(host, peer, false);
			peer->staged--;
		}
	}
	if (now >= peer->rekey) {
		peer->rekey = now + 30000;
		if (!peer->pending.used)
			need(host, peer, FMP_REKEY_REASON_AGE);
	}
	if (now - peer->last_rx >= 30000 && now >= peer->silence) {
		peer->silence = now + 4000;
		need(host, peer, FMP_REKEY_REASON_SILENCE);
	}
}

static bool opens(const struct ksession *session, const struct packet *packet)
{
	return memcmp(session->keys.receive, packet->key, 32) == 0;
}

static void authentic(struct host *host, struct kpeer *peer, const struct packet *packet,
		      struct ksession *session)
{
	session->received = true;
	peer->last_rx = host->world->now;
	if (session == &peer->pending)
		cut_over(host, peer);
	else if (session == &peer->current && !same_endpoint(&peer->endpoint, &packet->from)) {
		peer->endpoint = packet->from;
		event(host, EVENT_MOVED, peer->key);
	}
	if (!packet->heartbeat)
		host->arrived++;
}

static bool is_reserved(const struct host *host, uint32_t index)
{
	unsigned int i, j;

	for (i = 0; i < WORLD_HOSTS; i++)
		for (j = 0; j < host->peers[i].reserved_count; j++)
			if (host->peers[i].reserved[j] == index)
				return true;
	return false;
}

static void receive_data(struct host *host, const struct packet *packet)
{
	unsigned int i, j;

	for (i = 0; i < WORLD_HOSTS; i++) {
		struct kpeer *peer = &host->peers[i];
		struct ksession *slots[] = { &peer->current, &peer->pending, &peer->previous };

		for (j = 0; peer->used && j < ARRAY_SIZE(slots); j++) {
			if (!slots[j]->used || slots[j]->local != packet->index)
				continue;
			if (opens(slots[j], packet))
				authentic(host, peer, packet, slots[j]);
			else
				host->lost_key++;
			return;
		}
	}
	if (packet->heartbeat)
		return;
	if (is_reserved(host, packet->index))
		host->lost_reserved++;
	else
		host->lost_unknown++;
}

static void receive(struct host *host, const struct packet *packet)
{
	struct msg2 msg2;
	struct kevent *e;

	if (!packet->len) {
		receive_data(host, packet);
		return;
	}
	if (packet->len == MSG2_FRAME_LEN &&
	    (!msg2_parse(&msg2, packet->frame, packet->len) || !is_reserved(host, msg2.receiver)))
		return;
	e = event(host, EVENT_FRAME, NULL);
	memcpy(e->frame, packet->frame, packet->len);
	e->len = packet->len;
	e->path.remote = packet->from;
	e->path.local = host->address.address;
}

/* Those of one moment in the order of their sending. */
static void deliver(struct world *world)
{
	unsigned int i, j, kept = 0, count = world->packet_count;

	for (i = 0; i < count; i++) {
		struct packet packet = world->packets[i];

		if (packet.at > world->now) {
			world->packets[kept++] = packet;
			continue;
		}
		for (j = 0; j < world->host_count; j++)
			if (same_endpoint(&world->hosts[j].address, &packet.to))
				receive(&world->hosts[j], &packet);
	}
	/* What was sent meanwhile is behind them. */
	memmove(world->packets + kept, world->packets + count,
		(world->packet_count - count) * sizeof(world->packets[0]));
	world->packet_count -= count - kept;
}

static void earlier(uint64_t *next, uint64_t at)
{
	if (at < *next)
		*next = at;
}

static void peer_next(const struct kpeer *peer, uint64_t *next)
{
	if (peer->previous.used)
		earlier(next, peer->previous.deadline);
	if (peer->pending.used)
		earlier(next, peer->pending.deadline);
	if (!peer->current.used)
		return;
	earlier(next, peer->heartbeat);
	earlier(next, peer->rekey);
	if (peer->staged)
		earlier(next, peer->flush);
	earlier(next, peer->silence > peer->last_rx + 30000 ? peer->silence :
							     peer->last_rx + 30000);
}

/* When something happens next. */
static uint64_t next_time(const struct world *world, uint64_t next)
{
	unsigned int i, j;

	for (i = 0; i < world->packet_count; i++)
		earlier(&next, world->packets[i].at);
	for (i = 0; i < world->host_count; i++) {
		const struct host *host = &world->hosts[i];

		earlier(&next, host->tick);
		if (host->send_every)
			earlier(&next, host->send_at);
		if (host->event_count)
			earlier(&next, host->events[0].at);
		for (j = 0; j < WORLD_HOSTS; j++)
			if (host->peers[j].used)
				peer_next(&host->peers[j], &next);
	}
	return next > world->now ? next : world->now + 1;
}

static void run_events(struct host *host)
{
	unsigned int i;

	/* What is told meanwhile comes in turn. */
	for (i = 0; i < host->event_count && host->events[i].at <= host->world->now &&
		    !is_dead(host); i++) {
		struct kevent e = host->events[i];

		engine_clock(host->engine, host->world->now);
		tell(host, &e);
		host->tick = 0;
	}
	host->event_count -= i;
	memmove(host->events, host->events + i, host->event_count * sizeof(host->events[0]));
}

static void run_host(struct host *host)
{
	struct world *world = host->world;
	unsigned int i;

	for (i = 0; i < WORLD_HOSTS; i++)
		if (host->peers[i].used)
			peer_timers(host, &host->peers[i]);
	if (host->send_every && world->now >= host->send_at) {
		host->send_at = world->now + host->send_every;
		for (i = 0; i < WORLD_HOSTS; i++)
			if (host->peers[i].used)
				send_data(host, &host->peers[i]);
	}
	if (nobody_there(host))
		return;
	run_events(host);
	if (host->tick <= world->now && !is_dead(host)) {
		engine_clock(host->engine, world->now);
		host->tick = engine_tick(host->engine);
	}
	nobody_there(host);
}

void world_until(struct world *world, uint64_t at)
{
	unsigned int i;

	while (world->now < at) {
		world->now = next_time(world, at);
		deliver(world);
		for (i = 0; i < world->host_count; i++)
			run_host(&world->hosts[i]);
	}
}

static void make_host(struct world *world, unsigned int number)
{
	struct host *host = &world->hosts[number];

	host->world = world;
	host->number = number;
	host->address.address.family = AF_INET;
	host->address.address.v4.s_addr = htonl(0xc0000201u + number);
	host->address.port = 2121;
	host->identity = secret_alloc(sizeof(*host->identity));
	memset(host->identity->secret, (int)(number * 3 + 1), sizeof(host->identity->secret));
	if (public_from_secret(host->identity->public, host->identity->secret))
		abort();
	memset(host->epoch, (int)(0x10 * number + 1), sizeof(host->epoch));
	host->next_index = 0x1000 * (number + 1);
	start_agent(host);
}

struct world *world_new(unsigned int hosts, uint64_t seed)
{
	struct world *world = xcalloc(1, sizeof(*world));
	unsigned int i;

	world->seed = seed * 0x9e3779b97f4a7c15u + 1;
	world->host_count = hosts;
	world->delay_min = 10;
	world->delay_max = 10;
	world->event_delay = 0;
	world->rekey_after = 140000;
	world->rekey_spread = 15000;
	for (i = 0; i < hosts; i++)
		make_host(world, i);
	return world;
}

void world_free(struct world *world)
{
	unsigned int i;

	for (i = 0; i < world->host_count; i++) {
		engine_free(world->hosts[i].engine);
		secret_free(world->hosts[i].identity);
	}
	free(world);
}

struct kpeer *world_find(struct world *world, unsigned int a, unsigned int b)
{
	return peer_of(&world->hosts[a], world->hosts[b].identity->public + 1);
}

struct kpeer *world_peer(struct world *world, unsigned int a, unsigned int b, bool auto_connect)
{
	struct host *host = &world->hosts[a];
	struct kpeer *peer = &host->peers[b];

	*peer = (struct kpeer){ .used = true, .auto_connect = auto_connect,
				.endpoint = world->hosts[b].address };
	memcpy(peer->key, world->hosts[b].identity->public + 1, 32);
	engine_clock(host->engine, world->now);
	tell_peer(host, peer);
	host->tick = 0;
	return peer;
}

void world_rekey(struct world *world, unsigned int a, unsigned int b)
{
	need(&world->hosts[a], world_find(world, a, b), FMP_REKEY_REASON_MANUAL);
}

bool world_agree(struct world *world, unsigned int a, unsigned int b)
{
	const struct kpeer *one = world_find(world, a, b), *other = world_find(world, b, a);

	return one && other && one->current.used && other->current.used &&
	       one->current.local == other->current.remote &&
	       one->current.remote == other->current.local &&
	       memcmp(one->current.keys.send, other->current.keys.receive, 32) == 0 &&
	       memcmp(one->current.keys.receive, other->current.keys.send, 32) == 0;
}

uint64_t world_lost(const struct world *world)
{
	uint64_t lost = 0;
	unsigned int i;

	for (i = 0; i < world->host_count; i++)
		lost += world->hosts[i].lost_unknown + world->hosts[i].lost_reserved +
			world->hosts[i].lost_key;
	return lost;
}
