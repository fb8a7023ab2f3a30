/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accounts: each frame that arrives is counted once among those where frames end.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "ctl.h"

void account_read(struct ctl *ctl, struct ctl_counters *counters);
void account_judge(struct ctl *ctl, const struct ctl_counters *before, const char *verdict);

#endif /* ACCOUNT_H */
