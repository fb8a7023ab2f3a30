/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What gen-vectors.py writes tables of; the fields are those of the JSON files.
 */
#ifndef FMP_VECTORS_H
#define FMP_VECTORS_H

#include <linux/types.h>

#include "../../src/link.h"
#include "receiver.h"

struct fmp_bytes {
	const u8 *data;
	size_t len;
};

struct fmp_frame_vector {
	const char *name;
	struct fmp_bytes key;
	u64 counter;
	u32 receiver_idx;
	u8 flags;
	bool k;
	bool ce;
	bool sp;
	struct fmp_bytes inner;
	struct fmp_bytes wire;
	enum fmp_rx_verdict verdict;
};

struct fmp_base_vector {
	struct fmp_bytes recv_key;
	struct fmp_bytes send_key;
	u32 our_index;
	u64 counter;
	u32 timestamp;
	struct fmp_bytes link_message;
	struct fmp_bytes wire;
};

struct fmp_fed_frame {
	struct fmp_bytes wire;
	enum fmp_rx_verdict verdict;
};

struct fmp_negative_vector {
	const char *name;
	size_t before_entries;
	const struct fmp_fed_frame *before;
	struct fmp_fed_frame fed;
	enum fmp_rx_verdict then_base;
};

struct fmp_replay_op {
	u64 counter;
	bool accepted;
};

struct fmp_replay_sequence {
	const char *name;
	u64 highest;
	size_t ops_entries;
	const struct fmp_replay_op *ops;
};

struct fmp_link_type_vector {
	const char *name;
	u8 assigned;
	u8 type;
};

struct fmp_datagram_vector {
	u8 ttl;
	u16 path_mtu;
	struct fmp_bytes src;
	struct fmp_bytes dst;
	struct fmp_bytes payload;
	struct fmp_bytes wire;
};

struct fmp_datagram_decode_vector {
	struct fmp_bytes after_type;
	bool ok;
};

struct fmp_disconnect_vector {
	enum fmp_disconnect reason;
	u8 byte;
	u8 decoded;
};

struct fmp_message_vector {
	const char *name;
	struct fmp_bytes wire;
};

struct fmp_sender_report_vector {
	struct fmp_sender_report fields;
	struct fmp_bytes wire;
};

struct fmp_receiver_report_vector {
	struct fmp_receiver_report fields;
	struct fmp_bytes wire;
};

struct fmp_report_decode_vector {
	const char *name;
	struct fmp_bytes wire;
	bool ok;
	struct fmp_sender_report sr;
	struct fmp_receiver_report rr;
};

#endif /* FMP_VECTORS_H */
