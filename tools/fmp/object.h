/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_OBJECT_H
#define FMP_OBJECT_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/fmp.h>

#include "parse.h"

/* What the kernel tells about devices, peers and sessions. */

struct counter {
	char *name;
	uint64_t value;
};

struct counters {
	struct counter *list;
	size_t count;
};

/* Moving averages of a series of samples. */
struct trend {
	uint64_t present;
	uint64_t over_short;
	uint64_t over_long;
};

/* What is known of the link to a peer; the units are those of include/fmp.yaml. */
struct metrics {
	uint64_t present;
	uint64_t rtt_us;
	uint64_t rtt_var_us;
	struct trend rtt_trend;
	uint64_t rtt_age_ms;
	uint32_t tx_loss;
	struct trend tx_loss_trend;
	uint32_t tx_jitter_us;
	struct trend tx_jitter_trend;
	uint64_t tx_goodput;
	struct trend tx_goodput_trend;
	int32_t tx_owd_trend;
	uint16_t tx_burst_max;
	uint16_t tx_burst_mean;
	uint32_t tx_bursts;
	uint32_t tx_reordered;
	uint32_t tx_ce;
	uint32_t rx_loss;
	uint32_t rx_jitter_us;
	int32_t rx_owd_trend;
	uint32_t rx_reordered;
	uint32_t rx_ce;
	uint32_t etx;
	struct trend etx_trend;
	uint32_t link_cost;
	uint64_t report_age_ms;
	uint64_t reports_sent;
	uint64_t reports_received;
	uint64_t reports_ignored;
};

struct device {
	uint64_t present;	/* bit n: attribute n was there */
	uint32_t ifindex;
	char *name;
	uint16_t port;
	uint32_t fwmark;
	uint8_t source_check;
	uint8_t tos;
	uint8_t ttl;
	uint8_t multicast;
	struct in_addr local4;
	struct in6_addr local6;
	char *underlay;
	uint32_t peers;
	uint8_t epoch[FMP_EPOCH_SIZE];
	uint8_t agent;
	uint32_t handshake_burst;
	uint32_t handshake_rate;
	uint8_t mmp_mode;
	uint8_t ecn;
	uint16_t congestion_loss;	/* thousandths, 0 for never */
	uint16_t congestion_etx;	/* hundredths, 0 for never */
	uint8_t tx_batch;
	uint8_t rx_batch;
	uint8_t suspend_wipe;
	struct counters counters;
};

struct peer {
	uint64_t present;
	uint32_t ifindex;
	uint8_t public_key[FMP_PUBLIC_KEY_SIZE];
	uint8_t node_addr[FMP_NODE_ADDR_SIZE];
	struct endpoint endpoint;
	struct address *addresses;
	size_t address_count;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t last_rx_ms;
	uint32_t failures;
	uint8_t rekey_reason;
	uint8_t down_reason;
	uint8_t disconnect_code;
	char *endpoint_name;	/* NULL without one */
	uint8_t auto_connect;
	uint16_t heartbeat;	/* seconds, 0 for none */
	uint8_t epoch[FMP_EPOCH_SIZE];
	uint64_t handshake_ms;
	uint8_t state;
	uint64_t state_ms;
	uint16_t dead_timeout;	/* seconds, 0 for never */
	uint8_t mmp_mode;
	struct metrics metrics;
	struct counters counters;
};

struct session {
	uint64_t present;
	uint32_t ifindex;
	uint8_t public_key[FMP_PUBLIC_KEY_SIZE];
	uint32_t local_index;
	uint32_t remote_index;
	uint8_t slot;
	uint8_t k_bit;
	uint64_t send_counter;
	uint64_t receive_highest;
	uint64_t age_ms;
	uint8_t epoch[FMP_EPOCH_SIZE];
	uint64_t rekey_ms;
};

/* The way of a handshake message: where the other side is, and our own address. */
struct path {
	struct endpoint remote;
	struct address local;	/* of the same family; family 0 for what the route says */
};

/* A handshake message that the kernel hands up, or what an agent told about a handshake. */
struct handshake {
	uint64_t present;
	uint32_t ifindex;
	uint8_t public_key[FMP_PUBLIC_KEY_SIZE];
	uint32_t local_index;
	uint8_t frame[FMP_HANDSHAKE_FRAME_MAX];
	size_t frame_len;
	struct path path;	/* if there is a frame */
	uint8_t event;
	uint8_t cause;
};

/* Instead of a traffic class: that of the packet inside. */
#define TOS_INHERIT	1

#define HAS(object, attr) (((object)->present >> (attr)) & 1)

/* Whether a peer has an endpoint, whatever its family. */
bool peer_has_endpoint(const struct peer *peer);

/* Those that the sockets are bound to, at most two; returns how many. */
size_t local_addresses(struct address out[2], const struct device *device);

/*
 * These fill a zeroed object from a whole message and return 0 or a negative error
 * number; what was filled in is freed by the functions below either way.
 */
int device_decode(struct device *device, const struct nlmsghdr *msg);
int peer_decode(struct peer *peer, const struct nlmsghdr *msg);
int session_decode(struct session *session, const struct nlmsghdr *msg);
int handshake_decode(struct handshake *handshake, const struct nlmsghdr *msg);

void device_release(struct device *device);
void peer_release(struct peer *peer);

#endif /* FMP_OBJECT_H */
