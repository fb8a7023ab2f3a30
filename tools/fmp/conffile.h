/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_CONFFILE_H
#define FMP_CONFFILE_H

#include <stddef.h>
#include <stdio.h>

/*
 * The lines of an INI file: sections, which may come more than once, and keys with
 * values.  inih takes the lines apart; which line it is, and which section, is told
 * by what hands them to it.
 */

#define CONFFILE_LINE_MAX 4096
#define CONFFILE_SIZE_MAX (16u << 20)
#define CONFFILE_ERRORS_MAX 20
#define CONFFILE_KEY_MAX 40

/*
 * Both are called in the order of the file, and return a status after having said
 * what is wrong; messages tell of the line meanwhile.  The value may be changed.
 */
struct conffile_ops {
	int (*section)(void *into, const char *name, unsigned int line);
	int (*pair)(void *into, const char *key, char *value, unsigned int line);
};

/*
 * Reads to the end, beyond errors, so that all of them are told; the status is that
 * of the first.  name is that of the file, for messages.
 */
int conffile_read(FILE *file, const char *name, const struct conffile_ops *ops, void *into);

#endif /* FMP_CONFFILE_H */
