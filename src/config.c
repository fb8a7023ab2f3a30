// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of a device: reading them from netlink, judging and telling them.
 */
#include <linux/capability.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <uapi/linux/fmp.h>

#include "config.h"
#include "device.h"

/* Spec 7.6, of strangers. */
#define FMP_CONFIG_HANDSHAKE_BURST	100
#define FMP_CONFIG_HANDSHAKE_RATE	10
/* Spec 9.10: 5 % and 3. */
#define FMP_CONFIG_CONGESTION_LOSS	50
#define FMP_CONFIG_CONGESTION_ETX	300

const struct fmp_config_attrs fmp_config_dev_attrs = {
	.port		= FMP_A_DEV_PORT,
	.fwmark		= FMP_A_DEV_FWMARK,
	.source_check	= FMP_A_DEV_SOURCE_CHECK,
	.local4		= FMP_A_DEV_LOCAL_IPV4,
	.local6		= FMP_A_DEV_LOCAL_IPV6,
	.underlay	= FMP_A_DEV_UNDERLAY,
	.tos		= FMP_A_DEV_TOS,
	.ttl		= FMP_A_DEV_TTL,
	.multicast	= FMP_A_DEV_MULTICAST,
	.handshake_burst = FMP_A_DEV_HANDSHAKE_BURST,
	.handshake_rate	= FMP_A_DEV_HANDSHAKE_RATE,
	.mmp_mode	= FMP_A_DEV_MMP_MODE,
	.ecn		= FMP_A_DEV_ECN,
	.congestion_loss = FMP_A_DEV_CONGESTION_LOSS,
	.congestion_etx	= FMP_A_DEV_CONGESTION_ETX,
	.tx_batch	= FMP_A_DEV_TX_BATCH,
	.rx_batch	= FMP_A_DEV_RX_BATCH,
	.suspend_wipe	= FMP_A_DEV_SUSPEND_WIPE,
};

const struct fmp_config_attrs fmp_config_link_attrs = {
	.port		= IFLA_FMP_PORT,
	.fwmark		= IFLA_FMP_FWMARK,
	.source_check	= IFLA_FMP_SOURCE_CHECK,
	.local4		= IFLA_FMP_LOCAL_IPV4,
	.local6		= IFLA_FMP_LOCAL_IPV6,
	.underlay	= IFLA_FMP_UNDERLAY,
	.tos		= IFLA_FMP_TOS,
	.ttl		= IFLA_FMP_TTL,
	.multicast	= IFLA_FMP_MULTICAST,
	.handshake_burst = IFLA_FMP_HANDSHAKE_BURST,
	.handshake_rate	= IFLA_FMP_HANDSHAKE_RATE,
	.mmp_mode	= IFLA_FMP_MMP_MODE,
	.ecn		= IFLA_FMP_ECN,
	.congestion_loss = IFLA_FMP_CONGESTION_LOSS,
	.congestion_etx	= IFLA_FMP_CONGESTION_ETX,
	.tx_batch	= IFLA_FMP_TX_BATCH,
	.rx_batch	= IFLA_FMP_RX_BATCH,
	.suspend_wipe	= IFLA_FMP_SUSPEND_WIPE,
};

/**
 * fmp_config_init() - settings of a device that was told none
 * @config: to be filled, zeroed
 *
 * Context: Any.
 */
void fmp_config_init(struct fmp_config *config)
{
	config->port = FMP_DEFAULT_PORT;
	config->source_check = true;
	config->multicast = true;
	config->handshake_burst = FMP_CONFIG_HANDSHAKE_BURST;
	config->handshake_rate = FMP_CONFIG_HANDSHAKE_RATE;
	config->mmp_mode = FMP_MMP_MODE_FULL;
	config->ecn = true;
	config->congestion_loss = FMP_CONFIG_CONGESTION_LOSS;
	config->congestion_etx = FMP_CONFIG_CONGESTION_ETX;
	config->tx_batch = true;
	config->rx_batch = true;
	config->suspend_wipe = true;
}

static int fmp_config_read_local4(struct fmp_config *config,
				  const struct nlattr *attr,
				  struct netlink_ext_ack *extack)
{
	__be32 address = nla_get_in_addr(attr);

	if (ipv4_is_multicast(address) || ipv4_is_lbcast(address)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "local-ipv4 is not a unicast address");
		return -EINVAL;
	}
	config->local4 = address;
	return 0;
}

static int fmp_config_read_local6(struct fmp_config *config,
				  const struct nlattr *attr,
				  struct netlink_ext_ack *extack)
{
	struct in6_addr address = nla_get_in6_addr(attr);

	if (ipv6_addr_is_multicast(&address) ||
	    ipv6_addr_v4mapped(&address)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "local-ipv6 is not a unicast address");
		return -EINVAL;
	}
	config->local6 = address;
	return 0;
}

static int fmp_config_refuse(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack,
		       "Settings of the encrypted packets need CAP_NET_ADMIN where the sockets are");
	return -EPERM;
}

static int fmp_config_read_underlay(const struct fmp_dev *fmp,
				    struct fmp_config *config,
				    const struct nlattr *attr,
				    struct netlink_ext_ack *extack)
{
	const struct net_device *dev;
	char name[IFNAMSIZ];
	int err = 0;

	nla_strscpy(name, attr, sizeof(name));
	memset(config->underlay_name, 0, sizeof(config->underlay_name));
	config->underlay = 0;
	if (!*name)
		return 0;
	if (!fmp->birth_net)
		return -ENETDOWN;
	/* Who may not use them is not told which interfaces there are. */
	if (!ns_capable(fmp->birth_net->user_ns, CAP_NET_ADMIN))
		return fmp_config_refuse(extack);

	rcu_read_lock();
	dev = dev_get_by_name_rcu(fmp->birth_net, name);
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "No such underlay where the sockets are");
		err = -ENODEV;
	} else if (dev == fmp->dev) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "The device cannot be its own underlay");
		err = -ELOOP;
	} else {
		config->underlay = dev->ifindex;
		strscpy(config->underlay_name, name,
			sizeof(config->underlay_name));
	}
	rcu_read_unlock();
	return err;
}

static int fmp_config_read_tos(struct fmp_config *config,
			       const struct nlattr *attr,
			       struct netlink_ext_ack *extack)
{
	u8 tos = nla_get_u8(attr);

	if (tos != FMP_TOS_INHERIT && tos & INET_ECN_MASK) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "tos must not have ECN bits");
		return -EINVAL;
	}
	config->tos = tos;
	return 0;
}

static void fmp_config_read_mmp(struct fmp_config *config,
				struct nlattr *const *data,
				const struct fmp_config_attrs *attrs)
{
	if (data[attrs->mmp_mode])
		config->mmp_mode = nla_get_u8(data[attrs->mmp_mode]);
	if (data[attrs->ecn])
		config->ecn = nla_get_u8(data[attrs->ecn]);
	if (data[attrs->congestion_loss])
		config->congestion_loss =
			nla_get_u16(data[attrs->congestion_loss]);
	if (data[attrs->congestion_etx])
		config->congestion_etx =
			nla_get_u16(data[attrs->congestion_etx]);
}

static void fmp_config_read_batch(struct fmp_config *config,
				  struct nlattr *const *data,
				  const struct fmp_config_attrs *attrs)
{
	if (data[attrs->tx_batch])
		config->tx_batch = nla_get_u8(data[attrs->tx_batch]);
	if (data[attrs->rx_batch])
		config->rx_batch = nla_get_u8(data[attrs->rx_batch]);
}

/**
 * fmp_config_read() - take over the settings that a request names
 * @fmp: device, for the namespace that names are of
 * @config: changed; not to be used after an error
 * @data: attributes by number, or NULL; of the types that the policies demand
 * @attrs: their numbers
 * @extack: for errors
 *
 * Context: Process context, the device's lock held or the device new.
 * Return: 0, or a negative error that was explained to the sender.
 */
int fmp_config_read(const struct fmp_dev *fmp, struct fmp_config *config,
		    struct nlattr *const *data,
		    const struct fmp_config_attrs *attrs,
		    struct netlink_ext_ack *extack)
{
	int err = 0;

	if (!data)
		return 0;
	if (data[attrs->port])
		config->port = nla_get_u16(data[attrs->port]);
	if (data[attrs->fwmark])
		config->fwmark = nla_get_u32(data[attrs->fwmark]);
	if (data[attrs->source_check])
		config->source_check = nla_get_u8(data[attrs->source_check]);
	if (data[attrs->multicast])
		config->multicast = nla_get_u8(data[attrs->multicast]);
	if (data[attrs->ttl])
		config->ttl = nla_get_u8(data[attrs->ttl]);
	if (data[attrs->handshake_burst])
		config->handshake_burst =
			nla_get_u32(data[attrs->handshake_burst]);
	if (data[attrs->handshake_rate])
		config->handshake_rate =
			nla_get_u32(data[attrs->handshake_rate]);
	fmp_config_read_mmp(config, data, attrs);
	fmp_config_read_batch(config, data, attrs);
	if (data[attrs->suspend_wipe])
		config->suspend_wipe = nla_get_u8(data[attrs->suspend_wipe]);

	if (data[attrs->tos])
		err = fmp_config_read_tos(config, data[attrs->tos], extack);
	if (!err && data[attrs->local4])
		err = fmp_config_read_local4(config, data[attrs->local4],
					     extack);
	if (!err && data[attrs->local6])
		err = fmp_config_read_local6(config, data[attrs->local6],
					     extack);
	if (!err && data[attrs->underlay])
		err = fmp_config_read_underlay(fmp, config,
					       data[attrs->underlay], extack);
	if (err == -ENETDOWN)
		NL_SET_ERR_MSG(extack, "The namespace of the sockets is gone");
	return err;
}

/**
 * fmp_config_moves_sockets() - tell whether a change needs other sockets
 * @a: settings before
 * @b: settings after
 *
 * Context: Any.
 * Return: true if port, address or interface differ.
 */
bool fmp_config_moves_sockets(const struct fmp_config *a,
			      const struct fmp_config *b)
{
	return a->port != b->port || a->underlay != b->underlay ||
	       a->local4 != b->local4 ||
	       !ipv6_addr_equal(&a->local6, &b->local6);
}

/**
 * fmp_config_measures_otherwise() - tell whether a change concerns metrics
 * @a: settings before
 * @b: settings after
 *
 * Context: Any.
 * Return: true if reports or what counts as congestion differ.
 */
bool fmp_config_measures_otherwise(const struct fmp_config *a,
				   const struct fmp_config *b)
{
	return a->mmp_mode != b->mmp_mode ||
	       a->congestion_loss != b->congestion_loss ||
	       a->congestion_etx != b->congestion_etx;
}

/* What is of the network that carries the device. */
static bool fmp_config_is_outer_change(const struct fmp_config *a,
				       const struct fmp_config *b)
{
	return fmp_config_moves_sockets(a, b) || a->fwmark != b->fwmark ||
	       a->tos != b->tos || a->ttl != b->ttl;
}

/*
 * Who was given the device alone, as a container is, has no say in what its
 * encrypted packets are to the network that carries them.
 */
static int fmp_config_check_authority(const struct fmp_dev *fmp,
				      const struct fmp_config *config,
				      const struct sk_buff *request,
				      struct netlink_ext_ack *extack)
{
	struct user_namespace *owner;

	if (!fmp_config_is_outer_change(&fmp->config, config))
		return 0;
	if (!fmp->birth_net) {
		NL_SET_ERR_MSG(extack, "The namespace of the sockets is gone");
		return -ENETDOWN;
	}
	owner = fmp->birth_net->user_ns;
	if (!ns_capable(owner, CAP_NET_ADMIN))
		return fmp_config_refuse(extack);
	/* A socket that was opened by another must not lend it authority. */
	if (request && !netlink_ns_capable(request, owner, CAP_NET_ADMIN))
		return fmp_config_refuse(extack);
	return 0;
}

/**
 * fmp_config_check() - judge settings as a whole
 * @fmp: device
 * @config: what they shall be
 * @request: netlink message that wants it, NULL if it came over rtnetlink
 * @extack: for errors
 *
 * Context: Process context, the device's lock held or the device new.
 * Return: 0, or a negative error that was explained to the sender.
 */
int fmp_config_check(const struct fmp_dev *fmp,
		     const struct fmp_config *config,
		     const struct sk_buff *request,
		     struct netlink_ext_ack *extack)
{
	int type = ipv6_addr_type(&config->local6);

	if (type & IPV6_ADDR_LINKLOCAL && !config->underlay) {
		NL_SET_ERR_MSG(extack,
			       "A link-local local-ipv6 needs an underlay");
		return -EINVAL;
	}
	return fmp_config_check_authority(fmp, config, request, extack);
}

/**
 * fmp_config_write() - put settings into effect
 * @fmp: device
 * @config: what they are from now on
 *
 * The packet paths read single ones at any time; what does not fit into a
 * word they read from the sockets.
 *
 * Context: Process context, the device's lock held.
 */
void fmp_config_write(struct fmp_dev *fmp, const struct fmp_config *config)
{
	struct fmp_config *to = &fmp->config;

	write_seqcount_begin(&fmp->config_seq);
	WRITE_ONCE(to->port, config->port);
	WRITE_ONCE(to->fwmark, config->fwmark);
	WRITE_ONCE(to->source_check, config->source_check);
	WRITE_ONCE(to->multicast, config->multicast);
	WRITE_ONCE(to->tos, config->tos);
	WRITE_ONCE(to->ttl, config->ttl);
	WRITE_ONCE(to->handshake_burst, config->handshake_burst);
	WRITE_ONCE(to->handshake_rate, config->handshake_rate);
	WRITE_ONCE(to->mmp_mode, config->mmp_mode);
	WRITE_ONCE(to->ecn, config->ecn);
	WRITE_ONCE(to->congestion_loss, config->congestion_loss);
	WRITE_ONCE(to->congestion_etx, config->congestion_etx);
	WRITE_ONCE(to->tx_batch, config->tx_batch);
	WRITE_ONCE(to->rx_batch, config->rx_batch);
	WRITE_ONCE(to->suspend_wipe, config->suspend_wipe);
	WRITE_ONCE(to->underlay, config->underlay);
	memcpy(to->underlay_name, config->underlay_name,
	       sizeof(to->underlay_name));
	to->local4 = config->local4;
	to->local6 = config->local6;
	write_seqcount_end(&fmp->config_seq);
}

/* Whoever describes a device may be without its lock. */
static void fmp_config_copy(const struct fmp_dev *fmp,
			    struct fmp_config *config)
{
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&fmp->config_seq);
		*config = fmp->config;
	} while (read_seqcount_retry(&fmp->config_seq, seq));
}

/* An interface may have got another name, or be gone. */
static void fmp_config_name_underlay(const struct fmp_dev *fmp,
				     struct fmp_config *config)
{
	const struct net_device *dev;
	struct net *net;

	if (!config->underlay)
		return;
	/* It is cleared, and readers are waited for, before it goes. */
	rcu_read_lock();
	net = READ_ONCE(fmp->birth_net);
	dev = net ? dev_get_by_index_rcu(net, config->underlay) : NULL;
	if (dev)
		strscpy(config->underlay_name, dev->name,
			sizeof(config->underlay_name));
	rcu_read_unlock();
}

/**
 * fmp_config_fill_size() - room that fmp_config_fill() may need
 *
 * Context: Any.
 * Return: Bytes.
 */
size_t fmp_config_fill_size(void)
{
	return nla_total_size(sizeof(u16)) +	/* port */
	       nla_total_size(sizeof(u32)) +	/* fwmark */
	       nla_total_size(sizeof(u8)) +	/* source-check */
	       nla_total_size(sizeof(__be32)) +	/* local-ipv4 */
	       nla_total_size(sizeof(struct in6_addr)) + /* local-ipv6 */
	       nla_total_size(IFNAMSIZ) +	/* underlay */
	       nla_total_size(sizeof(u8)) +	/* tos */
	       nla_total_size(sizeof(u8)) +	/* ttl */
	       nla_total_size(sizeof(u8)) +	/* multicast */
	       nla_total_size(sizeof(u32)) +	/* handshake-burst */
	       nla_total_size(sizeof(u32)) +	/* handshake-rate */
	       nla_total_size(sizeof(u8)) +	/* mmp-mode */
	       nla_total_size(sizeof(u8)) +	/* ecn */
	       nla_total_size(sizeof(u16)) +	/* congestion-loss */
	       nla_total_size(sizeof(u16)) +	/* congestion-etx */
	       nla_total_size(sizeof(u8)) +	/* tx-batch */
	       nla_total_size(sizeof(u8)) +	/* rx-batch */
	       nla_total_size(sizeof(u8));	/* suspend-wipe */
}

/**
 * fmp_config_fill() - tell the settings of a device
 * @skb: message buffer
 * @fmp: device
 * @attrs: numbers of the attributes
 *
 * Context: Any but hard interrupt, the device valid.
 * Return: 0, or -EMSGSIZE.
 */
int fmp_config_fill(struct sk_buff *skb, const struct fmp_dev *fmp,
		    const struct fmp_config_attrs *attrs)
{
	struct fmp_config config;

	fmp_config_copy(fmp, &config);
	fmp_config_name_underlay(fmp, &config);
	if (nla_put_u16(skb, attrs->port, config.port) ||
	    nla_put_u32(skb, attrs->fwmark, config.fwmark) ||
	    nla_put_u8(skb, attrs->source_check, config.source_check) ||
	    nla_put_in_addr(skb, attrs->local4, config.local4) ||
	    nla_put_in6_addr(skb, attrs->local6, &config.local6) ||
	    nla_put_string(skb, attrs->underlay, config.underlay_name) ||
	    nla_put_u8(skb, attrs->tos, config.tos) ||
	    nla_put_u8(skb, attrs->ttl, config.ttl) ||
	    nla_put_u8(skb, attrs->multicast, config.multicast) ||
	    nla_put_u32(skb, attrs->handshake_burst, config.handshake_burst) ||
	    nla_put_u32(skb, attrs->handshake_rate, config.handshake_rate) ||
	    nla_put_u8(skb, attrs->mmp_mode, config.mmp_mode) ||
	    nla_put_u8(skb, attrs->ecn, config.ecn) ||
	    nla_put_u16(skb, attrs->congestion_loss, config.congestion_loss) ||
	    nla_put_u16(skb, attrs->congestion_etx, config.congestion_etx) ||
	    nla_put_u8(skb, attrs->tx_batch, config.tx_batch) ||
	    nla_put_u8(skb, attrs->rx_batch, config.rx_batch) ||
	    nla_put_u8(skb, attrs->suspend_wipe, config.suspend_wipe))
		return -EMSGSIZE;
	return 0;
}
