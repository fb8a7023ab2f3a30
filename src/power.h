/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What becomes of keys when the machine sleeps, or is copied.
 */
#ifndef FMP_POWER_H
#define FMP_POWER_H

int fmp_power_register(void);
void fmp_power_unregister(void);

#endif /* FMP_POWER_H */
