// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery: when a peer needs a new session, and who is told (spec 5.7, 8.1).
 */
#include "notify.h"
#include "peer.h"
#include "recovery.h"

/**
 * fmp_recovery_ask() - ask for a new session
 * @peer: who needs it
 * @reason: why
 *
 * Context: RCU read section, bottom halves disabled.
 */
void fmp_recovery_ask(struct fmp_peer *peer, enum fmp_rekey_reason reason)
{
	const struct fmp_peer_event event = {
		.cmd	= FMP_CMD_REKEY_NEEDED_NTF,
		.attr	= FMP_A_PEER_REKEY_REASON,
		.reason	= reason,
		.code	= -1,
	};

	fmp_notify_peer_event(peer, &event);
}
