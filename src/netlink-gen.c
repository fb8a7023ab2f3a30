// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	include/fmp.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/fmp.h>

/* Common nested types */
const struct nla_policy fmp_address_nl_policy[FMP_A_ADDRESS_REMOVE + 1] = {
	[FMP_A_ADDRESS_IPV4] = { .type = NLA_BE32, },
	[FMP_A_ADDRESS_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[FMP_A_ADDRESS_REMOVE] = { .type = NLA_FLAG, },
};

/* FMP_CMD_DEV_GET - do */
static const struct nla_policy fmp_dev_get_nl_policy[FMP_A_DEV_IFINDEX + 1] = {
	[FMP_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FMP_CMD_DEV_SET - do */
static const struct nla_policy fmp_dev_set_nl_policy[FMP_A_DEV_SUSPEND_WIPE + 1] = {
	[FMP_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_DEV_PORT] = { .type = NLA_U16, },
	[FMP_A_DEV_FWMARK] = { .type = NLA_U32, },
	[FMP_A_DEV_SOURCE_CHECK] = NLA_POLICY_MAX(NLA_U8, 1),
	[FMP_A_DEV_LOCAL_IPV4] = { .type = NLA_BE32, },
	[FMP_A_DEV_LOCAL_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[FMP_A_DEV_UNDERLAY] = { .type = NLA_NUL_STRING, .len = 15, },
	[FMP_A_DEV_TOS] = { .type = NLA_U8, },
	[FMP_A_DEV_TTL] = { .type = NLA_U8, },
	[FMP_A_DEV_MULTICAST] = NLA_POLICY_MAX(NLA_U8, 1),
	[FMP_A_DEV_HANDSHAKE_BURST] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_DEV_HANDSHAKE_RATE] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_DEV_MMP_MODE] = NLA_POLICY_MAX(NLA_U8, 2),
	[FMP_A_DEV_ECN] = NLA_POLICY_MAX(NLA_U8, 1),
	[FMP_A_DEV_CONGESTION_LOSS] = NLA_POLICY_MAX(NLA_U16, 1000),
	[FMP_A_DEV_CONGESTION_ETX] = NLA_POLICY_MAX(NLA_U16, 10000),
	[FMP_A_DEV_TX_BATCH] = NLA_POLICY_MAX(NLA_U8, 1),
	[FMP_A_DEV_RX_BATCH] = NLA_POLICY_MAX(NLA_U8, 1),
	[FMP_A_DEV_SUSPEND_WIPE] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* FMP_CMD_PEER_GET - do */
static const struct nla_policy fmp_peer_get_do_nl_policy[FMP_A_PEER_PUBLIC_KEY + 1] = {
	[FMP_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
};

/* FMP_CMD_PEER_GET - dump */
static const struct nla_policy fmp_peer_get_dump_nl_policy[FMP_A_PEER_IFINDEX + 1] = {
	[FMP_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FMP_CMD_PEER_NEW - do */
static const struct nla_policy fmp_peer_new_nl_policy[FMP_A_PEER_MMP_MODE + 1] = {
	[FMP_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
	[FMP_A_PEER_ENDPOINT_IPV4] = { .type = NLA_BE32, },
	[FMP_A_PEER_ENDPOINT_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[FMP_A_PEER_ENDPOINT_SCOPE_ID] = { .type = NLA_U32, },
	[FMP_A_PEER_ENDPOINT_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[FMP_A_PEER_ADDRESS] = NLA_POLICY_NESTED(fmp_address_nl_policy),
	[FMP_A_PEER_ENDPOINT_NAME] = { .type = NLA_NUL_STRING, .len = FMP_ENDPOINT_NAME_MAX, },
	[FMP_A_PEER_AUTO_CONNECT] = NLA_POLICY_MAX(NLA_U8, 1),
	[FMP_A_PEER_HEARTBEAT] = { .type = NLA_U16, },
	[FMP_A_PEER_DYNAMIC] = { .type = NLA_FLAG, },
	[FMP_A_PEER_DEAD_TIMEOUT] = { .type = NLA_U16, },
	[FMP_A_PEER_MMP_MODE] = NLA_POLICY_MAX(NLA_U8, 3),
};

/* FMP_CMD_PEER_SET - do */
static const struct nla_policy fmp_peer_set_nl_policy[FMP_A_PEER_MMP_MODE + 1] = {
	[FMP_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
	[FMP_A_PEER_ENDPOINT_IPV4] = { .type = NLA_BE32, },
	[FMP_A_PEER_ENDPOINT_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[FMP_A_PEER_ENDPOINT_SCOPE_ID] = { .type = NLA_U32, },
	[FMP_A_PEER_ENDPOINT_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[FMP_A_PEER_ADDRESS] = NLA_POLICY_NESTED(fmp_address_nl_policy),
	[FMP_A_PEER_REPLACE_ADDRESSES] = { .type = NLA_FLAG, },
	[FMP_A_PEER_ENDPOINT_NAME] = { .type = NLA_NUL_STRING, .len = FMP_ENDPOINT_NAME_MAX, },
	[FMP_A_PEER_AUTO_CONNECT] = NLA_POLICY_MAX(NLA_U8, 1),
	[FMP_A_PEER_HEARTBEAT] = { .type = NLA_U16, },
	[FMP_A_PEER_DEAD_TIMEOUT] = { .type = NLA_U16, },
	[FMP_A_PEER_MMP_MODE] = NLA_POLICY_MAX(NLA_U8, 3),
};

/* FMP_CMD_PEER_DEL - do */
static const struct nla_policy fmp_peer_del_nl_policy[FMP_A_PEER_PUBLIC_KEY + 1] = {
	[FMP_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
};

/* FMP_CMD_SESSION_GET - do */
static const struct nla_policy fmp_session_get_do_nl_policy[FMP_A_SESSION_LOCAL_INDEX + 1] = {
	[FMP_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_SESSION_LOCAL_INDEX] = { .type = NLA_U32, },
};

/* FMP_CMD_SESSION_GET - dump */
static const struct nla_policy fmp_session_get_dump_nl_policy[FMP_A_SESSION_IFINDEX + 1] = {
	[FMP_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FMP_CMD_SESSION_NEW - do */
static const struct nla_policy fmp_session_new_nl_policy[FMP_A_SESSION_CANDIDATE + 1] = {
	[FMP_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_SESSION_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
	[FMP_A_SESSION_LOCAL_INDEX] = { .type = NLA_U32, },
	[FMP_A_SESSION_REMOTE_INDEX] = { .type = NLA_U32, },
	[FMP_A_SESSION_SEND_KEY] = NLA_POLICY_EXACT_LEN(FMP_KEY_SIZE),
	[FMP_A_SESSION_RECEIVE_KEY] = NLA_POLICY_EXACT_LEN(FMP_KEY_SIZE),
	[FMP_A_SESSION_INITIATOR] = { .type = NLA_FLAG, },
	[FMP_A_SESSION_EPOCH] = NLA_POLICY_EXACT_LEN(FMP_EPOCH_SIZE),
	[FMP_A_SESSION_CANDIDATE] = { .type = NLA_FLAG, },
};

/* FMP_CMD_SESSION_DEL - do */
static const struct nla_policy fmp_session_del_nl_policy[FMP_A_SESSION_LOCAL_INDEX + 1] = {
	[FMP_A_SESSION_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_SESSION_LOCAL_INDEX] = { .type = NLA_U32, },
};

/* FMP_CMD_REKEY - do */
static const struct nla_policy fmp_rekey_nl_policy[FMP_A_PEER_PUBLIC_KEY + 1] = {
	[FMP_A_PEER_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
};

/* FMP_CMD_AGENT_BIND - do */
static const struct nla_policy fmp_agent_bind_nl_policy[FMP_A_DEV_IFINDEX + 1] = {
	[FMP_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FMP_CMD_AGENT_UNBIND - do */
static const struct nla_policy fmp_agent_unbind_nl_policy[FMP_A_DEV_IFINDEX + 1] = {
	[FMP_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FMP_CMD_LINK_BIND - do */
static const struct nla_policy fmp_link_bind_nl_policy[FMP_A_MESSAGE_IFINDEX + 1] = {
	[FMP_A_MESSAGE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FMP_CMD_LINK_UNBIND - do */
static const struct nla_policy fmp_link_unbind_nl_policy[FMP_A_MESSAGE_IFINDEX + 1] = {
	[FMP_A_MESSAGE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* FMP_CMD_LINK_SEND - do */
static const struct nla_policy fmp_link_send_nl_policy[FMP_A_MESSAGE_CE + 1] = {
	[FMP_A_MESSAGE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_MESSAGE_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
	[FMP_A_MESSAGE_PAYLOAD] = { .type = NLA_BINARY, },
	[FMP_A_MESSAGE_CE] = { .type = NLA_FLAG, },
};

/* FMP_CMD_INDEX_RESERVE - do */
static const struct nla_policy fmp_index_reserve_nl_policy[FMP_A_HANDSHAKE_PUBLIC_KEY + 1] = {
	[FMP_A_HANDSHAKE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_HANDSHAKE_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
};

/* FMP_CMD_INDEX_RELEASE - do */
static const struct nla_policy fmp_index_release_nl_policy[FMP_A_HANDSHAKE_LOCAL_INDEX + 1] = {
	[FMP_A_HANDSHAKE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_HANDSHAKE_LOCAL_INDEX] = { .type = NLA_U32, },
};

/* FMP_CMD_HANDSHAKE_SEND - do */
static const struct nla_policy fmp_handshake_send_nl_policy[FMP_A_HANDSHAKE_LOCAL_IPV6 + 1] = {
	[FMP_A_HANDSHAKE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_HANDSHAKE_FRAME] = { .type = NLA_BINARY, },
	[FMP_A_HANDSHAKE_ENDPOINT_IPV4] = { .type = NLA_BE32, },
	[FMP_A_HANDSHAKE_ENDPOINT_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID] = { .type = NLA_U32, },
	[FMP_A_HANDSHAKE_ENDPOINT_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[FMP_A_HANDSHAKE_LOCAL_IPV4] = { .type = NLA_BE32, },
	[FMP_A_HANDSHAKE_LOCAL_IPV6] = NLA_POLICY_EXACT_LEN(16),
};

/* FMP_CMD_HANDSHAKE_REPORT - do */
static const struct nla_policy fmp_handshake_report_nl_policy[FMP_A_HANDSHAKE_CAUSE + 1] = {
	[FMP_A_HANDSHAKE_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[FMP_A_HANDSHAKE_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(FMP_PUBLIC_KEY_SIZE),
	[FMP_A_HANDSHAKE_EVENT] = NLA_POLICY_MAX(NLA_U8, 3),
	[FMP_A_HANDSHAKE_CAUSE] = NLA_POLICY_MAX(NLA_U8, 4),
};

/* Ops table for fmp */
static const struct genl_split_ops fmp_nl_ops[] = {
	{
		.cmd		= FMP_CMD_DEV_GET,
		.doit		= fmp_nl_dev_get_doit,
		.policy		= fmp_dev_get_nl_policy,
		.maxattr	= FMP_A_DEV_IFINDEX,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= FMP_CMD_DEV_GET,
		.dumpit	= fmp_nl_dev_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FMP_CMD_DEV_SET,
		.doit		= fmp_nl_dev_set_doit,
		.policy		= fmp_dev_set_nl_policy,
		.maxattr	= FMP_A_DEV_SUSPEND_WIPE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_PEER_GET,
		.doit		= fmp_nl_peer_get_doit,
		.policy		= fmp_peer_get_do_nl_policy,
		.maxattr	= FMP_A_PEER_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_PEER_GET,
		.dumpit		= fmp_nl_peer_get_dumpit,
		.policy		= fmp_peer_get_dump_nl_policy,
		.maxattr	= FMP_A_PEER_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FMP_CMD_PEER_NEW,
		.doit		= fmp_nl_peer_new_doit,
		.policy		= fmp_peer_new_nl_policy,
		.maxattr	= FMP_A_PEER_MMP_MODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_PEER_SET,
		.doit		= fmp_nl_peer_set_doit,
		.policy		= fmp_peer_set_nl_policy,
		.maxattr	= FMP_A_PEER_MMP_MODE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_PEER_DEL,
		.doit		= fmp_nl_peer_del_doit,
		.policy		= fmp_peer_del_nl_policy,
		.maxattr	= FMP_A_PEER_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_SESSION_GET,
		.doit		= fmp_nl_session_get_doit,
		.policy		= fmp_session_get_do_nl_policy,
		.maxattr	= FMP_A_SESSION_LOCAL_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_SESSION_GET,
		.dumpit		= fmp_nl_session_get_dumpit,
		.policy		= fmp_session_get_dump_nl_policy,
		.maxattr	= FMP_A_SESSION_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= FMP_CMD_SESSION_NEW,
		.doit		= fmp_nl_session_new_doit,
		.policy		= fmp_session_new_nl_policy,
		.maxattr	= FMP_A_SESSION_CANDIDATE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_SESSION_DEL,
		.doit		= fmp_nl_session_del_doit,
		.policy		= fmp_session_del_nl_policy,
		.maxattr	= FMP_A_SESSION_LOCAL_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_REKEY,
		.doit		= fmp_nl_rekey_doit,
		.policy		= fmp_rekey_nl_policy,
		.maxattr	= FMP_A_PEER_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_AGENT_BIND,
		.doit		= fmp_nl_agent_bind_doit,
		.policy		= fmp_agent_bind_nl_policy,
		.maxattr	= FMP_A_DEV_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_AGENT_UNBIND,
		.doit		= fmp_nl_agent_unbind_doit,
		.policy		= fmp_agent_unbind_nl_policy,
		.maxattr	= FMP_A_DEV_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_LINK_BIND,
		.doit		= fmp_nl_link_bind_doit,
		.policy		= fmp_link_bind_nl_policy,
		.maxattr	= FMP_A_MESSAGE_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_LINK_UNBIND,
		.doit		= fmp_nl_link_unbind_doit,
		.policy		= fmp_link_unbind_nl_policy,
		.maxattr	= FMP_A_MESSAGE_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_LINK_SEND,
		.doit		= fmp_nl_link_send_doit,
		.policy		= fmp_link_send_nl_policy,
		.maxattr	= FMP_A_MESSAGE_CE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_INDEX_RESERVE,
		.doit		= fmp_nl_index_reserve_doit,
		.policy		= fmp_index_reserve_nl_policy,
		.maxattr	= FMP_A_HANDSHAKE_PUBLIC_KEY,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_INDEX_RELEASE,
		.doit		= fmp_nl_index_release_doit,
		.policy		= fmp_index_release_nl_policy,
		.maxattr	= FMP_A_HANDSHAKE_LOCAL_INDEX,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_HANDSHAKE_SEND,
		.doit		= fmp_nl_handshake_send_doit,
		.policy		= fmp_handshake_send_nl_policy,
		.maxattr	= FMP_A_HANDSHAKE_LOCAL_IPV6,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= FMP_CMD_HANDSHAKE_REPORT,
		.doit		= fmp_nl_handshake_report_doit,
		.policy		= fmp_handshake_report_nl_policy,
		.maxattr	= FMP_A_HANDSHAKE_CAUSE,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group fmp_nl_mcgrps[] = {
	[FMP_NLGRP_CONFIG] = { "config", },
	[FMP_NLGRP_EVENTS] = { "events", },
};

struct genl_family fmp_nl_family __ro_after_init = {
	.name		= FMP_FAMILY_NAME,
	.version	= FMP_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= fmp_nl_ops,
	.n_split_ops	= ARRAY_SIZE(fmp_nl_ops),
	.mcgrps		= fmp_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(fmp_nl_mcgrps),
};
