// SPDX-License-Identifier: GPL-2.0
/*
 * What ethtool shows of a device.
 */
#include <linux/ethtool.h>

#include "device.h"
#include "stats.h"
#include "version.h"

static void fmp_get_drvinfo(struct net_device *dev,
			    struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->version, FMP_VERSION, sizeof(info->version));
}

static int fmp_get_sset_count(struct net_device *dev, int sset)
{
	return sset == ETH_SS_STATS ? FMP_STAT_COUNT : -EOPNOTSUPP;
}

static void fmp_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	int i;

	if (sset != ETH_SS_STATS)
		return;
	for (i = 0; i < FMP_STAT_COUNT; i++)
		strscpy((char *)data + i * ETH_GSTRING_LEN, fmp_stat_name(i),
			ETH_GSTRING_LEN);
}

static void fmp_get_ethtool_stats(struct net_device *dev,
				  struct ethtool_stats *stats, u64 *data)
{
	struct fmp_dev *fmp = netdev_priv(dev);
	int i;

	for (i = 0; i < FMP_STAT_COUNT; i++)
		data[i] = fmp_stat_read(fmp->stats, i);
}

const struct ethtool_ops fmp_ethtool_ops = {
	.get_drvinfo		= fmp_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= fmp_get_sset_count,
	.get_strings		= fmp_get_strings,
	.get_ethtool_stats	= fmp_get_ethtool_stats,
};
