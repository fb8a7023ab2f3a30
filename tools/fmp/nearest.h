/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_NEAREST_H
#define FMP_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 40

/*
 * The name that is made of the word by the fewest characters put in, taken out or
 * exchanged, upper and lower case being the same.  The table has entries of this size,
 * each of which begins with a name of at most NEAREST_MAX characters, and ends with one
 * that has none.
 */
const char *nearest(const char *word, const void *table, size_t size);

#endif /* FMP_NEAREST_H */
