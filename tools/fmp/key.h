/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_KEY_H
#define FMP_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <linux/fmp.h>

/* Locked memory, wiped by secret_free(); ends the program when there is none. */
void *secret_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void secret_free(void *secret);

/*
 * Both read a file, "-" being standard input, into locked memory, and return a
 * status after having said what is wrong.
 */

/* A session key: 32 raw bytes, or 64 hexadecimal digits. */
int key_read(uint8_t key[FMP_KEY_SIZE], const char *path);

/* An identity: nsec or 64 hexadecimal digits. */
int secret_read(uint8_t secret[32], const char *path);

/* The same of a file whose readers were warned of before. */
int secret_read_quietly(uint8_t secret[32], const char *path);

/* Warns when what is about to be written to standard output can be read by others. */
void warn_of_readers(void);

#endif /* FMP_KEY_H */
