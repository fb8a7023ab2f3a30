/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_ENGINE_H
#define FMP_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "noise.h"
#include "object.h"

/*
 * The agent without its senses: what it does about handshakes, as a function of what it is
 * told and of the time it is given.  It does nothing but by the operations of its world.
 * docs/agent.md has the reasons.
 */

/* Milliseconds. */
#define ENGINE_NEVER		UINT64_MAX
#define ENGINE_RESEND_MS	1000	/* doubled each time */
#define ENGINE_LAST_MS		5000	/* for an answer to the last copy of a rekey's */
#define ENGINE_TIMEOUT_MS	30000	/* of a first contact, strictly more */
#define ENGINE_REKEY_LIMIT_MS	60000	/* of a rekey whose messages cannot be sent */
#define ENGINE_RETRY_MS		5000	/* doubled each time */
#define ENGINE_RETRY_MAX_MS	300000
#define ENGINE_WINDOW_MS	1000	/* in which there are no more than so many dials */
#define ENGINE_STABLE_MS	30000	/* after which a link has proven to be one */
#define ENGINE_SETTLE_MS	5000	/* for the proof of a session that pends */
#define ENGINE_ANSWERED_MS	10000	/* and more, if what comes is its own msg1 again */
#define ENGINE_CROSSING_MS	1000	/* for one that is current at once, and for our dial */
#define ENGINE_RESCUE_MS	30000	/* between handshakes on account of what is not proven */
#define ENGINE_DOUBT_MS		5000	/* a session without proof for so long is doubted */
#define ENGINE_UNPROVEN_MS	35000	/* and removed after so long */
#define ENGINE_REKEY_AGE_MS	30000	/* a younger session is not rekeyed by a plain msg1 */
#define ENGINE_DYNAMIC_MS	600000	/* a dynamic peer lives without a session */
#define ENGINE_WIPED_MS		1000	/* for a machine that is about to sleep */
#define ENGINE_RESOLVE_MS	15000	/* for an answer of the resolver */
#define ENGINE_TTL_MIN_MS	5000
#define ENGINE_TTL_MAX_MS	3600000
#define ENGINE_UNRESOLVED_MS	30000	/* old addresses serve when there is no answer */

enum {
	ENGINE_RESENDS = 5,
	ENGINE_DIALS = 16,
	ENGINE_DYNAMIC = 128,
	ENGINE_ADDRESSES = 8,
};

struct engine_session {
	const uint8_t *key;
	bool choose_index;
	uint32_t local;		/* reserved before, unless the kernel shall choose */
	uint32_t remote;
	const struct noise_keys *keys;
	bool initiator;
	bool candidate;
	const uint8_t *epoch;	/* of the peer */
};

/* What is worth a line in a log. */
enum engine_note {
	NOTE_STARTED,		/* we dial or rekey */
	NOTE_COMPLETED,
	NOTE_ANSWERED,
	NOTE_TIMEOUT,
	NOTE_RESTARTED,		/* the peer has another epoch */
	NOTE_REFUSED,		/* the rules do not admit it */
	NOTE_FULL,		/* no room for one more dynamic peer */
	NOTE_FORGED,		/* an answer that is none; once a handshake */
	NOTE_KERNEL,		/* the kernel did not do as it was asked */
	NOTE_UNREACHABLE,	/* nothing can be sent there */
	NOTE_UNRESOLVED,	/* its name has no address */
	NOTE_UNPROVEN,		/* a session that nobody used is removed: msg1 was a replay */
	NOTE_EXPIRED,		/* a dynamic peer goes */
};

/*
 * What the engine does to the world.  Those with a value return 0 or a negative error
 * number unless it says otherwise.
 */
struct engine_ops {
	int (*reserve)(void *world, const uint8_t *key, uint32_t *local);
	int (*release)(void *world, uint32_t local);
	int (*send)(void *world, const uint8_t *frame, size_t len, const struct path *path);
	int (*install)(void *world, const struct engine_session *session, uint32_t *local);
	int (*remove)(void *world, uint32_t local);
	int (*report)(void *world, const uint8_t *key, enum fmp_handshake_event event,
		      enum fmp_handshake_cause cause);
	int (*add_peer)(void *world, const uint8_t *key, const struct path *path);
	int (*remove_peer)(void *world, const uint8_t *key);
	int (*set_endpoint)(void *world, const uint8_t *key, const struct path *path);
	/* Answered by engine_resolved(), later. */
	void (*resolve)(void *world, const uint8_t *key, const char *name);
	/* Whether the rules admit it; configured: it is a peer already. */
	bool (*admit)(void *world, const uint8_t *key, bool configured);
	/* 1 when a frame has come under the session, 0 when none has. */
	int (*proven)(void *world, uint32_t local);
	/* err is a negative error number, or 0. */
	void (*note)(void *world, const uint8_t *key, enum engine_note note, int err);
	/* Below limit, which is not 0. */
	uint32_t (*random)(void *world, uint32_t limit);
};

struct engine_config {
	const struct engine_ops *ops;
	void *world;
	const struct noise_identity *identity;	/* stays */
	uint8_t epoch[NOISE_EPOCH_LEN];		/* ours */
};

struct engine_peer_info {
	const uint8_t *key;
	bool has_endpoint;
	struct endpoint endpoint;
	const char *name;	/* host:port, NULL for none */
	bool auto_connect;
	bool dynamic;
	const uint8_t *epoch;	/* NULL when it is not known */
};

struct engine_session_info {
	const uint8_t *key;
	uint32_t local;
	uint32_t remote;
	enum fmp_slot slot;
	bool initiator;
	bool proven;		/* a frame came under it */
	const uint8_t *epoch;	/* NULL when it is not known */
	uint64_t age_ms;
};

/* What came of frames, for tests and for who asks. */
struct engine_stats {
	uint64_t malformed;	/* no handshake message at all */
	uint64_t undecipherable; /* msg1 that is not for us, or damaged */
	uint64_t forged;	/* msg2 that is none */
	uint64_t unknown;	/* msg2 for no handshake of ours */
	uint64_t repeated;	/* msg1 answered before, and again */
	uint64_t stale;		/* msg1 answered before, of which nothing is left */
	uint64_t refused;
	uint64_t deferred;	/* msg1 that has to wait for our own handshake */
	uint64_t kept;		/* msg1 that must not displace what pends */
	uint64_t answered;
	uint64_t held;		/* msg2 that has to wait for a session of theirs */
	uint64_t yielded;	/* handshakes of ours that theirs made needless */
};

struct engine;

struct engine *engine_new(const struct engine_config *config);
void engine_free(struct engine *engine);

/* Whether anything can be sent at all; at first it can. */
void engine_set_running(struct engine *engine, bool running);

/* Another identity: handshakes under way are given up, sessions stay. */
void engine_set_identity(struct engine *engine, const struct noise_identity *identity);

/* The time; it is given before anything else is told, and never goes back. */
void engine_clock(struct engine *engine, uint64_t now_ms);

/* Does what is due; returns when to call again, ENGINE_NEVER for no need to. */
uint64_t engine_tick(struct engine *engine);

/* A peer as the kernel has it: there is one, it changed, it is still there. */
void engine_peer_seen(struct engine *engine, const struct engine_peer_info *info);
void engine_peer_gone(struct engine *engine, const uint8_t *key);

/* Its keys are not to outlive a moment in which memory can be read, or is copied. */
void engine_peer_wiped(struct engine *engine, const uint8_t *key);

void engine_session_seen(struct engine *engine, const struct engine_session_info *info);
void engine_session_cutover(struct engine *engine, const struct engine_session_info *info);
void engine_session_gone(struct engine *engine, const uint8_t *key, uint32_t local);

void engine_rekey_needed(struct engine *engine, const uint8_t *key, enum fmp_rekey_reason reason);

/* known: it came from the endpoint of a peer. */
void engine_frame(struct engine *engine, const uint8_t *frame, size_t len,
		  const struct path *path, bool known);

/* No addresses: the name could not be resolved.  name is what was asked for. */
void engine_resolved(struct engine *engine, const uint8_t *key, const char *name,
		     const struct endpoint *addresses, size_t count, uint64_t ttl_ms);

/* All names are to be resolved anew before they are dialled. */
void engine_forget_addresses(struct engine *engine);

/* What is not seen in between is gone. */
void engine_resync_begin(struct engine *engine);
void engine_resync_end(struct engine *engine);

const struct engine_stats *engine_stats(const struct engine *engine);
size_t engine_peer_count(const struct engine *engine);

/* Milliseconds to wait before the dial after so many failures. */
uint32_t engine_backoff(unsigned int count);

#endif /* FMP_ENGINE_H */
