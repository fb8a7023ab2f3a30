/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_EXPOSITION_H
#define FMP_EXPOSITION_H

#include <stdio.h>

#include "survey.h"

/*
 * The text that Prometheus reads, version 0.0.4 of the format, with what is known; the
 * rest is left out.
 */
void exposition_write(FILE *out, const struct survey *survey);

#endif /* FMP_EXPOSITION_H */
