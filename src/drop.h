/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drops: counted by cause, and told to the kernel's drop monitors.
 */
#ifndef FMP_DROP_H
#define FMP_DROP_H

#include <linux/skbuff.h>

#include "stats.h"

struct fmp_dev;

enum skb_drop_reason fmp_drop_reason(enum fmp_stat stat);
void fmp_drop(struct fmp_dev *fmp, struct sk_buff *skb, enum fmp_stat stat);

#endif /* FMP_DROP_H */
