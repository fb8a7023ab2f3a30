/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source check of decrypted packets.
 */
#ifndef FMP_SOURCE_H
#define FMP_SOURCE_H

#include <linux/skbuff.h>

struct fmp_peer;

bool fmp_source_ok(struct fmp_peer *peer, const struct sk_buff *skb);

#endif /* FMP_SOURCE_H */
