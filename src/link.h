/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Codecs of the link messages that the kernel reads or writes (spec 2.5).
 *
 * A decoder gets the message with its type byte and its length. It demands
 * the minimum of its type, tolerates trailing bytes, and does not look at
 * reserved ones.
 */
#ifndef FMP_LINK_H
#define FMP_LINK_H

#include <linux/types.h>

#define FMP_DATAGRAM_LEN		36U	/* without payload */
#define FMP_SENDER_REPORT_LEN		48U
#define FMP_RECEIVER_REPORT_LEN		68U
#define FMP_DISCONNECT_LEN		2U
#define FMP_NODE_ADDR_LEN		16U

/* Reasons of a Disconnect. */
enum fmp_disconnect {
	FMP_DISCONNECT_SHUTDOWN			= 0x00,
	FMP_DISCONNECT_RESTART			= 0x01,
	FMP_DISCONNECT_PROTOCOL_ERROR		= 0x02,
	FMP_DISCONNECT_TRANSPORT_FAILURE	= 0x03,
	FMP_DISCONNECT_RESOURCE_EXHAUSTION	= 0x04,
	FMP_DISCONNECT_SECURITY_VIOLATION	= 0x05,
	FMP_DISCONNECT_CONFIGURATION_CHANGE	= 0x06,
	FMP_DISCONNECT_TIMEOUT			= 0x07,
	FMP_DISCONNECT_OTHER			= 0xff,
};

/**
 * struct fmp_datagram - head of a SessionDatagram (0x00)
 * @ttl: hops left
 * @path_mtu: smallest link MTU so far
 * @src: NodeAddr of the originator
 * @dst: NodeAddr of the destination
 */
struct fmp_datagram {
	u8 ttl;
	u16 path_mtu;
	u8 src[FMP_NODE_ADDR_LEN];
	u8 dst[FMP_NODE_ADDR_LEN];
};

/**
 * struct fmp_sender_report - SenderReport (0x01)
 * @start_counter: first counter of the interval
 * @end_counter: last counter of the interval
 * @start_timestamp: inner timestamp of the first frame, milliseconds
 * @end_timestamp: inner timestamp of the last frame, milliseconds
 * @interval_bytes: bytes sent in the interval
 * @cumulative_packets: frames sent since the peer came up
 * @cumulative_bytes: bytes sent since the peer came up
 */
struct fmp_sender_report {
	u64 start_counter;
	u64 end_counter;
	u32 start_timestamp;
	u32 end_timestamp;
	u32 interval_bytes;
	u64 cumulative_packets;
	u64 cumulative_bytes;
};

/**
 * struct fmp_receiver_report - ReceiverReport (0x02)
 * @highest_counter: highest counter received in the session
 * @cumulative_packets: frames received since the peer came up
 * @cumulative_bytes: bytes received since the peer came up
 * @timestamp_echo: last inner timestamp received, 0 for none
 * @dwell_time: milliseconds that the echo was held back
 * @max_burst_loss: longest run of lost frames in the interval
 * @mean_burst_loss: mean run of lost frames, unsigned 8.8 fixed point
 * @jitter: smoothed jitter, microseconds
 * @ecn_ce_count: frames received with the CE flag
 * @owd_trend: trend of the one-way delay, microseconds in a thousand frames
 * @burst_loss_count: runs of lost frames in the interval
 * @cumulative_reorder_count: frames received out of order
 * @interval_packets: frames received in the interval
 * @interval_bytes: bytes received in the interval
 */
struct fmp_receiver_report {
	u64 highest_counter;
	u64 cumulative_packets;
	u64 cumulative_bytes;
	u32 timestamp_echo;
	u16 dwell_time;
	u16 max_burst_loss;
	u16 mean_burst_loss;
	u32 jitter;
	u32 ecn_ce_count;
	s32 owd_trend;
	u32 burst_loss_count;
	u32 cumulative_reorder_count;
	u32 interval_packets;
	u32 interval_bytes;
};

bool fmp_link_type_known(u8 type);
int fmp_link_read_datagram(struct fmp_datagram *dg, const u8 *msg, size_t len);
void fmp_link_write_datagram(u8 *msg, const struct fmp_datagram *dg);
int fmp_link_read_sender_report(struct fmp_sender_report *sr, const u8 *msg,
				size_t len);
void fmp_link_write_sender_report(u8 *msg, const struct fmp_sender_report *sr);
int fmp_link_read_receiver_report(struct fmp_receiver_report *rr,
				  const u8 *msg, size_t len);
void fmp_link_write_receiver_report(u8 *msg,
				    const struct fmp_receiver_report *rr);
int fmp_link_read_disconnect(enum fmp_disconnect *reason, const u8 *msg,
			     size_t len);
void fmp_link_write_disconnect(u8 *msg, enum fmp_disconnect reason);

#endif /* FMP_LINK_H */
