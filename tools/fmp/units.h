/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_UNITS_H
#define FMP_UNITS_H

#include <stdint.h>

#define UNIT_TEXT 40

/* Numbers as people read them. Each fills and returns the buffer, of UNIT_TEXT bytes. */
const char *bytes_text(char *out, uint64_t bytes);
const char *rate_text(char *out, uint64_t bytes_a_second);
const char *duration_text(char *out, uint64_t ms);
const char *micros_text(char *out, uint64_t us);

/* Parts in a million, as a percentage. */
const char *share_text(char *out, uint64_t millionths);

/* Thousandths, with two digits. */
const char *factor_text(char *out, uint64_t thousandths);

#endif /* FMP_UNITS_H */
