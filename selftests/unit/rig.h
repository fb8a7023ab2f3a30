/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_RIG_H
#define FMP_RIG_H

#include "engine.h"
#include "hsframe.h"

/* One engine with a world that writes down what it does, and one peer, played by the test. */

#define RIG_SENT 512
#define RIG_INDEX 0x1000	/* the first index that is given out */

struct rig_sent {
	uint64_t at;
	uint8_t frame[MSG1_FRAME_LEN];
	size_t len;
	struct path path;
};

struct rig {
	struct engine *engine;
	struct noise_identity *self;
	struct noise_identity *other;
	const uint8_t *key;		/* of the peer */
	uint64_t now;

	/* What the world answers. */
	int reserve_err;
	int send_err;
	int install_err;
	int endpoint_err;
	int add_err;
	bool denied;
	bool strangers;			/* are admitted */
	int proven;
	uint32_t random;

	/* What was done. */
	struct rig_sent sent[RIG_SENT];
	size_t sent_count;
	uint32_t next_index;
	unsigned int reserved, released, installed, removed, asked_proven, resolved;
	unsigned int added_peers, removed_peers, endpoints;
	unsigned int events[4], causes[5], notes[16];
	uint32_t last_removed;
	struct endpoint last_endpoint;
	struct engine_session session;	/* the last one installed; keys below */
	struct noise_keys keys;
	const struct noise_keys *place;	/* where the engine had the last ones */
	uint8_t session_epoch[8];
	uint8_t added_key[32];
};

extern const uint8_t rig_epoch[8];	/* ours */
extern const uint8_t rig_epoch_a[8];	/* two of the peer */
extern const uint8_t rig_epoch_b[8];

/* smaller: our NodeAddr is. */
struct rig *rig_new(bool smaller);
void rig_free(struct rig *rig);

/* Lets time pass, exactly to the deadlines that the engine names. */
void rig_until(struct rig *rig, uint64_t at);

struct endpoint rig_v4(unsigned int last, uint16_t port);
struct endpoint rig_v6(unsigned int last, uint16_t port);
struct path rig_path(unsigned int last);

/* The peer at 192.0.2.2:2121. */
void rig_peer(struct rig *rig, bool auto_connect);
void rig_peer_named(struct rig *rig, const char *name, bool auto_connect);

void rig_session(struct rig *rig, uint32_t local, enum fmp_slot slot, bool initiator,
		 bool proven, const uint8_t *epoch, uint64_t age_ms);
/* A session of before, current and proven, a minute old. */
void rig_live(struct rig *rig, uint32_t local, const uint8_t *epoch);
void rig_cutover(struct rig *rig, uint32_t local, bool initiator, const uint8_t *epoch);

/* The peer's own first message, as it has not been seen before. */
void rig_msg1(struct rig *rig, uint8_t frame[MSG1_FRAME_LEN], uint32_t sender,
	      const uint8_t *epoch);
/* One of somebody else, made with a secret of 32 such bytes. */
void rig_msg1_of(struct rig *rig, uint8_t secret, uint8_t frame[MSG1_FRAME_LEN],
		 uint32_t sender, const uint8_t *epoch);
/* Its answer to the last msg1 sent, from 192.0.2.2; false if there was none. */
bool rig_msg2(struct rig *rig, uint8_t frame[MSG2_FRAME_LEN], const uint8_t *epoch);

void rig_take(struct rig *rig, const uint8_t *frame, size_t len, unsigned int from);

const struct rig_sent *rig_last(const struct rig *rig);
/* How many frames of that length were sent. */
size_t rig_count(const struct rig *rig, size_t len);

#endif /* FMP_RIG_H */
