/* SPDX-License-Identifier: GPL-2.0 */
/*
 * FMP frames as they are on the wire (spec section 2).
 *
 * Everything multi-byte is little-endian. Nothing here touches state, so
 * that unauthenticated input can be judged by these functions alone.
 */
#ifndef FMP_WIRE_H
#define FMP_WIRE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#define FMP_PREFIX_LEN		4U
#define FMP_HDR_LEN		16U
#define FMP_TAG_LEN		16U
#define FMP_FRAME_MIN		(FMP_HDR_LEN + FMP_TAG_LEN)
#define FMP_MSG1_LEN		114U
#define FMP_MSG2_LEN		69U
/* Where a second message has the index that it answers to. */
#define FMP_MSG2_RECEIVER	8U
/* Timestamp and link message type: the shortest meaningful plaintext. */
#define FMP_INNER_MIN		5U
#define FMP_TIMESTAMP_LEN	4U
#define FMP_PAYLOAD_MAX		65519U

#define FMP_VERSION_SHIFT	4
#define FMP_PHASE_MASK		0x0f

enum fmp_phase {
	FMP_PHASE_ESTABLISHED	= 0,
	FMP_PHASE_MSG1		= 1,
	FMP_PHASE_MSG2		= 2,
};

enum fmp_flags {
	FMP_FLAG_K		= 0x01,	/* key epoch */
	FMP_FLAG_CE		= 0x02,	/* congestion experienced */
	FMP_FLAG_SP		= 0x04,	/* spin bit */
};

/* Link message types, the first byte after the timestamp (spec 2.5). */
enum fmp_link_type {
	FMP_LINK_DATAGRAM		= 0x00,
	FMP_LINK_SENDER_REPORT		= 0x01,
	FMP_LINK_RECEIVER_REPORT	= 0x02,
	FMP_LINK_TREE_ANNOUNCE		= 0x10,
	FMP_LINK_FILTER_ANNOUNCE	= 0x20,
	FMP_LINK_LOOKUP_REQUEST		= 0x30,
	FMP_LINK_LOOKUP_RESPONSE	= 0x31,
	FMP_LINK_IP			= 0x40,	/* ours, see docs/protocol.md */
	FMP_LINK_DISCONNECT		= 0x50,
	FMP_LINK_HEARTBEAT		= 0x51,
};

/**
 * struct fmp_hdr - header of an established frame, which is also its AAD
 * @version_phase: version in the high, phase in the low nibble
 * @flags: enum fmp_flags; unknown bits are authenticated and ignored
 * @payload_len: bytes of plaintext
 * @receiver_idx: index that the receiver of this frame chose
 * @counter: nonce and replay counter
 */
struct fmp_hdr {
	u8 version_phase;
	u8 flags;
	__le16 payload_len;
	__le32 receiver_idx;
	__le64 counter;
};

/**
 * struct fmp_inner_ip - plaintext ahead of an IP packet (link type 0x40)
 * @timestamp: milliseconds since the session of the sender started
 * @type: FMP_LINK_IP
 * @reserved: zero
 *
 * 8 bytes, so that the packet stays as aligned as the plaintext is.
 */
struct fmp_inner_ip {
	__le32 timestamp;
	u8 type;
	u8 reserved[3];
};

static_assert(sizeof(struct fmp_hdr) == FMP_HDR_LEN);
static_assert(sizeof(struct fmp_inner_ip) == 8);

/* What a frame with an IP packet needs ahead of the packet, and in all. */
#define FMP_IP_HEADROOM		(FMP_HDR_LEN + sizeof(struct fmp_inner_ip))
#define FMP_IP_OVERHEAD		(FMP_IP_HEADROOM + FMP_TAG_LEN)

/**
 * enum fmp_verdict - what the unauthenticated part of a datagram says
 * @FMP_OK_ESTABLISHED: an established frame, to be looked up
 * @FMP_OK_MSG1: a first handshake message
 * @FMP_OK_MSG2: a second handshake message
 * @FMP_BAD_SHORT: no complete prefix
 * @FMP_BAD_VERSION: a version other than 0
 * @FMP_BAD_LENGTH: payload_len differs from the datagram's length
 * @FMP_BAD_PHASE: an undefined phase
 * @FMP_BAD_ESTABLISHED: too short to carry a header and a tag
 * @FMP_BAD_MSG1: a first message of the wrong size or with flags
 * @FMP_BAD_MSG2: a second message of the wrong size or with flags
 */
enum fmp_verdict {
	FMP_OK_ESTABLISHED,
	FMP_OK_MSG1,
	FMP_OK_MSG2,
	FMP_BAD_SHORT,
	FMP_BAD_VERSION,
	FMP_BAD_LENGTH,
	FMP_BAD_PHASE,
	FMP_BAD_ESTABLISHED,
	FMP_BAD_MSG1,
	FMP_BAD_MSG2,
};

/**
 * fmp_wire_check() - judge a datagram by its prefix and its length
 * @prefix: first bytes of the datagram, min(@len, FMP_PREFIX_LEN) readable
 * @len: length of the datagram
 *
 * The checks and their order are those of spec 2.1; payload_len is compared
 * and never used to find the end of a frame.
 *
 * Context: Any.
 * Return: The verdict; only FMP_OK_ESTABLISHED promises a whole fmp_hdr.
 */
static inline enum fmp_verdict fmp_wire_check(const u8 *prefix, size_t len)
{
	u16 payload_len;

	if (len < FMP_PREFIX_LEN)
		return FMP_BAD_SHORT;
	if (prefix[0] >> FMP_VERSION_SHIFT)
		return FMP_BAD_VERSION;

	payload_len = get_unaligned_le16(prefix + 2);

	switch (prefix[0] & FMP_PHASE_MASK) {
	case FMP_PHASE_ESTABLISHED:
		if (len < FMP_FRAME_MIN)
			return FMP_BAD_ESTABLISHED;
		if (len - FMP_FRAME_MIN != payload_len)
			return FMP_BAD_LENGTH;
		return FMP_OK_ESTABLISHED;
	case FMP_PHASE_MSG1:
		if (payload_len != FMP_MSG1_LEN - FMP_PREFIX_LEN)
			return FMP_BAD_LENGTH;
		if (len != FMP_MSG1_LEN || prefix[1])
			return FMP_BAD_MSG1;
		return FMP_OK_MSG1;
	case FMP_PHASE_MSG2:
		if (payload_len != FMP_MSG2_LEN - FMP_PREFIX_LEN)
			return FMP_BAD_LENGTH;
		if (len != FMP_MSG2_LEN || prefix[1])
			return FMP_BAD_MSG2;
		return FMP_OK_MSG2;
	default:
		return FMP_BAD_PHASE;
	}
}

/**
 * fmp_hdr_write() - write the header of an established frame
 * @hdr: where to, no alignment needed
 * @flags: enum fmp_flags
 * @payload_len: bytes of plaintext, at most FMP_PAYLOAD_MAX
 * @receiver_idx: index that the peer chose
 * @counter: counter of the frame, used once with its key
 *
 * Context: Any.
 */
static inline void fmp_hdr_write(void *hdr, u8 flags, u16 payload_len,
				 u32 receiver_idx, u64 counter)
{
	struct fmp_hdr h = {
		.version_phase	= FMP_PHASE_ESTABLISHED,
		.flags		= flags,
		.payload_len	= cpu_to_le16(payload_len),
		.receiver_idx	= cpu_to_le32(receiver_idx),
		.counter	= cpu_to_le64(counter),
	};

	memcpy(hdr, &h, sizeof(h));
}

#endif /* FMP_WIRE_H */
