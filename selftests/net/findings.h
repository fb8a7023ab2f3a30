/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a fuzzer finds, and the recipes that led there.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <stdbool.h>

#include "recipe.h"

void findings_share(void);
void findings_begin(const char *who);
void findings_did(const struct recipe *recipe);
__attribute__((format(printf, 1, 2)))
void findings_add(const char *fmt, ...);
bool findings_tainted(void);
unsigned int findings_count(void);

#endif /* FINDINGS_H */
