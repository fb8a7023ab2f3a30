// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading of the module.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "device.h"
#include "lane.h"
#include "netlink.h"
#include "peer.h"
#include "power.h"
#include "rx-batch.h"
#include "session.h"
#include "subscriber.h"
#include "tx-batch.h"
#include "version.h"

static int __init fmp_module_init(void)
{
	int err;

	err = fmp_peer_module_init();
	if (err)
		return err;
	err = fmp_session_module_init();
	if (err)
		goto exit_peers;
	err = fmp_lane_module_init();
	if (err)
		goto exit_sessions;
	err = fmp_rx_batch_module_init();
	if (err)
		goto exit_lanes;
	err = fmp_subscriber_register();
	if (err)
		goto exit_rx_batch;
	err = fmp_netlink_register();
	if (err)
		goto unregister_subscriber;
	/* No device has keys that are not wiped. */
	err = fmp_power_register();
	if (err)
		goto unregister_netlink;
	err = fmp_dev_register();
	if (err)
		goto unregister_power;
	return 0;

unregister_power:
	fmp_power_unregister();
unregister_netlink:
	fmp_netlink_unregister();
unregister_subscriber:
	fmp_subscriber_unregister();
exit_rx_batch:
	fmp_rx_batch_module_exit();
exit_lanes:
	fmp_lane_module_exit();
exit_sessions:
	fmp_session_module_exit();
exit_peers:
	fmp_peer_module_exit();
	return err;
}

static void __exit fmp_module_exit(void)
{
	/* Devices tell of what they lose, so netlink goes after them. */
	fmp_dev_unregister();
	fmp_power_unregister();
	fmp_netlink_unregister();
	fmp_subscriber_unregister();
	/* Sessions, peers and endpoints are freed by callbacks of ours. */
	rcu_barrier();
	fmp_tx_batch_module_exit();
	fmp_rx_batch_module_exit();
	fmp_lane_module_exit();
	fmp_session_module_exit();
	fmp_peer_module_exit();
}

module_init(fmp_module_init);
module_exit(fmp_module_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IP over authenticated, encrypted FMP frames in UDP");
MODULE_VERSION(FMP_VERSION);
