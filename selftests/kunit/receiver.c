// SPDX-License-Identifier: GPL-2.0
/*
 * A receiver of established frames, in the module's order of checks.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "../../src/wire.h"
#include "receiver.h"

static const char * const fmp_rx_names[] = {
	[FMP_RX_ACCEPT]		 = "accept",
	[FMP_RX_SHORT_PREFIX]	 = "drop:short_prefix",
	[FMP_RX_VERSION]	 = "drop:version",
	[FMP_RX_PAYLOAD_LEN]	 = "drop:payload_len_mismatch",
	[FMP_RX_UNKNOWN_PHASE]	 = "drop:unknown_phase",
	[FMP_RX_BAD_ESTABLISHED] = "drop:bad_established_header",
	[FMP_RX_BAD_MSG1]	 = "drop:bad_msg1_header",
	[FMP_RX_BAD_MSG2]	 = "drop:bad_msg2_header",
	[FMP_RX_MSG1]		 = "phase:msg1",
	[FMP_RX_MSG2]		 = "phase:msg2",
	[FMP_RX_UNKNOWN_INDEX]	 = "drop:unknown_index",
	[FMP_RX_REPLAY]		 = "drop:replay",
	[FMP_RX_DECRYPT_FAIL]	 = "drop:decrypt_fail",
	[FMP_RX_SHORT_INNER]	 = "drop:short_inner",
};

static const enum fmp_rx_verdict fmp_rx_of_wire[] = {
	[FMP_OK_MSG1]		= FMP_RX_MSG1,
	[FMP_OK_MSG2]		= FMP_RX_MSG2,
	[FMP_BAD_SHORT]		= FMP_RX_SHORT_PREFIX,
	[FMP_BAD_VERSION]	= FMP_RX_VERSION,
	[FMP_BAD_LENGTH]	= FMP_RX_PAYLOAD_LEN,
	[FMP_BAD_PHASE]		= FMP_RX_UNKNOWN_PHASE,
	[FMP_BAD_ESTABLISHED]	= FMP_RX_BAD_ESTABLISHED,
	[FMP_BAD_MSG1]		= FMP_RX_BAD_MSG1,
	[FMP_BAD_MSG2]		= FMP_RX_BAD_MSG2,
};

/**
 * fmp_rx_name() - name of a verdict in the vectors
 * @verdict: the verdict
 *
 * Return: The name.
 */
const char *fmp_rx_name(enum fmp_rx_verdict verdict)
{
	return fmp_rx_names[verdict];
}

/**
 * fmp_rx_reset() - make a receiver that has seen nothing
 * @rx: the receiver; its window stays the module's or a model's
 * @key: receive key
 * @index: our index
 */
void fmp_rx_reset(struct fmp_rx *rx, const u8 *key, u32 index)
{
	bool rules;

	memcpy(rx->key.bytes, key, sizeof(rx->key.bytes));
	rx->index = index;
	rx->opened = 0;
	rx->never_sent = 0;
	memset(&rx->replay, 0, sizeof(rx->replay));
	if (rx->model) {
		rules = rx->model->rules;
		memset(rx->model, 0, sizeof(*rx->model));
		rx->model->rules = rules;
	}
}

static bool fmp_rx_check(const struct fmp_rx *rx, u64 counter)
{
	return rx->model ? fmp_model_check(rx->model, counter) :
			   fmp_replay_check(&rx->replay, counter);
}

static bool fmp_rx_commit(struct fmp_rx *rx, u64 counter)
{
	return rx->model ? fmp_model_commit(rx->model, counter) :
			   fmp_replay_commit(&rx->replay, counter);
}

/**
 * fmp_rx_frame() - receive a datagram
 * @rx: the receiver
 * @frame: the datagram, decrypted in place
 * @len: its length
 *
 * Return: The verdict.
 */
enum fmp_rx_verdict fmp_rx_frame(struct fmp_rx *rx, u8 *frame, size_t len)
{
	enum fmp_verdict prefix = fmp_wire_check(frame, len);
	size_t inner_len;
	struct fmp_hdr hdr;
	u64 counter;

	if (prefix != FMP_OK_ESTABLISHED)
		return fmp_rx_of_wire[prefix];

	memcpy(&hdr, frame, sizeof(hdr));
	if (le32_to_cpu(hdr.receiver_idx) != rx->index)
		return FMP_RX_UNKNOWN_INDEX;

	counter = le64_to_cpu(hdr.counter);
	if (fmp_model_never_sent(counter))
		rx->never_sent++;
	if (!fmp_rx_check(rx, counter))
		return FMP_RX_REPLAY;

	inner_len = len - FMP_FRAME_MIN;
	rx->opened++;
	if (!fmp_open(frame, inner_len, counter, &rx->key))
		return FMP_RX_DECRYPT_FAIL;
	if (!fmp_rx_commit(rx, counter))
		return FMP_RX_REPLAY;
	return inner_len < FMP_INNER_MIN ? FMP_RX_SHORT_INNER : FMP_RX_ACCEPT;
}
