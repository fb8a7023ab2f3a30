/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMPAT_SLAB_H
#define FMP_COMPAT_SLAB_H

#include <linux/slab.h>

/* Since 7.0, and in some stable kernels. */
#ifndef kzalloc_obj
#define kzalloc_obj(var, gfp)	kzalloc(sizeof(var), gfp)
#endif

#endif /* FMP_COMPAT_SLAB_H */
