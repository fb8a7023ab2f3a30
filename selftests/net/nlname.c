// SPDX-License-Identifier: GPL-2.0
#include <linux/fmp.h>
#include <stddef.h>
#include <string.h>

#include "nlname.h"

static const struct name counter_attrs[] = {
	{ "name", FMP_A_COUNTER_NAME },
	{ "value", FMP_A_COUNTER_VALUE },
	{ NULL },
};

static const struct name dev_attrs[] = {
	{ "ifindex", FMP_A_DEV_IFINDEX },
	{ "ifname", FMP_A_DEV_IFNAME },
	{ "port", FMP_A_DEV_PORT },
	{ "fwmark", FMP_A_DEV_FWMARK },
	{ "source-check", FMP_A_DEV_SOURCE_CHECK },
	{ "peers", FMP_A_DEV_PEERS },
	{ "counter", FMP_A_DEV_COUNTER, counter_attrs },
	{ "local-ipv4", FMP_A_DEV_LOCAL_IPV4 },
	{ "local-ipv6", FMP_A_DEV_LOCAL_IPV6 },
	{ "underlay", FMP_A_DEV_UNDERLAY },
	{ "tos", FMP_A_DEV_TOS },
	{ "ttl", FMP_A_DEV_TTL },
	{ "multicast", FMP_A_DEV_MULTICAST },
	{ "epoch", FMP_A_DEV_EPOCH },
	{ "agent", FMP_A_DEV_AGENT },
	{ "handshake-burst", FMP_A_DEV_HANDSHAKE_BURST },
	{ "handshake-rate", FMP_A_DEV_HANDSHAKE_RATE },
	{ "mmp-mode", FMP_A_DEV_MMP_MODE },
	{ "ecn", FMP_A_DEV_ECN },
	{ "congestion-loss", FMP_A_DEV_CONGESTION_LOSS },
	{ "congestion-etx", FMP_A_DEV_CONGESTION_ETX },
	{ "tx-batch", FMP_A_DEV_TX_BATCH },
	{ "rx-batch", FMP_A_DEV_RX_BATCH },
	{ "suspend-wipe", FMP_A_DEV_SUSPEND_WIPE },
	{ NULL },
};

/* Within the data of a link of the kind fmp. */
const struct name link_attrs[] = {
	{ "port", IFLA_FMP_PORT },
	{ "fwmark", IFLA_FMP_FWMARK },
	{ "source-check", IFLA_FMP_SOURCE_CHECK },
	{ "local-ipv4", IFLA_FMP_LOCAL_IPV4 },
	{ "local-ipv6", IFLA_FMP_LOCAL_IPV6 },
	{ "underlay", IFLA_FMP_UNDERLAY },
	{ "tos", IFLA_FMP_TOS },
	{ "ttl", IFLA_FMP_TTL },
	{ "multicast", IFLA_FMP_MULTICAST },
	{ "handshake-burst", IFLA_FMP_HANDSHAKE_BURST },
	{ "handshake-rate", IFLA_FMP_HANDSHAKE_RATE },
	{ "mmp-mode", IFLA_FMP_MMP_MODE },
	{ "ecn", IFLA_FMP_ECN },
	{ "congestion-loss", IFLA_FMP_CONGESTION_LOSS },
	{ "congestion-etx", IFLA_FMP_CONGESTION_ETX },
	{ "tx-batch", IFLA_FMP_TX_BATCH },
	{ "rx-batch", IFLA_FMP_RX_BATCH },
	{ "suspend-wipe", IFLA_FMP_SUSPEND_WIPE },
	{ NULL },
};

static const struct name address_attrs[] = {
	{ "ipv4", FMP_A_ADDRESS_IPV4 },
	{ "ipv6", FMP_A_ADDRESS_IPV6 },
	{ "remove", FMP_A_ADDRESS_REMOVE },
	{ NULL },
};

const struct name peer_attrs[] = {
	{ "ifindex", FMP_A_PEER_IFINDEX },
	{ "public-key", FMP_A_PEER_PUBLIC_KEY },
	{ "node-addr", FMP_A_PEER_NODE_ADDR },
	{ "endpoint-ipv4", FMP_A_PEER_ENDPOINT_IPV4 },
	{ "endpoint-ipv6", FMP_A_PEER_ENDPOINT_IPV6 },
	{ "endpoint-scope-id", FMP_A_PEER_ENDPOINT_SCOPE_ID },
	{ "endpoint-port", FMP_A_PEER_ENDPOINT_PORT },
	{ "address", FMP_A_PEER_ADDRESS, address_attrs },
	{ "replace-addresses", FMP_A_PEER_REPLACE_ADDRESSES },
	{ "rx-packets", FMP_A_PEER_RX_PACKETS },
	{ "last-rx-ms", FMP_A_PEER_LAST_RX_MS },
	{ "counter", FMP_A_PEER_COUNTER, counter_attrs },
	{ "endpoint-name", FMP_A_PEER_ENDPOINT_NAME },
	{ "auto-connect", FMP_A_PEER_AUTO_CONNECT },
	{ "heartbeat", FMP_A_PEER_HEARTBEAT },
	{ "dynamic", FMP_A_PEER_DYNAMIC },
	{ "epoch", FMP_A_PEER_EPOCH },
	{ "state", FMP_A_PEER_STATE },
	{ "dead-timeout", FMP_A_PEER_DEAD_TIMEOUT },
	{ "mmp-mode", FMP_A_PEER_MMP_MODE },
	{ "metrics", FMP_A_PEER_METRICS },
	{ "handshake-ms", FMP_A_PEER_HANDSHAKE_MS },
	{ NULL },
};

const struct name session_attrs[] = {
	{ "ifindex", FMP_A_SESSION_IFINDEX },
	{ "public-key", FMP_A_SESSION_PUBLIC_KEY },
	{ "local-index", FMP_A_SESSION_LOCAL_INDEX },
	{ "remote-index", FMP_A_SESSION_REMOTE_INDEX },
	{ "send-key", FMP_A_SESSION_SEND_KEY },
	{ "receive-key", FMP_A_SESSION_RECEIVE_KEY },
	{ "initiator", FMP_A_SESSION_INITIATOR },
	{ "slot", FMP_A_SESSION_SLOT },
	{ "k-bit", FMP_A_SESSION_K_BIT },
	{ "send-counter", FMP_A_SESSION_SEND_COUNTER },
	{ "receive-highest", FMP_A_SESSION_RECEIVE_HIGHEST },
	{ "age-ms", FMP_A_SESSION_AGE_MS },
	{ "epoch", FMP_A_SESSION_EPOCH },
	{ "candidate", FMP_A_SESSION_CANDIDATE },
	{ "rekey-ms", FMP_A_SESSION_REKEY_MS },
	{ NULL },
};

static const struct name handshake_attrs[] = {
	{ "ifindex", FMP_A_HANDSHAKE_IFINDEX },
	{ "public-key", FMP_A_HANDSHAKE_PUBLIC_KEY },
	{ "local-index", FMP_A_HANDSHAKE_LOCAL_INDEX },
	{ "frame", FMP_A_HANDSHAKE_FRAME },
	{ "endpoint-ipv4", FMP_A_HANDSHAKE_ENDPOINT_IPV4 },
	{ "endpoint-ipv6", FMP_A_HANDSHAKE_ENDPOINT_IPV6 },
	{ "endpoint-scope-id", FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID },
	{ "endpoint-port", FMP_A_HANDSHAKE_ENDPOINT_PORT },
	{ "local-ipv4", FMP_A_HANDSHAKE_LOCAL_IPV4 },
	{ "local-ipv6", FMP_A_HANDSHAKE_LOCAL_IPV6 },
	{ "known", FMP_A_HANDSHAKE_KNOWN },
	{ "event", FMP_A_HANDSHAKE_EVENT },
	{ "cause", FMP_A_HANDSHAKE_CAUSE },
	{ NULL },
};

const struct name command_names[] = {
	{ "dev-get", FMP_CMD_DEV_GET, dev_attrs },
	{ "dev-set", FMP_CMD_DEV_SET, dev_attrs },
	{ "dev-set-ntf", FMP_CMD_DEV_SET_NTF, dev_attrs },
	{ "peer-get", FMP_CMD_PEER_GET, peer_attrs },
	{ "peer-new", FMP_CMD_PEER_NEW, peer_attrs },
	{ "peer-set", FMP_CMD_PEER_SET, peer_attrs },
	{ "peer-del", FMP_CMD_PEER_DEL, peer_attrs },
	{ "rekey", FMP_CMD_REKEY, peer_attrs },
	{ "peer-new-ntf", FMP_CMD_PEER_NEW_NTF, peer_attrs },
	{ "peer-set-ntf", FMP_CMD_PEER_SET_NTF, peer_attrs },
	{ "peer-del-ntf", FMP_CMD_PEER_DEL_NTF, peer_attrs },
	{ "session-get", FMP_CMD_SESSION_GET, session_attrs },
	{ "session-new", FMP_CMD_SESSION_NEW, session_attrs },
	{ "session-del", FMP_CMD_SESSION_DEL, session_attrs },
	{ "session-new-ntf", FMP_CMD_SESSION_NEW_NTF, session_attrs },
	{ "session-del-ntf", FMP_CMD_SESSION_DEL_NTF, session_attrs },
	{ "session-cutover-ntf", FMP_CMD_SESSION_CUTOVER_NTF, session_attrs },
	{ "peer-endpoint-ntf", FMP_CMD_PEER_ENDPOINT_NTF, peer_attrs },
	{ "index-reserve", FMP_CMD_INDEX_RESERVE, handshake_attrs },
	{ "index-release", FMP_CMD_INDEX_RELEASE, handshake_attrs },
	{ "handshake-send", FMP_CMD_HANDSHAKE_SEND, handshake_attrs },
	{ "handshake-report", FMP_CMD_HANDSHAKE_REPORT, handshake_attrs },
	{ "handshake-ntf", FMP_CMD_HANDSHAKE_NTF, handshake_attrs },
	{ "handshake-frame-ntf", FMP_CMD_HANDSHAKE_FRAME_NTF, handshake_attrs },
	{ NULL },
};

static const struct name no_names[] = { { NULL } };

/* NULL for what has no name; names may be NULL. */
const struct name *find_name(const struct name *names, const char *text)
{
	for (names = names ? names : no_names; names->name; names++)
		if (!strcmp(names->name, text))
			return names;
	return NULL;
}

/* "?" for what has no name; names may be NULL. */
const struct name *find_number(const struct name *names, uint16_t number)
{
	static const struct name none = { "?" };

	for (names = names ? names : no_names; names->name; names++)
		if (names->number == number)
			return names;
	return &none;
}
