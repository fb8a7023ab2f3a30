/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_TABLE_H
#define FMP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash table of pointers that grows.  What is hashed may come from the network, hence
 * the secret in it.
 */
struct table {
	struct table_entry **slots;
	size_t size;		/* a power of two, or 0 */
	size_t count;
	uint8_t secret[16];
};

typedef bool (*table_match_fn)(const void *item, const void *wanted);

void table_init(struct table *table);
void table_release(struct table *table);

uint64_t table_hash(const struct table *table, const void *data, size_t len);
void table_add(struct table *table, uint64_t hash, void *item);
void table_remove(struct table *table, uint64_t hash, const void *item);

/* The first item of that hash that matches, or NULL. */
void *table_find(const struct table *table, uint64_t hash, table_match_fn match,
		 const void *wanted);

#endif /* FMP_TABLE_H */
