/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_NAMES_H
#define FMP_NAMES_H

#include <stdint.h>

#include "object.h"

/* "current", or "unknown" for a slot that this program does not know. */
const char *slot_name(uint8_t slot);

/* Likewise, of an enum fmp_handshake_event and an enum fmp_handshake_cause. */
const char *handshake_event_name(uint8_t event);
const char *handshake_cause_name(uint8_t cause);

/* Likewise; "none" for a peer that has no such reason. */
const char *peer_reason_name(const struct peer *peer);

/* Likewise, of an enum fmp_peer_state and an enum fmp_mmp_mode. */
const char *peer_state_name(uint8_t state);
const char *mmp_mode_name(uint8_t mode);

#endif /* FMP_NAMES_H */
