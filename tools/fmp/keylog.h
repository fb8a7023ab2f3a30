/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_KEYLOG_H
#define FMP_KEYLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

/*
 * A file with the keys of sessions, for who is to read what was recorded of their traffic.
 * docs/dissector.md has the form of its lines.
 */
struct keylog;

/*
 * Makes the file, or goes on at its end when it is there, is a regular file of ours with no
 * other name, and nobody else may do anything with it.  Returns a status after having said
 * what is wrong.  The path stays.
 */
int keylog_open(struct keylog **keylog, const char *path);
void keylog_close(struct keylog *keylog);

/* Whether somebody removed the file, so that nobody will read what is written. */
bool keylog_is_gone(const struct keylog *keylog);

/*
 * The two keys of a session that the kernel has, at that time since 1970.  Nothing of them
 * stays in memory.  0 or a negative error number.
 */
int keylog_write(struct keylog *keylog, const struct engine_session *session, uint32_t local,
		 uint64_t time_ms);

#endif /* FMP_KEYLOG_H */
