/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_BACKGROUND_H
#define FMP_BACKGROUND_H

#include <stdbool.h>

#include "conf.h"

/*
 * The agent of a device as a process in the background.  Its number is in
 * /run/fmp/NAME.pid, what it says in /run/fmp/NAME.log; FMP_RUN_DIR in the
 * environment names another directory.  All return a status after having said what
 * is wrong.
 */

/* Keeps others away from the device of that name until the program ends. */
int background_lock(const char *name);

/* Whether the agent serves the device, a negative error number when that cannot be told. */
typedef int (*background_ready_fn)(void *arg);

/* Returns when it is ready, and ends it when it is not in time. */
int background_start(const char *name, const struct conf *conf, background_ready_fn ready,
		     void *arg);

/* Nothing to stop is no error. */
int background_stop(const char *name);

/* Makes it read its files again; without one, nothing. */
int background_reload(const char *name, const struct conf *conf);

bool background_is_running(const char *name);

/* The words of its command line after the program's, NULL-terminated and freed by free(). */
const char **background_words(const char *name, const struct conf *conf);

/* How long it may take to come up, and to go. */
extern unsigned int background_patience_ms;

#endif /* FMP_BACKGROUND_H */
