// SPDX-License-Identifier: GPL-2.0
#include "names.h"

#include "util.h"

const char *slot_name(uint8_t slot)
{
	static const char *const names[] = {
		[FMP_SLOT_CURRENT] = "current",
		[FMP_SLOT_PENDING] = "pending",
		[FMP_SLOT_PREVIOUS] = "previous",
	};

	return slot < ARRAY_SIZE(names) ? names[slot] : "unknown";
}

static const char *rekey_reason_name(uint8_t reason)
{
	static const char *const names[] = {
		[FMP_REKEY_REASON_MANUAL] = "manual",
		[FMP_REKEY_REASON_NO_SESSION] = "no-session",
		[FMP_REKEY_REASON_FAILURES] = "failures",
		[FMP_REKEY_REASON_AGE] = "age",
		[FMP_REKEY_REASON_COUNTER] = "counter",
		[FMP_REKEY_REASON_SILENCE] = "silence",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

static const char *down_reason_name(uint8_t reason)
{
	static const char *const names[] = {
		[FMP_DOWN_REASON_DISCONNECT] = "disconnect",
		[FMP_DOWN_REASON_FAILURES] = "failures",
		[FMP_DOWN_REASON_TIMEOUT] = "timeout",
		[FMP_DOWN_REASON_REMOVED] = "removed",
		[FMP_DOWN_REASON_WIPED] = "wiped",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

const char *handshake_event_name(uint8_t event)
{
	static const char *const names[] = {
		[FMP_HANDSHAKE_EVENT_STARTED] = "started",
		[FMP_HANDSHAKE_EVENT_ANSWERED] = "answered",
		[FMP_HANDSHAKE_EVENT_COMPLETED] = "completed",
		[FMP_HANDSHAKE_EVENT_FAILED] = "failed",
	};

	return event < ARRAY_SIZE(names) ? names[event] : "unknown";
}

const char *handshake_cause_name(uint8_t cause)
{
	static const char *const names[] = {
		[FMP_HANDSHAKE_CAUSE_TIMEOUT] = "timeout",
		[FMP_HANDSHAKE_CAUSE_REFUSED] = "refused",
		[FMP_HANDSHAKE_CAUSE_CRYPTO] = "crypto",
		[FMP_HANDSHAKE_CAUSE_IDENTITY] = "identity",
		[FMP_HANDSHAKE_CAUSE_KERNEL] = "kernel",
	};

	return cause < ARRAY_SIZE(names) ? names[cause] : "unknown";
}

const char *peer_reason_name(const struct peer *peer)
{
	if (HAS(peer, FMP_A_PEER_REKEY_REASON))
		return rekey_reason_name(peer->rekey_reason);
	if (HAS(peer, FMP_A_PEER_DOWN_REASON))
		return down_reason_name(peer->down_reason);
	return "none";
}

const char *peer_state_name(uint8_t state)
{
	static const char *const names[] = {
		[FMP_PEER_STATE_NEW] = "new",
		[FMP_PEER_STATE_UP] = "up",
		[FMP_PEER_STATE_DOWN] = "down",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

const char *mmp_mode_name(uint8_t mode)
{
	static const char *const names[] = {
		[FMP_MMP_MODE_FULL] = "full",
		[FMP_MMP_MODE_LIGHTWEIGHT] = "lightweight",
		[FMP_MMP_MODE_MINIMAL] = "minimal",
		[FMP_MMP_MODE_DEVICE] = "device",
	};

	return mode < ARRAY_SIZE(names) ? names[mode] : "unknown";
}
