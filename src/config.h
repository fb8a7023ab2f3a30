/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Settings of a device.
 */
#ifndef FMP_CONFIG_H
#define FMP_CONFIG_H

#include <linux/if.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <net/inet_ecn.h>

struct fmp_dev;
struct net;
struct netlink_ext_ack;
struct nlattr;
struct sk_buff;

/* Instead of a traffic class: that of the packet inside. */
#define FMP_TOS_INHERIT		1

/**
 * struct fmp_config - what an administrator sets on a device
 * @port: UDP port of both sockets; 0 asks for any, when the device goes up
 * @fwmark: mark of encrypted packets
 * @source_check: drop decrypted packets whose source does not route back
 * @multicast: send link-local multicast to every peer with a session
 * @tos: traffic class of encrypted packets, or FMP_TOS_INHERIT
 * @ttl: hop limit of encrypted packets, 0 for that of the route
 * @underlay: index of the interface they use, 0 for any
 * @underlay_name: what it was called when it was set, else empty
 * @local4: address of the IPv4 socket, 0 for none
 * @local6: address of the IPv6 socket, :: for none
 * @handshake_burst: first handshake messages of strangers let through at once
 * @handshake_rate: the same for each second, from then on
 * @mmp_mode: enum fmp_mmp_mode, of peers without one of their own
 * @ecn: frames with forwarded packets tell of congestion
 * @congestion_loss: from which loss on a link is congested, in thousandths
 * @congestion_etx: from which expected transmission count on, in hundredths
 * @tx_batch: the segments of a GSO packet leave as one UDP GSO packet
 * @rx_batch: a UDP GSO packet that arrives is opened as one batch
 * @suspend_wipe: the machine sleeps without the keys of sessions
 *
 * The interface is not held: when it goes, sending fails until another one is
 * set.
 */
struct fmp_config {
	u16 port;
	u32 fwmark;
	bool source_check;
	bool multicast;
	u8 tos;
	u8 ttl;
	int underlay;
	char underlay_name[IFNAMSIZ];
	__be32 local4;
	struct in6_addr local6;
	u32 handshake_burst;
	u32 handshake_rate;
	u8 mmp_mode;
	bool ecn;
	u16 congestion_loss;
	u16 congestion_etx;
	bool tx_batch;
	bool rx_batch;
	bool suspend_wipe;
};

/**
 * struct fmp_config_attrs - how a protocol numbers the settings
 * @port: u16
 * @fwmark: u32
 * @source_check: u8, 0 or 1
 * @local4: IPv4 address
 * @local6: IPv6 address
 * @underlay: string
 * @tos: u8
 * @ttl: u8
 * @multicast: u8, 0 or 1
 * @handshake_burst: u32, not 0
 * @handshake_rate: u32, not 0
 * @mmp_mode: u8, not FMP_MMP_MODE_DEVICE
 * @ecn: u8, 0 or 1
 * @congestion_loss: u16, 1000 at most
 * @congestion_etx: u16, 10000 at most
 * @tx_batch: u8, 0 or 1
 * @rx_batch: u8, 0 or 1
 * @suspend_wipe: u8, 0 or 1
 */
struct fmp_config_attrs {
	u8 port;
	u8 fwmark;
	u8 source_check;
	u8 local4;
	u8 local6;
	u8 underlay;
	u8 tos;
	u8 ttl;
	u8 multicast;
	u8 handshake_burst;
	u8 handshake_rate;
	u8 mmp_mode;
	u8 ecn;
	u8 congestion_loss;
	u8 congestion_etx;
	u8 tx_batch;
	u8 rx_batch;
	u8 suspend_wipe;
};

/* Of the family, and of rtnetlink. */
extern const struct fmp_config_attrs fmp_config_dev_attrs;
extern const struct fmp_config_attrs fmp_config_link_attrs;

/**
 * fmp_config_tos() - outer traffic class
 * @tos: the setting
 * @inner: traffic class of the packet inside
 *
 * Context: Any.
 * Return: The class, its ECN bits zero.
 */
static inline u8 fmp_config_tos(u8 tos, u8 inner)
{
	return tos == FMP_TOS_INHERIT ? inner & ~INET_ECN_MASK : tos;
}

void fmp_config_init(struct fmp_config *config);
int fmp_config_read(const struct fmp_dev *fmp, struct fmp_config *config,
		    struct nlattr *const *data,
		    const struct fmp_config_attrs *attrs,
		    struct netlink_ext_ack *extack);
int fmp_config_check(const struct fmp_dev *fmp,
		     const struct fmp_config *config,
		     const struct sk_buff *request,
		     struct netlink_ext_ack *extack);
bool fmp_config_moves_sockets(const struct fmp_config *a,
			      const struct fmp_config *b);
bool fmp_config_measures_otherwise(const struct fmp_config *a,
				   const struct fmp_config *b);
void fmp_config_write(struct fmp_dev *fmp, const struct fmp_config *config);
size_t fmp_config_fill_size(void);
int fmp_config_fill(struct sk_buff *skb, const struct fmp_dev *fmp,
		    const struct fmp_config_attrs *attrs);

#endif /* FMP_CONFIG_H */
