/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_UTIL_H
#define FMP_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* These end the program when there is no memory. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xreallocarray(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), malloc, returns_nonnull));

/*
 * Room for one element more in an array of count elements that has only ever grown
 * through this function; the new element is zeroed.
 */
void *grow(void *array, size_t count, size_t size) __attribute__((returns_nonnull));

void hex_encode(char *out, const uint8_t *in, size_t len);

/* The value of a hexadecimal digit, -1 for any other character. */
int hex_digit(char c);

#endif /* FMP_UTIL_H */
