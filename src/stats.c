// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of devices and peers.
 */
#include <linux/cpumask.h>

#include "stats.h"

static const char *const fmp_stat_names[] = {
	[FMP_RX_FRAMES]			= "rx_frames",
	[FMP_RX_INLINE]			= "rx_inline",
	[FMP_RX_HANDOFF]		= "rx_handoff",
	[FMP_RX_HEARTBEAT]		= "rx_heartbeat",
	[FMP_RX_IP]			= "rx_ip",
	[FMP_RX_LANE_MOVE]		= "rx_lane_move",
	[FMP_RX_LANE_STUCK]		= "rx_lane_stuck",
	[FMP_RX_DISCONNECT]		= "rx_disconnect",
	[FMP_RX_LINK_MESSAGE]		= "rx_link_message",
	[FMP_RX_CE]			= "rx_ce",
	[FMP_RX_HANDSHAKE]		= "rx_handshake",
	[FMP_RX_RECOVERY_REKEY]		= "rx_recovery_rekey",
	[FMP_RX_REPORT]			= "rx_report",
	[FMP_RX_BATCH_2]		= "rx_batch_2",
	[FMP_RX_BATCH_4]		= "rx_batch_4",
	[FMP_RX_BATCH_8]		= "rx_batch_8",
	[FMP_RX_BATCH_16]		= "rx_batch_16",
	[FMP_RX_BATCH_32]		= "rx_batch_32",
	[FMP_RX_BATCH_FRAMES]		= "rx_batch_frames",
	[FMP_RX_MERGED]			= "rx_merged",
	[FMP_RX_DROP_GSO]		= "rx_drop_gso",
	[FMP_RX_DROP_SHORT]		= "rx_drop_short",
	[FMP_RX_DROP_VERSION]		= "rx_drop_version",
	[FMP_RX_DROP_LENGTH]		= "rx_drop_payload_len",
	[FMP_RX_DROP_PHASE]		= "rx_drop_phase",
	[FMP_RX_DROP_ESTABLISHED_SHORT]	= "rx_drop_established_short",
	[FMP_RX_DROP_MSG1_MALFORMED]	= "rx_drop_msg1_malformed",
	[FMP_RX_DROP_MSG2_MALFORMED]	= "rx_drop_msg2_malformed",
	[FMP_RX_DROP_MSG1_NO_AGENT]	= "rx_drop_msg1_no_agent",
	[FMP_RX_DROP_MSG2_NO_AGENT]	= "rx_drop_msg2_no_agent",
	[FMP_RX_DROP_MSG1_LIMIT]	= "rx_drop_msg1_limit",
	[FMP_RX_DROP_MSG2_LIMIT]	= "rx_drop_msg2_limit",
	[FMP_RX_DROP_MSG2_UNKNOWN]	= "rx_drop_msg2_unknown",
	[FMP_RX_DROP_AGENT_BACKLOG]	= "rx_drop_agent_backlog",
	[FMP_RX_DROP_RESERVED_INDEX]	= "rx_drop_reserved_index",
	[FMP_RX_DROP_UNKNOWN_INDEX]	= "rx_drop_unknown_index",
	[FMP_RX_DROP_COUNTER_LIMIT]	= "rx_drop_counter_limit",
	[FMP_RX_DROP_REPLAY]		= "rx_drop_replay",
	[FMP_RX_DROP_TOO_OLD]		= "rx_drop_too_old",
	[FMP_RX_DROP_AUTH]		= "rx_drop_auth",
	[FMP_RX_DROP_INNER_SHORT]	= "rx_drop_inner_short",
	[FMP_RX_DROP_LINK_UNKNOWN]	= "rx_drop_link_unknown",
	[FMP_RX_DROP_LINK_UNHANDLED]	= "rx_drop_link_unhandled",
	[FMP_RX_DROP_LINK_BACKLOG]	= "rx_drop_link_backlog",
	[FMP_RX_DROP_IP_MALFORMED]	= "rx_drop_ip_malformed",
	[FMP_RX_DROP_ECN]		= "rx_drop_ecn",
	[FMP_RX_DROP_SOURCE]		= "rx_drop_source",
	[FMP_RX_DROP_LANE_FULL]		= "rx_drop_lane_full",
	[FMP_RX_DROP_DOWN]		= "rx_drop_down",
	[FMP_RX_DROP_NOMEM]		= "rx_drop_nomem",
	[FMP_TX_FRAMES]			= "tx_frames",
	[FMP_TX_LINK_MESSAGE]		= "tx_link_message",
	[FMP_TX_HEARTBEAT]		= "tx_heartbeat",
	[FMP_TX_REPORT]			= "tx_report",
	[FMP_TX_HANDSHAKE]		= "tx_handshake",
	[FMP_TX_MULTICAST_COPY]		= "tx_multicast_copy",
	[FMP_TX_STAGED]			= "tx_staged",
	[FMP_TX_PMTU_UPDATE]		= "tx_pmtu_update",
	[FMP_TX_BATCH_2]		= "tx_batch_2",
	[FMP_TX_BATCH_4]		= "tx_batch_4",
	[FMP_TX_BATCH_8]		= "tx_batch_8",
	[FMP_TX_BATCH_16]		= "tx_batch_16",
	[FMP_TX_BATCH_32]		= "tx_batch_32",
	[FMP_TX_BATCH_FRAMES]		= "tx_batch_frames",
	[FMP_TX_DROP_NOT_IP]		= "tx_drop_not_ip",
	[FMP_TX_DROP_NO_PEER]		= "tx_drop_no_peer",
	[FMP_TX_DROP_MULTICAST]		= "tx_drop_multicast",
	[FMP_TX_DROP_NO_SESSION]	= "tx_drop_no_session",
	[FMP_TX_DROP_STAGING_FULL]	= "tx_drop_staging_full",
	[FMP_TX_DROP_NO_ENDPOINT]	= "tx_drop_no_endpoint",
	[FMP_TX_DROP_NO_SOCKET]		= "tx_drop_no_socket",
	[FMP_TX_DROP_NO_ROUTE]		= "tx_drop_no_route",
	[FMP_TX_DROP_LOOP]		= "tx_drop_loop",
	[FMP_TX_DROP_TOO_LONG]		= "tx_drop_too_long",
	[FMP_TX_DROP_PMTU]		= "tx_drop_pmtu",
	[FMP_TX_DROP_GSO]		= "tx_drop_gso",
	[FMP_TX_DROP_COUNTER_LIMIT]	= "tx_drop_counter_limit",
	[FMP_TX_DROP_NOMEM]		= "tx_drop_nomem",
};

static_assert(ARRAY_SIZE(fmp_stat_names) == FMP_STAT_COUNT);

static const char *const fmp_peer_stat_names[] = {
	[FMP_PEER_TX_PACKETS]		= "tx_packets",
	[FMP_PEER_TX_BYTES]		= "tx_bytes",
	[FMP_PEER_RX_PACKETS]		= "rx_packets",
	[FMP_PEER_RX_BYTES]		= "rx_bytes",
	[FMP_PEER_RX_DROP_REPLAY]	= "rx_drop_replay",
	[FMP_PEER_RX_DROP_AUTH]		= "rx_drop_auth",
	[FMP_PEER_RX_DROP_MALFORMED]	= "rx_drop_malformed",
	[FMP_PEER_RX_DROP_SOURCE]	= "rx_drop_source",
	[FMP_PEER_RX_DROP_OTHER]	= "rx_drop_other",
	[FMP_PEER_TX_DROP]		= "tx_drop",
	[FMP_PEER_HANDSHAKE_STARTED]	= "handshake_started",
	[FMP_PEER_HANDSHAKE_ANSWERED]	= "handshake_answered",
	[FMP_PEER_HANDSHAKE_COMPLETED]	= "handshake_completed",
	[FMP_PEER_HANDSHAKE_FAILED_TIMEOUT]	= "handshake_failed_timeout",
	[FMP_PEER_HANDSHAKE_FAILED_REFUSED]	= "handshake_failed_refused",
	[FMP_PEER_HANDSHAKE_FAILED_CRYPTO]	= "handshake_failed_crypto",
	[FMP_PEER_HANDSHAKE_FAILED_IDENTITY]	= "handshake_failed_identity",
	[FMP_PEER_HANDSHAKE_FAILED_KERNEL]	= "handshake_failed_kernel",
};

static_assert(ARRAY_SIZE(fmp_peer_stat_names) == FMP_PEER_STAT_COUNT);

/**
 * fmp_stat_name() - name of a counter of a device
 * @stat: which
 *
 * The same in ethtool -S, over netlink and in the CLI.
 *
 * Return: The name.
 */
const char *fmp_stat_name(enum fmp_stat stat)
{
	return fmp_stat_names[stat];
}

/**
 * fmp_peer_stat_name() - name of a counter of a peer
 * @stat: which
 *
 * Return: The name.
 */
const char *fmp_peer_stat_name(enum fmp_peer_stat stat)
{
	return fmp_peer_stat_names[stat];
}

/**
 * fmp_stat_read() - sum of a counter over all CPUs
 * @stats: counters of a device
 * @stat: which
 *
 * Context: Any. What other CPUs count meanwhile may be missing.
 * Return: The sum.
 */
u64 fmp_stat_read(const struct fmp_stats __percpu *stats, enum fmp_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->value[stat]);
	return sum;
}
