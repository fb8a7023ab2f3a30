/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Batches: frames that arrive as one packet.
 */
#ifndef FMP_RX_BATCH_H
#define FMP_RX_BATCH_H

#include <linux/types.h>

struct fmp_dev;
struct fmp_session;
struct net;
struct sk_buff;

/**
 * struct fmp_rx_batch - a packet that is several datagrams, each a frame
 * @skb: the packet, its network and transport header set
 * @frames: how many
 * @frame_len: of each, but for the last one, which may be shorter
 * @offset: of the first one, from where @skb has its data
 */
struct fmp_rx_batch {
	struct sk_buff *skb;
	unsigned int frames;
	unsigned int frame_len;
	unsigned int offset;
};

int fmp_rx_batch_module_init(void);
void fmp_rx_batch_module_exit(void);
int fmp_rx_batch_hook(struct net *net);
void fmp_rx_batch_unhook(struct net *net);
bool fmp_rx_batch_open(struct fmp_dev *fmp, struct fmp_session *session,
		       const struct fmp_rx_batch *batch);

#endif /* FMP_RX_BATCH_H */
