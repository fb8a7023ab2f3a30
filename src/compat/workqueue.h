/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_WORKQUEUE_H
#define FMP_COMPAT_WORKQUEUE_H

#include <linux/workqueue.h>

/*
 * Softirq work needs no thread to be scheduled (since 6.9). A backport of
 * WQ_PERCPU need not allow it together with WQ_BH, and work is bound to its
 * CPU where that flag is not known.
 */
#if !defined(FMP_HAS_WQ_BH)
#define FMP_LANE_WQ_FLAGS	(WQ_HIGHPRI | WQ_CPU_INTENSIVE | WQ_MEM_RECLAIM)
#elif !defined(FMP_HAS_WQ_BH_PERCPU)
#define FMP_LANE_WQ_FLAGS	WQ_BH
#else
#define FMP_LANE_WQ_FLAGS	(WQ_BH | WQ_PERCPU)
#endif

#endif /* FMP_COMPAT_WORKQUEUE_H */
