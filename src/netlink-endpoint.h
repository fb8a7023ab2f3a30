/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Endpoints in requests over generic netlink.
 */
#ifndef FMP_NETLINK_ENDPOINT_H
#define FMP_NETLINK_ENDPOINT_H

#include "endpoint.h"

struct genl_info;

/**
 * struct fmp_nl_endpoint_attrs - how an attribute set numbers an endpoint
 * @ipv4: IPv4 address
 * @ipv6: IPv6 address
 * @scope_id: u32
 * @port: u16, big-endian, not 0
 */
struct fmp_nl_endpoint_attrs {
	u8 ipv4;
	u8 ipv6;
	u8 scope_id;
	u8 port;
};

/* Of the sets "peer" and "handshake". */
extern const struct fmp_nl_endpoint_attrs fmp_nl_peer_endpoint;
extern const struct fmp_nl_endpoint_attrs fmp_nl_handshake_endpoint;

int fmp_nl_remote(struct genl_info *info,
		  const struct fmp_nl_endpoint_attrs *attrs,
		  union fmp_sockaddr *remote);

#endif /* FMP_NETLINK_ENDPOINT_H */
