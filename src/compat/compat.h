/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included ahead of every file: what older kernels lack of the interfaces
 * that the code is written against. FMP_HAS_* come from src/compat/Kbuild.
 */
#ifndef FMP_COMPAT_H
#define FMP_COMPAT_H

#ifndef FMP_HAS_GENL_SPLIT_OPS
#include "genl_split_ops.h"
#endif
#include "chacha.h"
#include "dropreason.h"
#include "local_lock.h"
#include "netdevice.h"
#include "netlink.h"
#include "skbuff.h"
#include "slab.h"
#include "socket.h"
#include "udp_tunnel.h"
#include "workqueue.h"

#endif /* FMP_COMPAT_H */
