// SPDX-License-Identifier: GPL-2.0
/*
 * Codecs of the link messages that the kernel reads or writes (spec 2.5).
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "link.h"
#include "wire.h"

static bool fmp_link_is(const u8 *msg, size_t len, u8 type, size_t min_len)
{
	return len >= min_len && msg[0] == type;
}

/**
 * fmp_link_type_known() - tell whether the protocol assigns a type
 * @type: first byte of a link message
 *
 * FMP_LINK_IP is ours and not in the protocol's catalogue.
 *
 * Context: Any.
 * Return: true for the types of spec 2.5.
 */
bool fmp_link_type_known(u8 type)
{
	switch (type) {
	case FMP_LINK_DATAGRAM:
	case FMP_LINK_SENDER_REPORT:
	case FMP_LINK_RECEIVER_REPORT:
	case FMP_LINK_TREE_ANNOUNCE:
	case FMP_LINK_FILTER_ANNOUNCE:
	case FMP_LINK_LOOKUP_REQUEST:
	case FMP_LINK_LOOKUP_RESPONSE:
	case FMP_LINK_DISCONNECT:
	case FMP_LINK_HEARTBEAT:
		return true;
	default:
		return false;
	}
}

/**
 * fmp_link_read_datagram() - decode the head of a SessionDatagram
 * @dg: result, written on success only
 * @msg: link message with its type byte
 * @len: length of @msg; the payload is what follows FMP_DATAGRAM_LEN
 *
 * Context: Any.
 * Return: 0, or -EBADMSG if @msg is none.
 */
int fmp_link_read_datagram(struct fmp_datagram *dg, const u8 *msg, size_t len)
{
	if (!fmp_link_is(msg, len, FMP_LINK_DATAGRAM, FMP_DATAGRAM_LEN))
		return -EBADMSG;

	dg->ttl = msg[1];
	dg->path_mtu = get_unaligned_le16(msg + 2);
	memcpy(dg->src, msg + 4, sizeof(dg->src));
	memcpy(dg->dst, msg + 20, sizeof(dg->dst));
	return 0;
}

/**
 * fmp_link_write_datagram() - encode the head of a SessionDatagram
 * @msg: FMP_DATAGRAM_LEN bytes; the payload follows them
 * @dg: what to write
 *
 * Context: Any.
 */
void fmp_link_write_datagram(u8 *msg, const struct fmp_datagram *dg)
{
	msg[0] = FMP_LINK_DATAGRAM;
	msg[1] = dg->ttl;
	put_unaligned_le16(dg->path_mtu, msg + 2);
	memcpy(msg + 4, dg->src, sizeof(dg->src));
	memcpy(msg + 20, dg->dst, sizeof(dg->dst));
}

/**
 * fmp_link_read_sender_report() - decode a SenderReport
 * @sr: result, written on success only
 * @msg: link message with its type byte
 * @len: length of @msg
 *
 * Context: Any.
 * Return: 0, or -EBADMSG if @msg is none.
 */
int fmp_link_read_sender_report(struct fmp_sender_report *sr, const u8 *msg,
				size_t len)
{
	if (!fmp_link_is(msg, len, FMP_LINK_SENDER_REPORT,
			 FMP_SENDER_REPORT_LEN))
		return -EBADMSG;

	sr->start_counter = get_unaligned_le64(msg + 4);
	sr->end_counter = get_unaligned_le64(msg + 12);
	sr->start_timestamp = get_unaligned_le32(msg + 20);
	sr->end_timestamp = get_unaligned_le32(msg + 24);
	sr->interval_bytes = get_unaligned_le32(msg + 28);
	sr->cumulative_packets = get_unaligned_le64(msg + 32);
	sr->cumulative_bytes = get_unaligned_le64(msg + 40);
	return 0;
}

/**
 * fmp_link_write_sender_report() - encode a SenderReport
 * @msg: FMP_SENDER_REPORT_LEN bytes
 * @sr: what to write
 *
 * Context: Any.
 */
void fmp_link_write_sender_report(u8 *msg, const struct fmp_sender_report *sr)
{
	memset(msg, 0, FMP_SENDER_REPORT_LEN);
	msg[0] = FMP_LINK_SENDER_REPORT;
	put_unaligned_le64(sr->start_counter, msg + 4);
	put_unaligned_le64(sr->end_counter, msg + 12);
	put_unaligned_le32(sr->start_timestamp, msg + 20);
	put_unaligned_le32(sr->end_timestamp, msg + 24);
	put_unaligned_le32(sr->interval_bytes, msg + 28);
	put_unaligned_le64(sr->cumulative_packets, msg + 32);
	put_unaligned_le64(sr->cumulative_bytes, msg + 40);
}

/**
 * fmp_link_read_receiver_report() - decode a ReceiverReport
 * @rr: result, written on success only
 * @msg: link message with its type byte
 * @len: length of @msg
 *
 * Context: Any.
 * Return: 0, or -EBADMSG if @msg is none.
 */
int fmp_link_read_receiver_report(struct fmp_receiver_report *rr,
				  const u8 *msg, size_t len)
{
	if (!fmp_link_is(msg, len, FMP_LINK_RECEIVER_REPORT,
			 FMP_RECEIVER_REPORT_LEN))
		return -EBADMSG;

	rr->highest_counter = get_unaligned_le64(msg + 4);
	rr->cumulative_packets = get_unaligned_le64(msg + 12);
	rr->cumulative_bytes = get_unaligned_le64(msg + 20);
	rr->timestamp_echo = get_unaligned_le32(msg + 28);
	rr->dwell_time = get_unaligned_le16(msg + 32);
	rr->max_burst_loss = get_unaligned_le16(msg + 34);
	rr->mean_burst_loss = get_unaligned_le16(msg + 36);
	rr->jitter = get_unaligned_le32(msg + 40);
	rr->ecn_ce_count = get_unaligned_le32(msg + 44);
	rr->owd_trend = get_unaligned_le32(msg + 48);
	rr->burst_loss_count = get_unaligned_le32(msg + 52);
	rr->cumulative_reorder_count = get_unaligned_le32(msg + 56);
	rr->interval_packets = get_unaligned_le32(msg + 60);
	rr->interval_bytes = get_unaligned_le32(msg + 64);
	return 0;
}

/**
 * fmp_link_write_receiver_report() - encode a ReceiverReport
 * @msg: FMP_RECEIVER_REPORT_LEN bytes
 * @rr: what to write
 *
 * Context: Any.
 */
void fmp_link_write_receiver_report(u8 *msg,
				    const struct fmp_receiver_report *rr)
{
	memset(msg, 0, FMP_RECEIVER_REPORT_LEN);
	msg[0] = FMP_LINK_RECEIVER_REPORT;
	put_unaligned_le64(rr->highest_counter, msg + 4);
	put_unaligned_le64(rr->cumulative_packets, msg + 12);
	put_unaligned_le64(rr->cumulative_bytes, msg + 20);
	put_unaligned_le32(rr->timestamp_echo, msg + 28);
	put_unaligned_le16(rr->dwell_time, msg + 32);
	put_unaligned_le16(rr->max_burst_loss, msg + 34);
	put_unaligned_le16(rr->mean_burst_loss, msg + 36);
	put_unaligned_le32(rr->jitter, msg + 40);
	put_unaligned_le32(rr->ecn_ce_count, msg + 44);
	put_unaligned_le32(rr->owd_trend, msg + 48);
	put_unaligned_le32(rr->burst_loss_count, msg + 52);
	put_unaligned_le32(rr->cumulative_reorder_count, msg + 56);
	put_unaligned_le32(rr->interval_packets, msg + 60);
	put_unaligned_le32(rr->interval_bytes, msg + 64);
}

/**
 * fmp_link_read_disconnect() - decode a Disconnect
 * @reason: result, written on success only; unknown codes read as Other
 * @msg: link message with its type byte
 * @len: length of @msg
 *
 * Context: Any.
 * Return: 0, or -EBADMSG if @msg is none.
 */
int fmp_link_read_disconnect(enum fmp_disconnect *reason, const u8 *msg,
			     size_t len)
{
	if (!fmp_link_is(msg, len, FMP_LINK_DISCONNECT, FMP_DISCONNECT_LEN))
		return -EBADMSG;

	*reason = msg[1] <= FMP_DISCONNECT_TIMEOUT ? msg[1] :
						     FMP_DISCONNECT_OTHER;
	return 0;
}

/**
 * fmp_link_write_disconnect() - encode a Disconnect
 * @msg: FMP_DISCONNECT_LEN bytes
 * @reason: why we disconnect
 *
 * Context: Any.
 */
void fmp_link_write_disconnect(u8 *msg, enum fmp_disconnect reason)
{
	msg[0] = FMP_LINK_DISCONNECT;
	msg[1] = reason;
}
