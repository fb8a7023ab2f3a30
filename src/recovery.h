/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recovery: when a peer needs a new session, and who is told (spec 5.7, 8.1).
 */
#ifndef FMP_RECOVERY_H
#define FMP_RECOVERY_H

#include <linux/compiler.h>
#include <uapi/linux/fmp.h>

#include "peer.h"

struct fmp_session;

void fmp_recovery_init(struct fmp_peer *peer);
void fmp_recovery_ask(struct fmp_peer *peer, enum fmp_rekey_reason reason);
void fmp_recovery_failed(struct fmp_session *session);
void fmp_recovery_reset(struct fmp_peer *peer);
u64 fmp_recovery_started(struct fmp_session *session);
u64 fmp_recovery_due(struct fmp_session *session);

/**
 * fmp_recovery_heard() - an authentic frame arrived
 * @peer: from it, whatever its session
 *
 * Context: RCU read section, bottom halves disabled.
 */
static inline void fmp_recovery_heard(struct fmp_peer *peer)
{
	if (unlikely(READ_ONCE(peer->failure.count)))
		fmp_recovery_reset(peer);
}

#endif /* FMP_RECOVERY_H */
