// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoints in requests over generic netlink.
 */
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <uapi/linux/fmp.h>

#include "netlink-endpoint.h"

const struct fmp_nl_endpoint_attrs fmp_nl_peer_endpoint = {
	.ipv4		= FMP_A_PEER_ENDPOINT_IPV4,
	.ipv6		= FMP_A_PEER_ENDPOINT_IPV6,
	.scope_id	= FMP_A_PEER_ENDPOINT_SCOPE_ID,
	.port		= FMP_A_PEER_ENDPOINT_PORT,
};

const struct fmp_nl_endpoint_attrs fmp_nl_handshake_endpoint = {
	.ipv4		= FMP_A_HANDSHAKE_ENDPOINT_IPV4,
	.ipv6		= FMP_A_HANDSHAKE_ENDPOINT_IPV6,
	.scope_id	= FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID,
	.port		= FMP_A_HANDSHAKE_ENDPOINT_PORT,
};

static int fmp_nl_check_endpoint4(struct genl_info *info,
				  const struct sockaddr_in *in4)
{
	__be32 addr = in4->sin_addr.s_addr;

	if (!addr || ipv4_is_multicast(addr) || ipv4_is_lbcast(addr)) {
		GENL_SET_ERR_MSG(info, "endpoint-ipv4 is not a unicast address");
		return -EINVAL;
	}
	return 0;
}

static int fmp_nl_check_endpoint6(struct genl_info *info,
				  const struct sockaddr_in6 *in6)
{
	int type = ipv6_addr_type(&in6->sin6_addr);

	if (type == IPV6_ADDR_ANY || type & IPV6_ADDR_MULTICAST ||
	    type & IPV6_ADDR_MAPPED) {
		GENL_SET_ERR_MSG(info, "endpoint-ipv6 is not a unicast address");
		return -EINVAL;
	}
	if (__ipv6_addr_needs_scope_id(type) && !in6->sin6_scope_id) {
		GENL_SET_ERR_MSG(info, "A link-local endpoint-ipv6 needs an endpoint-scope-id");
		return -EINVAL;
	}
	if (!__ipv6_addr_needs_scope_id(type) && in6->sin6_scope_id) {
		GENL_SET_ERR_MSG(info, "endpoint-scope-id is for a link-local endpoint-ipv6");
		return -EINVAL;
	}
	return 0;
}

static int fmp_nl_remote4(struct genl_info *info,
			  const struct fmp_nl_endpoint_attrs *attrs,
			  struct sockaddr_in *in4)
{
	struct nlattr **tb = info->attrs;

	if (tb[attrs->scope_id]) {
		GENL_SET_ERR_MSG(info, "endpoint-scope-id is for a link-local endpoint-ipv6");
		return -EINVAL;
	}
	in4->sin_family = AF_INET;
	in4->sin_addr.s_addr = nla_get_in_addr(tb[attrs->ipv4]);
	in4->sin_port = nla_get_be16(tb[attrs->port]);
	return fmp_nl_check_endpoint4(info, in4);
}

static int fmp_nl_remote6(struct genl_info *info,
			  const struct fmp_nl_endpoint_attrs *attrs,
			  struct sockaddr_in6 *in6)
{
	struct nlattr **tb = info->attrs;

	in6->sin6_family = AF_INET6;
	in6->sin6_addr = nla_get_in6_addr(tb[attrs->ipv6]);
	in6->sin6_port = nla_get_be16(tb[attrs->port]);
	if (tb[attrs->scope_id])
		in6->sin6_scope_id = nla_get_u32(tb[attrs->scope_id]);
	return fmp_nl_check_endpoint6(info, in6);
}

/**
 * fmp_nl_remote() - read the endpoint of a request
 * @info: the request
 * @attrs: how its attributes are numbered
 * @remote: result, zeroes where it has nothing
 *
 * Context: Process context.
 * Return: 0, -ENODATA if the request has none, or -EINVAL, which was explained
 * to the sender.
 */
int fmp_nl_remote(struct genl_info *info,
		  const struct fmp_nl_endpoint_attrs *attrs,
		  union fmp_sockaddr *remote)
{
	struct nlattr **tb = info->attrs;

	memset(remote, 0, sizeof(*remote));
	if (!tb[attrs->ipv4] && !tb[attrs->ipv6]) {
		if (!tb[attrs->port] && !tb[attrs->scope_id])
			return -ENODATA;
		GENL_SET_ERR_MSG(info, "endpoint-ipv4 or endpoint-ipv6 is missing");
		return -EINVAL;
	}
	if (tb[attrs->ipv4] && tb[attrs->ipv6]) {
		GENL_SET_ERR_MSG(info, "endpoint-ipv4 and endpoint-ipv6 exclude each other");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, attrs->port)) {
		GENL_SET_ERR_MSG(info, "Attribute endpoint-port is missing");
		return -EINVAL;
	}
	if (tb[attrs->ipv4])
		return fmp_nl_remote4(info, attrs, &remote->in4);
	return fmp_nl_remote6(info, attrs, &remote->in6);
}
