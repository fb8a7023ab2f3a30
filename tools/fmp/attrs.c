// SPDX-License-Identifier: GPL-2.0
#include "attrs.h"

#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <stddef.h>

#include "util.h"

static const char *const dev_names[] = {
	[FMP_A_DEV_IFINDEX] = "ifindex",
	[FMP_A_DEV_IFNAME] = "ifname",
	[FMP_A_DEV_PORT] = "port",
	[FMP_A_DEV_FWMARK] = "fwmark",
	[FMP_A_DEV_SOURCE_CHECK] = "source-check",
	[FMP_A_DEV_PEERS] = "peers",
	[FMP_A_DEV_COUNTER] = "counter",
	[FMP_A_DEV_LOCAL_IPV4] = "local-ipv4",
	[FMP_A_DEV_LOCAL_IPV6] = "local-ipv6",
	[FMP_A_DEV_UNDERLAY] = "underlay",
	[FMP_A_DEV_TOS] = "tos",
	[FMP_A_DEV_TTL] = "ttl",
	[FMP_A_DEV_MULTICAST] = "multicast",
	[FMP_A_DEV_EPOCH] = "epoch",
	[FMP_A_DEV_AGENT] = "agent",
	[FMP_A_DEV_HANDSHAKE_BURST] = "handshake-burst",
	[FMP_A_DEV_HANDSHAKE_RATE] = "handshake-rate",
	[FMP_A_DEV_MMP_MODE] = "mmp-mode",
	[FMP_A_DEV_ECN] = "ecn",
	[FMP_A_DEV_CONGESTION_LOSS] = "congestion-loss",
	[FMP_A_DEV_CONGESTION_ETX] = "congestion-etx",
	[FMP_A_DEV_TX_BATCH] = "tx-batch",
	[FMP_A_DEV_RX_BATCH] = "rx-batch",
	[FMP_A_DEV_SUSPEND_WIPE] = "suspend-wipe",
};

static const char *const address_names[] = {
	[FMP_A_ADDRESS_IPV4] = "ipv4",
	[FMP_A_ADDRESS_IPV6] = "ipv6",
	[FMP_A_ADDRESS_REMOVE] = "remove",
};

static const char *const peer_names[] = {
	[FMP_A_PEER_IFINDEX] = "ifindex",
	[FMP_A_PEER_PUBLIC_KEY] = "public-key",
	[FMP_A_PEER_NODE_ADDR] = "node-addr",
	[FMP_A_PEER_ENDPOINT_IPV4] = "endpoint-ipv4",
	[FMP_A_PEER_ENDPOINT_IPV6] = "endpoint-ipv6",
	[FMP_A_PEER_ENDPOINT_SCOPE_ID] = "endpoint-scope-id",
	[FMP_A_PEER_ENDPOINT_PORT] = "endpoint-port",
	[FMP_A_PEER_ADDRESS] = "address",
	[FMP_A_PEER_REPLACE_ADDRESSES] = "replace-addresses",
	[FMP_A_PEER_RX_PACKETS] = "rx-packets",
	[FMP_A_PEER_RX_BYTES] = "rx-bytes",
	[FMP_A_PEER_TX_PACKETS] = "tx-packets",
	[FMP_A_PEER_TX_BYTES] = "tx-bytes",
	[FMP_A_PEER_LAST_RX_MS] = "last-rx-ms",
	[FMP_A_PEER_COUNTER] = "counter",
	[FMP_A_PEER_FAILURES] = "failures",
	[FMP_A_PEER_REKEY_REASON] = "rekey-reason",
	[FMP_A_PEER_DOWN_REASON] = "down-reason",
	[FMP_A_PEER_DISCONNECT_CODE] = "disconnect-code",
	[FMP_A_PEER_ENDPOINT_NAME] = "endpoint-name",
	[FMP_A_PEER_AUTO_CONNECT] = "auto-connect",
	[FMP_A_PEER_HEARTBEAT] = "heartbeat",
	[FMP_A_PEER_DYNAMIC] = "dynamic",
	[FMP_A_PEER_EPOCH] = "epoch",
	[FMP_A_PEER_HANDSHAKE_MS] = "handshake-ms",
	[FMP_A_PEER_STATE] = "state",
	[FMP_A_PEER_STATE_MS] = "state-ms",
	[FMP_A_PEER_DEAD_TIMEOUT] = "dead-timeout",
	[FMP_A_PEER_MMP_MODE] = "mmp-mode",
	[FMP_A_PEER_METRICS] = "metrics",
};

static const char *const session_names[] = {
	[FMP_A_SESSION_IFINDEX] = "ifindex",
	[FMP_A_SESSION_PUBLIC_KEY] = "public-key",
	[FMP_A_SESSION_LOCAL_INDEX] = "local-index",
	[FMP_A_SESSION_REMOTE_INDEX] = "remote-index",
	[FMP_A_SESSION_SEND_KEY] = "send-key",
	[FMP_A_SESSION_RECEIVE_KEY] = "receive-key",
	[FMP_A_SESSION_INITIATOR] = "initiator",
	[FMP_A_SESSION_SLOT] = "slot",
	[FMP_A_SESSION_K_BIT] = "k-bit",
	[FMP_A_SESSION_SEND_COUNTER] = "send-counter",
	[FMP_A_SESSION_RECEIVE_HIGHEST] = "receive-highest",
	[FMP_A_SESSION_AGE_MS] = "age-ms",
	[FMP_A_SESSION_EPOCH] = "epoch",
	[FMP_A_SESSION_CANDIDATE] = "candidate",
	[FMP_A_SESSION_REKEY_MS] = "rekey-ms",
};

static const char *const message_names[] = {
	[FMP_A_MESSAGE_IFINDEX] = "ifindex",
	[FMP_A_MESSAGE_PUBLIC_KEY] = "public-key",
	[FMP_A_MESSAGE_PAYLOAD] = "payload",
	[FMP_A_MESSAGE_CE] = "ce",
};

static const char *const handshake_names[] = {
	[FMP_A_HANDSHAKE_IFINDEX] = "ifindex",
	[FMP_A_HANDSHAKE_PUBLIC_KEY] = "public-key",
	[FMP_A_HANDSHAKE_LOCAL_INDEX] = "local-index",
	[FMP_A_HANDSHAKE_FRAME] = "frame",
	[FMP_A_HANDSHAKE_ENDPOINT_IPV4] = "endpoint-ipv4",
	[FMP_A_HANDSHAKE_ENDPOINT_IPV6] = "endpoint-ipv6",
	[FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID] = "endpoint-scope-id",
	[FMP_A_HANDSHAKE_ENDPOINT_PORT] = "endpoint-port",
	[FMP_A_HANDSHAKE_LOCAL_IPV4] = "local-ipv4",
	[FMP_A_HANDSHAKE_LOCAL_IPV6] = "local-ipv6",
	[FMP_A_HANDSHAKE_KNOWN] = "known",
	[FMP_A_HANDSHAKE_EVENT] = "event",
	[FMP_A_HANDSHAKE_CAUSE] = "cause",
};

static const struct attr_set dev_set = {
	.names = dev_names, .count = ARRAY_SIZE(dev_names),
};

static const struct attr_set address_set = {
	.names = address_names, .count = ARRAY_SIZE(address_names),
};

static const struct attr_set peer_set = {
	.names = peer_names, .count = ARRAY_SIZE(peer_names),
	.nest = FMP_A_PEER_ADDRESS, .nested = &address_set,
};

static const struct attr_set session_set = {
	.names = session_names, .count = ARRAY_SIZE(session_names),
};

static const struct attr_set message_set = {
	.names = message_names, .count = ARRAY_SIZE(message_names),
};

static const struct attr_set handshake_set = {
	.names = handshake_names, .count = ARRAY_SIZE(handshake_names),
};

const struct attr_set *attr_set_of(uint8_t command)
{
	switch (command) {
	case FMP_CMD_DEV_GET:
	case FMP_CMD_DEV_SET:
	case FMP_CMD_AGENT_BIND:
	case FMP_CMD_AGENT_UNBIND:
		return &dev_set;
	case FMP_CMD_PEER_GET:
	case FMP_CMD_PEER_NEW:
	case FMP_CMD_PEER_SET:
	case FMP_CMD_PEER_DEL:
	case FMP_CMD_REKEY:
		return &peer_set;
	case FMP_CMD_SESSION_GET:
	case FMP_CMD_SESSION_NEW:
	case FMP_CMD_SESSION_DEL:
		return &session_set;
	case FMP_CMD_LINK_BIND:
	case FMP_CMD_LINK_UNBIND:
	case FMP_CMD_LINK_SEND:
		return &message_set;
	case FMP_CMD_INDEX_RESERVE:
	case FMP_CMD_INDEX_RELEASE:
	case FMP_CMD_HANDSHAKE_SEND:
	case FMP_CMD_HANDSHAKE_REPORT:
		return &handshake_set;
	}
	return NULL;
}

const char *attr_name(const struct attr_set *set, uint16_t type)
{
	return set && type < set->count ? set->names[type] : NULL;
}

static const struct nlattr *attr_holding(const char *from, size_t len, const char *target)
{
	const struct nlattr *attr = (const void *)from;
	int left = (int)len;

	while (mnl_attr_ok(attr, left)) {
		const struct nlattr *next = mnl_attr_next(attr);

		if (target >= (const char *)attr && target < (const char *)next)
			return attr;
		left -= (int)((const char *)next - (const char *)attr);
		attr = next;
	}
	return NULL;
}

static const struct nlattr *descend(const struct nlmsghdr *request, uint32_t offset,
				    const struct attr_set **set)
{
	const char *target = (const char *)request + offset;
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);
	size_t skip = sizeof(*genl);
	const struct nlattr *attr;

	*set = attr_set_of(genl->cmd);
	attr = attr_holding((const char *)genl + skip, mnl_nlmsg_get_payload_len(request) - skip,
			    target);
	if (!attr || !*set)
		return NULL;

	/* The kernel points at an attribute or at its payload; the latter is a nest's first. */
	if (target <= (const char *)mnl_attr_get_payload(attr) ||
	    mnl_attr_get_type(attr) != (*set)->nest)
		return attr;

	*set = (*set)->nested;
	return attr_holding(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), target);
}

const char *attr_name_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct attr_set *set;
	const struct nlattr *attr = descend(request, offset, &set);

	return attr ? attr_name(set, mnl_attr_get_type(attr)) : NULL;
}

const struct attr_set *attr_set_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);
	const struct attr_set *set;
	const struct nlattr *attr;

	if (!offset)
		return attr_set_of(genl->cmd);

	attr = descend(request, offset, &set);
	return attr && mnl_attr_get_type(attr) == set->nest ? set->nested : NULL;
}
