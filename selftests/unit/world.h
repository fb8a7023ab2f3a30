/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_WORLD_H
#define FMP_WORLD_H

#include "engine.h"
#include "hsframe.h"

/*
 * Hosts with an engine each, on a kernel that has the slots, timers and events of the real
 * one, over a network that loses, repeats, delays and reorders.  Everything follows from a
 * seed.  Time is in milliseconds since the world was made.
 */

#define WORLD_HOSTS 4
#define WORLD_PACKETS 4096
#define WORLD_TAPE 256
#define WORLD_EVENTS 1024

struct ksession {
	bool used;
	uint32_t local, remote;
	struct noise_keys keys;
	bool initiator, candidate, received;
	uint8_t epoch[8];
	uint64_t since, deadline;
};

struct kpeer {
	bool used, dynamic, auto_connect;
	uint8_t key[32];
	struct endpoint endpoint;
	struct ksession current, pending, previous;
	uint32_t reserved[4];
	unsigned int reserved_count;
	uint64_t last_rx, heartbeat, rekey, wanted, silence;
	uint32_t wanted_delay;
	unsigned int staged;
	uint64_t flush;
};

enum kevent_kind { EVENT_NEW, EVENT_CUTOVER, EVENT_GONE, EVENT_NEEDED, EVENT_FRAME, EVENT_MOVED,
		   EVENT_WIPED };

struct kevent {
	enum kevent_kind kind;
	uint64_t at;
	uint8_t key[32];
	struct ksession session;
	enum fmp_slot slot;
	enum fmp_rekey_reason reason;
	uint8_t frame[MSG1_FRAME_LEN];
	size_t len;
	struct path path;
	struct endpoint endpoint;
};

struct host {
	struct world *world;
	unsigned int number;
	struct endpoint address;
	struct noise_identity *identity;
	uint8_t epoch[8];
	struct engine *engine;
	uint64_t tick;
	/* The agent is killed instead of doing its step of that number, one for each thing
	 * that it does to the world, and is started again so much later. */
	unsigned int steps, die_at;
	uint64_t down_for, back_at;
	/* The kernel refuses sessions before. */
	uint64_t awake_at;
	struct kpeer peers[WORLD_HOSTS];
	struct kevent events[WORLD_EVENTS];
	unsigned int event_count;
	uint32_t next_index;
	uint64_t send_every, send_at;	/* traffic to all peers */

	/* Of data: sent, arrived, and arrived in vain. */
	uint64_t sent, arrived, lost_unknown, lost_reserved, lost_key, dropped;
	uint64_t cutovers, completed, answered, failed, notes[16];
};

struct packet {
	uint64_t at;
	struct endpoint from, to;
	size_t len;			/* of a handshake message, 0 for data */
	uint8_t frame[MSG1_FRAME_LEN];
	uint32_t index;
	uint8_t key[32];
	bool heartbeat;
};

struct world {
	uint64_t now;
	uint64_t seed;
	struct host hosts[WORLD_HOSTS];
	unsigned int host_count;
	struct packet packets[WORLD_PACKETS];	/* under way, in no order */
	unsigned int packet_count;

	unsigned int loss, repeat;	/* per mille */
	unsigned int delay_min, delay_max;
	unsigned int event_delay;
	uint64_t rekey_after, rekey_spread;
	bool handshakes_only;		/* are lost */
	bool (*drop)(struct world *world, const struct packet *packet);

	/* First messages that were seen on the wire. */
	struct packet tape[WORLD_TAPE];
	unsigned int tape_count;
};

struct world *world_new(unsigned int hosts, uint64_t seed);
void world_free(struct world *world);

uint32_t world_random(struct world *world, uint32_t limit);

/* a has b as its peer. */
struct kpeer *world_peer(struct world *world, unsigned int a, unsigned int b, bool auto_connect);
struct kpeer *world_find(struct world *world, unsigned int a, unsigned int b);
void world_until(struct world *world, uint64_t at);

/* The kernel asks for a new session. */
void world_rekey(struct world *world, unsigned int a, unsigned int b);

/* The agent is killed and started again; or the host is, and its kernel forgets. */
void world_kill_agent(struct world *world, unsigned int host);
/* The same between two steps: it does step more of them from now on. */
void world_kill_at(struct world *world, unsigned int host, unsigned int step, uint64_t down_for);
void world_reboot(struct world *world, unsigned int host);
/* The kernel wipes its sessions, and takes none for so long. */
void world_wipe(struct world *world, unsigned int host, uint64_t refuses_for);
void world_lose_events(struct world *world, unsigned int host);

/* Puts a frame onto the wire, as if it came from there. */
void world_inject(struct world *world, const struct packet *packet, struct endpoint from);

/* Whether each of them sends what the other receives. */
bool world_agree(struct world *world, unsigned int a, unsigned int b);
/* Data that arrived in vain, anywhere. */
uint64_t world_lost(const struct world *world);

#endif /* FMP_WORLD_H */
