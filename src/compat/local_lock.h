/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_LOCAL_LOCK_H
#define FMP_COMPAT_LOCAL_LOCK_H

#include <linux/local_lock.h>

/* Before 6.11 whoever has bottom halves disabled is alone on a CPU, RT or not. */
#ifndef local_lock_nested_bh
#define local_lock_nested_bh(lock)	((void)(lock))
#define local_unlock_nested_bh(lock)	((void)(lock))
#endif

#endif /* FMP_COMPAT_LOCAL_LOCK_H */
