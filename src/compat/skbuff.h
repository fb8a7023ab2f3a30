/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_SKBUFF_H
#define FMP_COMPAT_SKBUFF_H

#include <linux/skbuff.h>

/* Memory of a device that the CPU cannot read came in 6.12. */
static inline bool fmp_compat_frags_readable(const struct sk_buff *skb)
{
#ifdef FMP_HAS_SKB_FRAGS_READABLE
	return skb_frags_readable(skb);
#else
	return true;
#endif
}

#endif /* FMP_COMPAT_SKBUFF_H */
