// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over generic netlink about link messages, and about who answers
 * for a device.
 */
#include <net/genetlink.h>
#include <uapi/linux/fmp.h>

#include "netlink-gen.h"

/**
 * fmp_nl_agent_bind_doit() - make the sender the agent of a device
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_agent_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

/**
 * fmp_nl_agent_unbind_doit() - have no agent for a device any more
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_agent_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

/**
 * fmp_nl_link_bind_doit() - give link messages of a device to the sender
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_link_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

/**
 * fmp_nl_link_unbind_doit() - give link messages of a device to nobody
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_link_unbind_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

/**
 * fmp_nl_link_send_doit() - send a link message to a peer
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: Process context.
 * Return: 0, or a negative error.
 */
int fmp_nl_link_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}
