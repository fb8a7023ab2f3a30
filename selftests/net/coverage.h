/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of the kernel a thread ran through, on a kernel that tells (CONFIG_KCOV). With the
 * module built for it (FMP_KCOV=1), and nothing else, that is the module's code.
 */
#ifndef COVERAGE_H
#define COVERAGE_H

#include <stdbool.h>

bool coverage_open(void);
void coverage_begin(void);
unsigned int coverage_end(void);
unsigned int coverage_places(void);

#endif /* COVERAGE_H */
