/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Liveness: heartbeats to a peer, and its silence (spec 10).
 */
#ifndef FMP_LIVENESS_H
#define FMP_LIVENESS_H

#include <linux/types.h>

struct fmp_peer;
struct fmp_session;

u64 fmp_liveness_started(struct fmp_session *session);
u64 fmp_liveness_due(struct fmp_session *session, bool *send);
bool fmp_liveness_send(struct fmp_peer *peer);

#endif /* FMP_LIVENESS_H */
