/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_CONFJSON_H
#define FMP_CONFJSON_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

/* A configuration as JSON: the same keys under other names, with values of other types. */

bool confjson_is(const char *text, size_t len);

/* As conffile_read() does with the other form. */
int confjson_read(struct conf *conf, const char *text, size_t len, const char *name);

#endif /* FMP_CONFJSON_H */
