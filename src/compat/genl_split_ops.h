/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generated family lists "do" and "dump" of a command apart, which
 * kernels before 6.2 do not know. There the family is a structure of ours
 * that embeds the kernel's, and registering it merges the two.
 *
 * One policy serves both on those kernels: that of "do", which allows at
 * least what "dump" allows.
 */
#ifndef FMP_COMPAT_GENL_SPLIT_OPS_H
#define FMP_COMPAT_GENL_SPLIT_OPS_H

#include <net/genetlink.h>

#define FMP_COMPAT_MAX_OPS	64

struct genl_split_ops {
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 flags;
};

struct fmp_compat_genl_family {
	struct genl_family family;
	struct genl_ops ops[FMP_COMPAT_MAX_OPS];
	char name[GENL_NAMSIZ];
	unsigned int version;
	u8 netnsok:1;
	u8 parallel_ops:1;
	u8 n_split_ops;
	u8 n_mcgrps;
	const struct genl_split_ops *split_ops;
	const struct genl_multicast_group *mcgrps;
	struct module *module;
};

static inline struct genl_ops *
fmp_compat_genl_op(struct fmp_compat_genl_family *f, u8 cmd)
{
	unsigned int i;

	for (i = 0; i < f->family.n_ops; i++)
		if (f->ops[i].cmd == cmd)
			return &f->ops[i];
	return &f->ops[f->family.n_ops++];
}

static inline int
fmp_compat_genl_register_family(struct fmp_compat_genl_family *f)
{
	unsigned int i;

	if (f->n_split_ops > FMP_COMPAT_MAX_OPS)
		return -E2BIG;

	f->family.n_ops = 0;
	for (i = 0; i < f->n_split_ops; i++) {
		const struct genl_split_ops *split = &f->split_ops[i];
		struct genl_ops *op = fmp_compat_genl_op(f, split->cmd);

		op->cmd = split->cmd;
		op->flags |= split->flags;
		if (split->doit)
			op->doit = split->doit;
		if (split->dumpit)
			op->dumpit = split->dumpit;
		if (op->maxattr < split->maxattr) {
			op->maxattr = split->maxattr;
			op->policy = split->policy;
		}
	}

	strscpy(f->family.name, f->name, sizeof(f->family.name));
	f->family.version = f->version;
	f->family.netnsok = f->netnsok;
	f->family.parallel_ops = f->parallel_ops;
	f->family.ops = f->ops;
	f->family.mcgrps = f->mcgrps;
	f->family.n_mcgrps = f->n_mcgrps;
	f->family.module = f->module;
	return genl_register_family(&f->family);
}

static inline int
fmp_compat_genl_unregister_family(struct fmp_compat_genl_family *f)
{
	return genl_unregister_family(&f->family);
}

static inline void *
fmp_compat_genlmsg_put(struct sk_buff *skb, u32 portid, u32 seq,
		       const struct fmp_compat_genl_family *f, int flags,
		       u8 cmd)
{
	return genlmsg_put(skb, portid, seq, &f->family, flags, cmd);
}

static inline int
fmp_compat_genlmsg_multicast_netns(const struct fmp_compat_genl_family *f,
				   struct net *net, struct sk_buff *skb,
				   u32 portid, unsigned int group, gfp_t gfp)
{
	return genlmsg_multicast_netns(&f->family, net, skb, portid, group,
				       gfp);
}

static inline bool
fmp_compat_genl_has_listeners(const struct fmp_compat_genl_family *f,
			      struct net *net, unsigned int group)
{
	return genl_has_listeners(&f->family, net, group);
}

static inline int
fmp_compat_genl_set_err(const struct fmp_compat_genl_family *f,
			struct net *net, u32 portid, u32 group, int code)
{
	return genl_set_err(&f->family, net, portid, group, code);
}

#define genl_family fmp_compat_genl_family
#define genl_register_family fmp_compat_genl_register_family
#define genl_unregister_family fmp_compat_genl_unregister_family
#define genlmsg_put fmp_compat_genlmsg_put
#define genlmsg_multicast_netns fmp_compat_genlmsg_multicast_netns
#define genl_has_listeners fmp_compat_genl_has_listeners
#define genl_set_err fmp_compat_genl_set_err

#endif /* FMP_COMPAT_GENL_SPLIT_OPS_H */
