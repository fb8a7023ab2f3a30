/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_CONFKEYS_H
#define FMP_CONFKEYS_H

#include "conf.h"
#include "conffile.h"

/* The sections and keys of a configuration file, filled into a struct conf. */
struct confkeys;

/* For the operations below; name is that of the file.  Freed by free(). */
struct confkeys *confkeys_new(struct conf *conf, const char *name);

extern const struct conffile_ops confkeys_ops;

/*
 * One value of a key that may be repeated, or the only one of another, as it is: nothing
 * in it is a comment, or separates it from another.  The section is the last that began.
 */
int confkeys_take(struct confkeys *keys, const char *name, char *word);

#endif /* FMP_CONFKEYS_H */
