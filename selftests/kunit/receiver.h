/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A receiver of established frames, in the module's order of checks.
 */
#ifndef FMP_RECEIVER_H
#define FMP_RECEIVER_H

#include <linux/types.h>

#include "../../src/crypto.h"
#include "../../src/replay.h"
#include "model.h"

enum fmp_rx_verdict {
	FMP_RX_ACCEPT,
	FMP_RX_SHORT_PREFIX,
	FMP_RX_VERSION,
	FMP_RX_PAYLOAD_LEN,
	FMP_RX_UNKNOWN_PHASE,
	FMP_RX_BAD_ESTABLISHED,
	FMP_RX_BAD_MSG1,
	FMP_RX_BAD_MSG2,
	FMP_RX_MSG1,
	FMP_RX_MSG2,
	FMP_RX_UNKNOWN_INDEX,
	FMP_RX_REPLAY,
	FMP_RX_DECRYPT_FAIL,
	FMP_RX_SHORT_INNER,
};

/**
 * struct fmp_rx - one receive key and its window
 * @key: receive key
 * @index: our index
 * @model: window to use instead of @replay, or NULL
 * @replay: the module's window
 * @opened: how many frames came as far as the cipher
 * @never_sent: how many frames of our index had the counter 2^64-1
 */
struct fmp_rx {
	struct fmp_key key;
	u32 index;
	struct fmp_model *model;
	struct fmp_replay replay;
	unsigned int opened;
	unsigned int never_sent;
};

const char *fmp_rx_name(enum fmp_rx_verdict verdict);
void fmp_rx_reset(struct fmp_rx *rx, const u8 *key, u32 index);
enum fmp_rx_verdict fmp_rx_frame(struct fmp_rx *rx, u8 *frame, size_t len);

#endif /* FMP_RECEIVER_H */
