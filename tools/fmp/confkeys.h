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

#endif /* FMP_CONFKEYS_H */
