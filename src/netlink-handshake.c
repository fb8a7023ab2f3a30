// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over generic netlink about handshakes.
 */
#include <net/genetlink.h>

#include "netlink-gen.h"

/**
 * fmp_nl_index_reserve_doit() - reserve a receiver index for a handshake
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: -EOPNOTSUPP.
 */
int fmp_nl_index_reserve_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

/**
 * fmp_nl_index_release_doit() - give a reserved index back
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: -EOPNOTSUPP.
 */
int fmp_nl_index_release_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

/**
 * fmp_nl_handshake_send_doit() - send a handshake message
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: -EOPNOTSUPP.
 */
int fmp_nl_handshake_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

/**
 * fmp_nl_handshake_report_doit() - tell what became of a handshake
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: -EOPNOTSUPP.
 */
int fmp_nl_handshake_report_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}
