/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recovery: when a peer needs a new session, and who is told (spec 5.7, 8.1).
 */
#ifndef FMP_RECOVERY_H
#define FMP_RECOVERY_H

#include <uapi/linux/fmp.h>

struct fmp_peer;

void fmp_recovery_ask(struct fmp_peer *peer, enum fmp_rekey_reason reason);

#endif /* FMP_RECOVERY_H */
