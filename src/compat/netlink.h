/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_NETLINK_H
#define FMP_COMPAT_NETLINK_H

#include <net/genetlink.h>
#include <net/netlink.h>

#ifndef FMP_HAS_NLA_PUT_UINT
static inline int nla_put_uint(struct sk_buff *skb, int attrtype, u64 value)
{
	u64 tmp64 = value;
	u32 tmp32 = value;

	if (tmp64 == tmp32)
		return nla_put_u32(skb, attrtype, tmp32);
	return nla_put(skb, attrtype, sizeof(tmp64), &tmp64);
}
#endif

/* The attributes are all that we read of either structure. */
#ifndef FMP_HAS_GENL_INFO_DUMP
static inline const struct genl_dumpit_info *
genl_info_dump(struct netlink_callback *cb)
{
	return genl_dumpit_info(cb);
}
#endif

#endif /* FMP_COMPAT_NETLINK_H */
