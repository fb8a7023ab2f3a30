/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_NETDEVICE_H
#define FMP_COMPAT_NETDEVICE_H

#include <linux/netdevice.h>
#include <net/gro.h>
#include <net/rtnetlink.h>

/* A feature flag until 6.12. */
static inline void fmp_compat_set_lltx(struct net_device *dev)
{
#ifdef FMP_HAS_NETDEV_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

/* What GRO holds became an object of its own in 6.15. */
static inline void fmp_compat_gro_flush(struct napi_struct *napi)
{
#ifdef FMP_HAS_GRO_NODE
	gro_flush(&napi->gro, false);
#else
	napi_gro_flush(napi, false);
#endif
}

static inline bool fmp_compat_gro_is_empty(const struct napi_struct *napi)
{
#ifdef FMP_HAS_GRO_NODE
	return !napi->gro.bitmask && !napi->gro.rx_count;
#else
	return !napi->gro_bitmask && !napi->rx_count;
#endif
}

/* The limit for IPv4 became one of its own in 6.3. */
static inline unsigned int fmp_compat_gro_max_size(const struct net_device *dev,
						   bool ip4)
{
#ifdef FMP_HAS_GRO_IPV4_MAX_SIZE
	if (ip4)
		return READ_ONCE(dev->gro_ipv4_max_size);
#endif
	return READ_ONCE(dev->gro_max_size);
}

/* Parameters of ->newlink() came one by one, until 6.15. */
#ifdef FMP_HAS_NEWLINK_PARAMS
#define fmp_compat_newlink	fmp_newlink
#else
struct rtnl_newlink_params {
	struct net *src_net;
	struct nlattr **tb;
	struct nlattr **data;
};

static inline struct net *
rtnl_newlink_link_net(struct rtnl_newlink_params *params)
{
	return params->src_net;
}

int fmp_newlink(struct net_device *dev, struct rtnl_newlink_params *params,
		struct netlink_ext_ack *extack);

static inline int fmp_compat_newlink(struct net *src_net,
				     struct net_device *dev,
				     struct nlattr *tb[], struct nlattr *data[],
				     struct netlink_ext_ack *extack)
{
	struct rtnl_newlink_params params = {
		.src_net	= src_net,
		.tb		= tb,
		.data		= data,
	};

	return fmp_newlink(dev, &params, extack);
}
#endif

#endif /* FMP_COMPAT_NETDEVICE_H */
