/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_ENGINE_INTERNAL_H
#define FMP_ENGINE_INTERNAL_H

#include "answered.h"
#include "engine.h"
#include "hsframe.h"
#include "table.h"

/* What the parts of the engine share; nobody else needs it. */

/* A session in a slot of the kernel. */
struct view {
	bool used;
	bool seen;		/* since the resync began */
	uint32_t local;
	uint32_t remote;	/* of one that we did not make, else 0 */
	bool initiator;
	bool proven;		/* fresh: we made it, or a frame came under it */
	bool known_epoch;
	uint8_t epoch[NOISE_EPOCH_LEN];
	uint64_t since;
};

/* Our handshake with a peer, msg1 sent and msg2 awaited. */
struct handshake_state {
	struct engine_peer *peer;
	struct noise *noise;
	uint32_t local;
	uint8_t frame[MSG1_FRAME_LEN];
	uint64_t started;
	uint64_t next;		/* when to send again, or to give up */
	uint64_t sent;
	uint64_t cross;		/* when it may be sent out of turn */
	unsigned int resends;
	struct path path;	/* where it went last */
	bool forged;
	bool held;		/* an answer waits for its time */
	uint64_t held_until;
	uint8_t answer[MSG2_FRAME_LEN];
	struct path answer_path;
};

struct engine_peer {
	size_t place;		/* in the list of all */
	uint64_t hash;
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	bool smaller;		/* our NodeAddr is, so that our handshakes win */
	bool seen;

	/* As configured, or as it was learned. */
	bool has_endpoint;
	struct endpoint endpoint;
	bool borrowed;		/* the endpoint is but where a msg1 came from */
	char *name;
	bool auto_connect;
	bool dynamic;
	bool known_epoch;
	uint8_t epoch[NOISE_EPOCH_LEN];

	struct view current;
	struct view pending;
	bool silent;		/* the current session hears nothing */
	uint64_t idle_since;	/* without a current session */
	uint64_t doubt;		/* when the current session has to have shown itself */
	uint64_t stable;	/* when the link has proven to be one */
	uint64_t stuck;		/* when a rekey of theirs has to have been proven */
	uint64_t rescue;	/* not before this, if it has not */

	struct handshake_state *hs;
	uint64_t dial;		/* when to */
	bool wanted;		/* somebody waits, but it cannot be dialled */
	bool postponed;		/* for what pends, once */
	int failures;		/* -1 when the last link was a good one */

	struct endpoint addresses[ENGINE_ADDRESSES];
	size_t address_count;
	size_t address_next;
	uint64_t address_end;	/* of their lifetime */
	bool resolving;
	uint64_t asked;

	struct answered answered;
};

struct engine {
	const struct engine_ops *ops;
	void *world;
	const struct noise_identity *identity;
	uint8_t epoch[NOISE_EPOCH_LEN];
	uint8_t node_addr[FMP_NODE_ADDR_SIZE];
	uint64_t now;
	bool stopped;
	struct noise_keys *keys;	/* for a moment, in locked memory */

	struct engine_peer **peers;
	size_t peer_count;
	size_t dynamic_count;
	struct table by_key;
	struct table by_index;		/* handshakes */
	struct table by_ephemeral;	/* answered first messages */

	uint64_t window;		/* when it began */
	unsigned int dials;		/* in it */
	struct engine_stats stats;
};

/* engine.c */
struct engine_peer *engine_find(const struct engine *engine, const uint8_t *key);
struct engine_peer *engine_add(struct engine *engine, const uint8_t *key);
void engine_drop(struct engine *engine, struct engine_peer *peer);
void engine_report(struct engine *engine, const struct engine_peer *peer,
		   enum fmp_handshake_event event, enum fmp_handshake_cause cause);
void engine_note(struct engine *engine, const uint8_t *key, enum engine_note note, int err);
/* The kernel has the keys of a session now, or nobody shall: see struct engine. */
void engine_wipe_keys(struct engine *engine);

/* engine-session.c: what we know of the kernel's slots */
void session_became_current(struct engine *engine, struct engine_peer *peer,
			    const struct view *view);
void session_became_pending(struct engine *engine, struct engine_peer *peer,
			    const struct view *view);
void session_lost(struct engine *engine, struct engine_peer *peer, uint32_t local);
void session_sweep(struct engine *engine, struct engine_peer *peer);
/* The pending session, or NULL when there is none or nobody told that it went. */
const struct view *session_pending(const struct engine *engine, const struct engine_peer *peer);
/* Whether the current session is shown to be fresh; asks the kernel while it is not. */
/* Whether what has that epoch is the node that we have a session with, as far as we know. */
bool session_goes_on(const struct engine_peer *peer, const uint8_t *epoch);
bool session_proven(struct engine *engine, struct engine_peer *peer);
/* The peer told its epoch in a message that is no replay. */
void session_learn_epoch(struct engine *engine, struct engine_peer *peer, const uint8_t *epoch);
void session_tick(struct engine *engine, struct engine_peer *peer);
uint64_t session_deadline(const struct engine_peer *peer);

/* engine-initiator.c */
void initiate(struct engine *engine, struct engine_peer *peer);
void initiator_tick(struct engine *engine, struct engine_peer *peer);
uint64_t initiator_deadline(const struct engine_peer *peer);
void initiator_msg2(struct engine *engine, const struct msg2 *msg, const uint8_t *frame,
		    const struct path *path);
/* The peer dials as well, from there: our message gets another chance to arrive. */
void initiator_crossed(struct engine *engine, struct engine_peer *peer, const struct path *path);
/* Its configured endpoint has changed. */
void initiator_moved(struct engine *engine, struct engine_peer *peer);
/* Another handshake has made it needless, or the peer goes. */
void initiator_drop(struct engine *engine, struct engine_peer *peer);

/* engine-responder.c */
void responder_msg1(struct engine *engine, const uint8_t *frame, const struct path *path);

/* engine-retry.c */
void retry_failed(struct engine *engine, struct engine_peer *peer);
void retry_down(struct engine *engine, struct engine_peer *peer);
void retry_tick(struct engine *engine, struct engine_peer *peer);
uint64_t retry_deadline(const struct engine *engine, const struct engine_peer *peer);

/* engine-address.c */
enum where {
	WHERE_THERE,		/* it is known */
	WHERE_WAIT,		/* it will be told */
	WHERE_NOWHERE,
};

/* Where to send a first message to. */
enum where address_pick(struct engine *engine, struct engine_peer *peer, struct path *path);
/* The same without asking, however old; false if none is known. */
bool address_latest(const struct engine_peer *peer, struct path *path);
/* Nothing came of the last one; true if there are more, false after all had their turn. */
bool address_advance(struct engine_peer *peer);
/* Ask for them before the next dial. */
void address_expire(struct engine *engine, struct engine_peer *peer);
/* The peer was met at this address. */
void address_learn(struct engine *engine, struct engine_peer *peer, const struct path *path);
bool endpoint_same(const struct endpoint *a, const struct endpoint *b);

#endif /* FMP_ENGINE_INTERNAL_H */
