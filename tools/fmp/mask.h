/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_MASK_H
#define FMP_MASK_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Puts pseudonyms in the place of keys, addresses and names in a text, the same for the
 * same one wherever it is.
 */
struct mask;

/* Without all, secret keys only: these are never to be there, and are taken out if they are. */
struct mask *mask_new(bool all);
void mask_free(struct mask *mask);

/* A name that is to have a pseudonym where it stands by itself. */
void mask_name(struct mask *mask, const char *name, size_t len);

void mask_write(struct mask *mask, const char *text, FILE *out);

#endif /* FMP_MASK_H */
