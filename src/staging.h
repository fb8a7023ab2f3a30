/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Staging: packets that wait for a session.
 */
#ifndef FMP_STAGING_H
#define FMP_STAGING_H

#include <linux/compiler.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/types.h>

struct fmp_dev;
struct fmp_peer;

/**
 * struct fmp_staging - packets of a peer that wait
 * @queue: the packets, the oldest first; its lock protects the rest
 * @bytes: memory that they take
 * @active: newer packets have to queue up, too
 * @closed: none may be added any more
 * @timer: sends them or gives them up; runs only while @active
 */
struct fmp_staging {
	struct sk_buff_head queue;
	unsigned int bytes;
	bool active;
	bool closed;
	struct timer_list timer;
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
void fmp_staging_add(struct fmp_peer *peer, struct sk_buff *skb);
void fmp_staging_kick(struct fmp_peer *peer);
void fmp_staging_purge_all(struct fmp_dev *fmp);
void fmp_staging_close(struct fmp_peer *peer);

#endif /* FMP_STAGING_H */
