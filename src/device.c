// SPDX-License-Identifier: GPL-2.0
/*
 * The netdevice.
 */
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/ip_tunnels.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <uapi/linux/fmp.h>

#include "device.h"
#include "endpoint.h"
#include "lane.h"
#include "notify.h"
#include "overlay.h"
#include "peer.h"
#include "rx-batch.h"
#include "session.h"
#include "socket.h"
#include "staging.h"
#include "tx.h"
#include "wire.h"

/* What the outer headers take of an IPv6 packet, and of an IPv4 one. */
#define FMP_OUTER_LEN6	(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + \
			 FMP_IP_OVERHEAD)
#define FMP_OUTER_LEN4	(sizeof(struct iphdr) + sizeof(struct udphdr) + \
			 FMP_IP_OVERHEAD)

static const struct nla_policy fmp_link_policy[IFLA_FMP_MAX + 1] = {
	[IFLA_FMP_PORT]		= { .type = NLA_U16 },
	[IFLA_FMP_FWMARK]	= { .type = NLA_U32 },
	[IFLA_FMP_SOURCE_CHECK]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_FMP_LOCAL_IPV4]	= { .type = NLA_BE32 },
	[IFLA_FMP_LOCAL_IPV6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[IFLA_FMP_UNDERLAY]	= { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
	[IFLA_FMP_TOS]		= { .type = NLA_U8 },
	[IFLA_FMP_TTL]		= { .type = NLA_U8 },
	[IFLA_FMP_MULTICAST]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_FMP_HANDSHAKE_BURST] = NLA_POLICY_MIN(NLA_U32, 1),
	[IFLA_FMP_HANDSHAKE_RATE] = NLA_POLICY_MIN(NLA_U32, 1),
	[IFLA_FMP_MMP_MODE]	= NLA_POLICY_MAX(NLA_U8,
						 FMP_MMP_MODE_MINIMAL),
	[IFLA_FMP_ECN]		= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_FMP_CONGESTION_LOSS] = NLA_POLICY_MAX(NLA_U16, 1000),
	[IFLA_FMP_CONGESTION_ETX] = NLA_POLICY_MAX(NLA_U16, 10000),
	[IFLA_FMP_TX_BATCH]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_FMP_RX_BATCH]	= NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_FMP_SUSPEND_WIPE]	= NLA_POLICY_MAX(NLA_U8, 1),
};

/* All devices, for the namespaces of their sockets. */
static DEFINE_MUTEX(fmp_devices_lock);
static LIST_HEAD(fmp_devices);

/* There may be very many of them. */
static void fmp_visit_peers(struct fmp_dev *fmp,
			    void (*act)(struct fmp_peer *peer))
{
	struct fmp_peer *peer;
	unsigned long id;

	lockdep_assert_held(&fmp->lock);

	xa_for_each(&fmp->peer_ids, id, peer) {
		act(peer);
		cond_resched();
	}
}

/*
 * With closed sockets nobody is using the route, and it is released at once:
 * its namespace may be about to go.
 */
static void fmp_forget_route(struct fmp_peer *peer)
{
	struct fmp_endpoint *endpoint;

	rcu_read_lock();
	endpoint = rcu_dereference(peer->endpoint);
	if (endpoint && peer->fmp->up)
		dst_cache_reset(&endpoint->cache);
	else if (endpoint)
		dst_cache_reset_now(&endpoint->cache);
	rcu_read_unlock();
}

static void fmp_forget_routes(struct fmp_dev *fmp)
{
	fmp_visit_peers(fmp, fmp_forget_route);
}

static void fmp_close(struct fmp_dev *fmp)
{
	if (fmp->up && fmp->config.rx_batch)
		fmp_rx_batch_unhook(fmp->birth_net);
	fmp->up = false;
	fmp_socket_close(fmp);
	fmp_forget_routes(fmp);
}

/*
 * Peers are hosts, not routers that the administrator chose: none may make
 * itself our default route, or send our packets elsewhere. The sysctls can
 * be set again while the device is up.
 */
static void fmp_distrust_peers(struct net_device *dev)
{
	struct in_device *in_dev = __in_dev_get_rtnl(dev);
	struct inet6_dev *in6_dev = __in6_dev_get(dev);

	if (in_dev)
		IN_DEV_CONF_SET(in_dev, ACCEPT_REDIRECTS, 0);
	if (in6_dev) {
		WRITE_ONCE(in6_dev->cnf.accept_ra, 0);
		WRITE_ONCE(in6_dev->cnf.accept_redirects, 0);
	}
}

static int fmp_up(struct net_device *dev)
{
	struct fmp_dev *fmp = netdev_priv(dev);
	struct fmp_config config;
	int err;

	fmp_lanes_open(fmp);
	mutex_lock(&fmp->lock);
	config = fmp->config;
	err = fmp_socket_open(fmp, &config);
	if (err)
		goto close_lanes;
	if (config.rx_batch)
		err = fmp_rx_batch_hook(fmp->birth_net);
	if (err)
		goto close_sockets;
	fmp_config_write(fmp, &config);
	fmp->up = true;
	fmp_distrust_peers(dev);
	mutex_unlock(&fmp->lock);
	return 0;

close_sockets:
	fmp_socket_close(fmp);
close_lanes:
	mutex_unlock(&fmp->lock);
	fmp_lanes_close(fmp);
	return err;
}

static int fmp_stop(struct net_device *dev)
{
	struct fmp_dev *fmp = netdev_priv(dev);

	mutex_lock(&fmp->lock);
	fmp_close(fmp);
	fmp_staging_purge_all(fmp);
	mutex_unlock(&fmp->lock);
	fmp_multicast_flush(fmp);
	fmp_lanes_close(fmp);
	return 0;
}

static int fmp_init(struct net_device *dev)
{
	struct fmp_dev *fmp = netdev_priv(dev);
	int err;

	fmp->stats = alloc_percpu(struct fmp_stats);
	if (!fmp->stats)
		return -ENOMEM;
	err = fmp_lanes_init(fmp);
	if (err)
		goto free_stats;
	err = fmp_index_table_init(&fmp->indices);
	if (err)
		goto destroy_lanes;
	err = fmp_overlay_table_init(fmp);
	if (err)
		goto destroy_indices;
	err = fmp_endpoint_table_init(fmp);
	if (err)
		goto destroy_overlay;
	err = fmp_peer_table_init(fmp);
	if (err)
		goto destroy_endpoints;

	mutex_lock(&fmp_devices_lock);
	list_add_tail(&fmp->list, &fmp_devices);
	mutex_unlock(&fmp_devices_lock);
	return 0;

destroy_endpoints:
	fmp_endpoint_table_destroy(fmp);
destroy_overlay:
	fmp_overlay_table_destroy(fmp);
destroy_indices:
	fmp_index_table_destroy(&fmp->indices);
destroy_lanes:
	fmp_lanes_unhook(fmp);
	synchronize_net();
	fmp_lanes_destroy(fmp);
free_stats:
	free_percpu(fmp->stats);
	return err;
}

static void fmp_remove_peers(struct fmp_dev *fmp)
{
	struct fmp_peer *peer;
	unsigned long id;

	xa_for_each(&fmp->peer_ids, id, peer)
		fmp_peer_remove(peer);
}

/*
 * A packet socket that bypasses the queues can get here while the device goes
 * away. What it finds then is empty, and lasts as long as its reference.
 */
static void fmp_destruct(struct net_device *dev)
{
	struct fmp_dev *fmp = netdev_priv(dev);

	fmp_peer_table_destroy(fmp);
	fmp_endpoint_table_destroy(fmp);
	fmp_overlay_table_destroy(fmp);
	fmp_index_table_destroy(&fmp->indices);
	fmp_lanes_destroy(fmp);
	free_percpu(fmp->stats);
}

static void fmp_uninit(struct net_device *dev)
{
	struct fmp_dev *fmp = netdev_priv(dev);

	mutex_lock(&fmp_devices_lock);
	list_del(&fmp->list);
	mutex_unlock(&fmp_devices_lock);

	/* Who waited for the lock finds the device dead. */
	mutex_lock(&fmp->lock);
	fmp->dead = true;
	fmp_remove_peers(fmp);
	mutex_unlock(&fmp->lock);

	fmp_lanes_unhook(fmp);
	synchronize_net();
	fmp_multicast_flush(fmp);
}

static void fmp_get_stats64(struct net_device *dev,
			    struct rtnl_link_stats64 *stats)
{
	struct fmp_dev *fmp = netdev_priv(dev);
	int i;

	dev_get_tstats64(dev, stats);
	for (i = FMP_RX_DROP_FIRST; i <= FMP_RX_DROP_LAST; i++)
		stats->rx_dropped += fmp_stat_read(fmp->stats, i);
	for (i = FMP_TX_DROP_FIRST; i <= FMP_TX_DROP_LAST; i++)
		stats->tx_dropped += fmp_stat_read(fmp->stats, i);
}

static const struct net_device_ops fmp_netdev_ops = {
	.ndo_init		= fmp_init,
	.ndo_uninit		= fmp_uninit,
	.ndo_open		= fmp_up,
	.ndo_stop		= fmp_stop,
	.ndo_start_xmit		= fmp_tx,
	.ndo_get_stats64	= fmp_get_stats64,
};

static const struct device_type fmp_device_type = { .name = "fmp" };

/**
 * fmp_dev_is() - tell whether a netdevice is one of ours
 * @dev: the netdevice
 *
 * Context: Any.
 * Return: true if its private part is a struct fmp_dev.
 */
bool fmp_dev_is(const struct net_device *dev)
{
	return dev->netdev_ops == &fmp_netdev_ops;
}

static void fmp_setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_SG | NETIF_F_HW_CSUM |
					   NETIF_F_RXCSUM | NETIF_F_HIGHDMA |
					   NETIF_F_GSO_SOFTWARE;
	struct fmp_dev *fmp = netdev_priv(dev);

	fmp->dev = dev;
	mutex_init(&fmp->lock);
	seqcount_mutex_init(&fmp->config_seq, &fmp->lock);
	fmp_config_init(&fmp->config);
	fmp_multicast_init(&fmp->multicast);
	fmp_handshake_init(fmp);

	dev->netdev_ops = &fmp_netdev_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->ethtool_ops = &fmp_ethtool_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = fmp_destruct;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	SET_NETDEV_DEVTYPE(dev, &fmp_device_type);

	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST;
	dev->priv_flags |= IFF_NO_QUEUE;
	fmp_compat_set_lltx(dev);
	/* Routes tell the peer; transmission needs them. */
	netif_keep_dst(dev);

	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	dev->needed_headroom = FMP_TX_HEADROOM;
	dev->needed_tailroom = FMP_TAG_LEN;
	dev->mtu = ETH_DATA_LEN - FMP_OUTER_LEN6;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU - FMP_OUTER_LEN4;
}

/**
 * fmp_newlink() - create a device
 * @dev: netdevice that fmp_setup() prepared
 * @params: namespaces and attributes of the request
 * @extack: for errors
 *
 * The sockets will be opened in the namespace of the request, or in the one
 * that it names by link-netnsid, wherever the device is put.
 *
 * Context: Process context, RTNL held.
 * Return: 0, or a negative error.
 */
int fmp_newlink(struct net_device *dev, struct rtnl_newlink_params *params,
		struct netlink_ext_ack *extack)
{
	struct fmp_dev *fmp = netdev_priv(dev);
	int err;

	fmp->birth_net = rtnl_newlink_link_net(params);
	err = fmp_config_read(fmp, &fmp->config, params->data,
			      &fmp_config_link_attrs, extack);
	if (!err)
		err = fmp_config_check(fmp, &fmp->config, NULL, extack);
	if (err)
		return err;
	return register_netdevice(dev);
}

/* Says which of the settings the sockets could not be opened with. */
static void fmp_explain_open(const struct fmp_config *old,
			     const struct fmp_config *next,
			     struct netlink_ext_ack *extack)
{
	struct fmp_config other_port = *old;

	other_port.port = next->port;
	if (!fmp_config_moves_sockets(&other_port, next))
		NL_SET_ERR_MSG(extack, "Port cannot be opened");
	else
		NL_SET_ERR_MSG(extack,
			       "Sockets cannot be opened with this address, underlay and port");
}

/**
 * fmp_dev_configure() - change the settings of a device
 * @fmp: device
 * @config: what they shall be
 * @request: netlink message that wants it, NULL if it came over rtnetlink
 * @extack: for errors
 *
 * On failure the settings are what they were.
 *
 * Context: Process context, the device's lock held.
 * Return: 0, or a negative error.
 */
int fmp_dev_configure(struct fmp_dev *fmp, const struct fmp_config *config,
		      const struct sk_buff *request,
		      struct netlink_ext_ack *extack)
{
	struct fmp_config next = *config;
	bool move, reroute, measure, hook, unhook;
	int err;

	err = fmp_config_check(fmp, config, request, extack);
	if (err)
		return err;
	move = fmp->up && fmp_config_moves_sockets(&fmp->config, config);
	reroute = move || fmp->config.fwmark != config->fwmark;
	hook = fmp->up && config->rx_batch && !fmp->config.rx_batch;
	unhook = fmp->up && !config->rx_batch && fmp->config.rx_batch;
	if (hook) {
		err = fmp_rx_batch_hook(fmp->birth_net);
		if (err)
			return err;
	}
	if (move) {
		err = fmp_socket_open(fmp, &next);
		if (err) {
			fmp_explain_open(&fmp->config, &next, extack);
			goto unhook_batches;
		}
	}

	measure = fmp_config_measures_otherwise(&fmp->config, config);
	fmp_config_write(fmp, &next);
	if (hook || unhook)
		fmp_socket_set_gro(fmp, hook);
	if (unhook)
		fmp_rx_batch_unhook(fmp->birth_net);
	if (reroute)
		fmp_forget_routes(fmp);
	if (measure)
		fmp_visit_peers(fmp, fmp_peer_look);
	return 0;

unhook_batches:
	if (hook)
		fmp_rx_batch_unhook(fmp->birth_net);
	return err;
}

static int fmp_changelink(struct net_device *dev, struct nlattr *tb[],
			  struct nlattr *data[],
			  struct netlink_ext_ack *extack)
{
	struct fmp_dev *fmp = netdev_priv(dev);
	struct fmp_config config;
	int err;

	mutex_lock(&fmp->lock);
	config = fmp->config;
	err = fmp_config_read(fmp, &config, data, &fmp_config_link_attrs,
			      extack);
	if (!err)
		err = fmp_dev_configure(fmp, &config, NULL, extack);
	mutex_unlock(&fmp->lock);
	return err;
}

static size_t fmp_get_size(const struct net_device *dev)
{
	return fmp_config_fill_size();
}

static int fmp_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	return fmp_config_fill(skb, netdev_priv(dev), &fmp_config_link_attrs);
}

/* Each message about the device has them: what is zero is left out. */
static size_t fmp_get_xstats_size(const struct net_device *dev)
{
	return fmp_fill_counters_size();
}

static int fmp_fill_xstats(struct sk_buff *skb, const struct net_device *dev)
{
	struct nlattr *nest = nla_nest_start_noflag(skb, IFLA_INFO_XSTATS);

	if (!nest)
		return -EMSGSIZE;
	if (fmp_fill_counters(skb, netdev_priv(dev), false)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static struct rtnl_link_ops fmp_link_ops __read_mostly = {
	.kind		= KBUILD_MODNAME,
	.priv_size	= sizeof(struct fmp_dev),
	.setup		= fmp_setup,
	.maxtype	= IFLA_FMP_MAX,
	.policy		= fmp_link_policy,
	.newlink	= fmp_compat_newlink,
	.changelink	= fmp_changelink,
	.get_size	= fmp_get_size,
	.fill_info	= fmp_fill_info,
	.get_xstats_size = fmp_get_xstats_size,
	.fill_xstats	= fmp_fill_xstats,
};

/*
 * A namespace goes away. Devices that live in it are removed by the core;
 * those that moved out of it lose their sockets, and stay without.
 */
static void fmp_net_pre_exit(struct net *net)
{
	struct fmp_dev *fmp;

	mutex_lock(&fmp_devices_lock);
	list_for_each_entry(fmp, &fmp_devices, list) {
		mutex_lock(&fmp->lock);
		if (fmp->birth_net == net) {
			fmp_close(fmp);
			WRITE_ONCE(fmp->birth_net, NULL);
			netif_carrier_off(fmp->dev);
		}
		mutex_unlock(&fmp->lock);
	}
	mutex_unlock(&fmp_devices_lock);
}

/**
 * fmp_dev_wipe_all() - remove sessions, and wipe their keys
 * @copied: the machine was copied, and may not use what the copy has; else it
 *          goes to sleep, and devices that are told so keep theirs
 *
 * Context: Process context.
 */
void fmp_dev_wipe_all(bool copied)
{
	struct fmp_dev *fmp;

	mutex_lock(&fmp_devices_lock);
	list_for_each_entry(fmp, &fmp_devices, list) {
		mutex_lock(&fmp->lock);
		/* The copy's handshakes would give it the same keys. */
		if (copied)
			fmp_index_forget_agent(&fmp->indices);
		if (!copied)
			fmp->keyless = fmp->config.suspend_wipe;
		if (copied || fmp->keyless)
			fmp_visit_peers(fmp, fmp_session_wipe_all);
		mutex_unlock(&fmp->lock);
	}
	mutex_unlock(&fmp_devices_lock);
	/* Their keys go a grace period later. */
	rcu_barrier();
}

/**
 * fmp_dev_awake_all() - the machine is awake, and devices may have keys again
 *
 * Context: Process context.
 */
void fmp_dev_awake_all(void)
{
	struct fmp_dev *fmp;

	mutex_lock(&fmp_devices_lock);
	list_for_each_entry(fmp, &fmp_devices, list) {
		mutex_lock(&fmp->lock);
		fmp->keyless = false;
		mutex_unlock(&fmp->lock);
	}
	mutex_unlock(&fmp_devices_lock);
}

static struct pernet_operations fmp_net_ops = {
	.pre_exit = fmp_net_pre_exit,
};

/*
 * With an MTU below that of IPv6 the device loses it, and what it gets with a
 * greater one is fresh, with the settings of any other device.
 */
static int fmp_dev_event(struct notifier_block *block, unsigned long event,
			 void *info)
{
	const struct netdev_notifier_info_ext *change = info;
	struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (event == NETDEV_CHANGEMTU && fmp_dev_is(dev) &&
	    change->ext.mtu < IPV6_MIN_MTU && netif_running(dev))
		fmp_distrust_peers(dev);
	return NOTIFY_DONE;
}

/* Behind that of IPv6, which was there before. */
static struct notifier_block fmp_dev_block = {
	.notifier_call = fmp_dev_event,
};

/**
 * fmp_dev_register() - let devices be created
 *
 * Context: Process context, at module load.
 * Return: 0, or a negative error.
 */
int fmp_dev_register(void)
{
	int err;

	err = register_pernet_device(&fmp_net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&fmp_dev_block);
	if (err)
		goto unregister_net;
	err = rtnl_link_register(&fmp_link_ops);
	if (err)
		goto unregister_notifier;
	return 0;

unregister_notifier:
	unregister_netdevice_notifier(&fmp_dev_block);
unregister_net:
	unregister_pernet_device(&fmp_net_ops);
	return err;
}

/**
 * fmp_dev_unregister() - remove all devices, and create no more
 *
 * Context: Process context, at module unload.
 */
void fmp_dev_unregister(void)
{
	rtnl_link_unregister(&fmp_link_ops);
	unregister_netdevice_notifier(&fmp_dev_block);
	unregister_pernet_device(&fmp_net_ops);
}

MODULE_ALIAS_RTNL_LINK(KBUILD_MODNAME);
