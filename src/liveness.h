/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Liveness: heartbeats to a peer, its silence, and whether it is up (spec 10).
 */
#ifndef FMP_LIVENESS_H
#define FMP_LIVENESS_H

#include <linux/types.h>
#include <uapi/linux/fmp.h>

struct fmp_peer;
struct fmp_session;

void fmp_liveness_up(struct fmp_session *session);
void fmp_liveness_lost(struct fmp_peer *peer);
void fmp_liveness_down(struct fmp_peer *peer, enum fmp_down_reason reason,
		       int code);
u64 fmp_liveness_started(struct fmp_session *session);
u64 fmp_liveness_due(struct fmp_session *session, bool *send);
bool fmp_liveness_send(struct fmp_peer *peer);

#endif /* FMP_LIVENESS_H */
