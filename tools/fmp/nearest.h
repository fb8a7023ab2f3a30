/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_NEAREST_H
#define FMP_NEAREST_H

/*
 * How many characters must be put in, taken out or exchanged to make b of a, upper and
 * lower case being the same.  b has at most NEAREST_MAX characters.
 */
#define NEAREST_MAX 40

unsigned int distance(const char *a, const char *b);

#endif /* FMP_NEAREST_H */
