/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What becomes of keys when the machine sleeps, or is copied.
 */
#ifndef FMP_POWER_H
#define FMP_POWER_H

#include <linux/types.h>

struct fmp_dev;

bool fmp_power_refuses_keys(const struct fmp_dev *fmp);
int fmp_power_register(void);
void fmp_power_unregister(void);

#endif /* FMP_POWER_H */
