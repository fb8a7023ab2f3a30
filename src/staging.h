/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Staging: packets that wait for a session.
 */
#ifndef FMP_STAGING_H
#define FMP_STAGING_H

#include <linux/compiler.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct fmp_dev;
struct fmp_peer;
struct fmp_staging_queue;

/**
 * struct fmp_staging - packets of a peer that wait
 * @lock: protects all of it
 * @active: newer packets have to queue up, too
 * @closed: none may be added any more
 * @queue: where they wait, or NULL: most peers never need one. It stays until
 *         the peer is freed
 */
struct fmp_staging {
	spinlock_t lock; /* what follows */
	bool active;
	bool closed;
	struct fmp_staging_queue *queue;
};

/**
 * fmp_staging_active() - tell whether packets of a peer wait
 * @staging: of the peer
 *
 * Context: Any.
 * Return: true if a packet that was sent now would overtake them.
 */
static inline bool fmp_staging_active(const struct fmp_staging *staging)
{
	return READ_ONCE(staging->active);
}

void fmp_staging_init(struct fmp_staging *staging);
void fmp_staging_free(struct fmp_staging *staging);
void fmp_staging_add(struct fmp_peer *peer, struct sk_buff *skb);
void fmp_staging_kick(struct fmp_peer *peer);
void fmp_staging_purge_all(struct fmp_dev *fmp);
void fmp_staging_close(struct fmp_peer *peer);

#endif /* FMP_STAGING_H */
