/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_HOOK_H
#define FMP_HOOK_H

#include "conf.h"

/*
 * Runs the commands of a hook in turn, %i being the name of the device, up to the
 * first that fails; returns a status after having said which.
 */
int hook_run(const struct conf *conf, enum conf_hook hook, const char *name);

/* The same on the way down, where one that fails does not keep the others from running. */
int hook_run_all(const struct conf *conf, enum conf_hook hook, const char *name);

#endif /* FMP_HOOK_H */
