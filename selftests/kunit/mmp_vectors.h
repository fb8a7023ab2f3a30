/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What gen-vectors.py writes tables of the link metrics of; the fields are
 * those of the JSON files. Fractions are in Q32, but where it says Q16.
 */
#ifndef FMP_MMP_VECTORS_H
#define FMP_MMP_VECTORS_H

#include <linux/types.h>

#include "../../src/estimator.h"
#include "../../src/link.h"
#include "vectors.h"

struct fmp_jitter_step {
	s32 delta;
	u32 jitter;
};

struct fmp_jitter_vector {
	size_t entries;
	const struct fmp_jitter_step *steps;
};

struct fmp_srtt_step {
	s64 sample;
	s64 srtt;
	s64 rttvar;
	s64 rto;
};

struct fmp_srtt_vector {
	size_t entries;
	const struct fmp_srtt_step *steps;
};

/* The sample is in Q16; rounded: it was not one before. */
struct fmp_dual_ewma_step {
	u64 sample;
	bool rounded;
	u64 fast;
	u64 slow;
};

struct fmp_dual_ewma_vector {
	size_t entries;
	const struct fmp_dual_ewma_step *steps;
};

struct fmp_etx_vector {
	struct fmp_ratio forward;
	struct fmp_ratio reverse;
	u64 etx;
};

struct fmp_owd_step {
	u32 seq;
	s64 owd;
	s32 trend;
};

struct fmp_owd_vector {
	size_t capacity;
	size_t entries;
	const struct fmp_owd_step *steps;
};

enum fmp_receiver_op_kind {
	FMP_RECEIVER_RECV,
	FMP_RECEIVER_REPORT,
	FMP_RECEIVER_DUE,
	FMP_RECEIVER_RESET_FOR_REKEY,
	FMP_RECEIVER_UPDATE_INTERVAL,
};

struct fmp_receiver_op {
	enum fmp_receiver_op_kind kind;
	u64 now;
	u64 counter;
	u32 timestamp;
	u32 bytes;
	bool ce;
	u32 jitter;
	bool due;
	bool reported;
	struct fmp_receiver_report report;
	struct fmp_bytes wire;
	s64 srtt;
	u32 interval;
};

struct fmp_receiver_sequence {
	const char *name;
	size_t entries;
	const struct fmp_receiver_op *ops;
};

enum fmp_sender_op_kind {
	FMP_SENDER_SENT,
	FMP_SENDER_REPORT,
	FMP_SENDER_DUE,
	FMP_SENDER_SEND_FAILURE,
	FMP_SENDER_SEND_SUCCESS,
	FMP_SENDER_UPDATE_INTERVAL,
};

struct fmp_sender_op {
	enum fmp_sender_op_kind kind;
	u64 now;
	u64 counter;
	u32 timestamp;
	u32 bytes;
	bool due;
	bool reported;
	struct fmp_sender_report report;
	struct fmp_bytes wire;
	u32 failures;
	u32 factor;
	s64 srtt;
	u32 interval;
};

struct fmp_sender_sequence {
	const char *name;
	size_t entries;
	const struct fmp_sender_op *ops;
};

enum fmp_metrics_op_kind {
	FMP_METRICS_RECEIVER_REPORT,
	FMP_METRICS_REVERSE_DELIVERY,
	FMP_METRICS_RESET_FOR_REKEY,
};

enum fmp_outcome {
	FMP_OUTCOME_STALE,
	FMP_OUTCOME_NO_ECHO,
	FMP_OUTCOME_SAMPLE,
	FMP_OUTCOME_INVALID,
};

/* Goodput is in Q16. */
struct fmp_metrics_state {
	s64 srtt;
	s64 rttvar;
	bool known;
	u64 forward;
	u64 reverse;
	u64 loss;
	u64 etx;
	u64 goodput;
	u32 reports;
	u32 samples;
	u32 zero;
	u32 invalid;
	bool has_last_rtt_ms;
	u32 last_rtt_ms;
	bool has_smoothed_loss;
	u64 smoothed_loss;
	bool has_smoothed_etx;
	u64 smoothed_etx;
};

struct fmp_metrics_op {
	enum fmp_metrics_op_kind kind;
	struct fmp_bytes wire;
	u64 now;
	u32 timestamp;
	enum fmp_outcome outcome;
	bool first_srtt;
	u64 packets;
	u64 highest;
	struct fmp_metrics_state state;
};

struct fmp_metrics_sequence {
	const char *name;
	size_t entries;
	const struct fmp_metrics_op *ops;
};

struct fmp_spin_op {
	u64 counter;
	u64 now;
	bool rx;
	bool tx;
	s64 rtt;
};

struct fmp_spin_sequence {
	const char *name;
	size_t entries;
	bool initiator;
	bool tx;
	const struct fmp_spin_op *ops;
};

/* How far two numbers are from each other. */
static inline u64 fmp_apart(u64 a, u64 b)
{
	return a > b ? a - b : b - a;
}

#endif /* FMP_MMP_VECTORS_H */
