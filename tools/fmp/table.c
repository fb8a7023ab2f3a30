// SPDX-License-Identifier: GPL-2.0
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "util.h"

#define FIRST_SIZE 16

struct table_entry {
	struct table_entry *next;
	uint64_t hash;
	void *item;
};

_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "a hash in 64 bits");
_Static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct table *)0)->secret), "its key");

void table_init(struct table *table)
{
	memset(table, 0, sizeof(*table));
	randombytes_buf(table->secret, sizeof(table->secret));
}

void table_release(struct table *table)
{
	struct table_entry *entry;
	size_t i;

	for (i = 0; i < table->size; i++) {
		while ((entry = table->slots[i])) {
			table->slots[i] = entry->next;
			free(entry);
		}
	}
	free(table->slots);
	memset(table, 0, sizeof(*table));
}

uint64_t table_hash(const struct table *table, const void *data, size_t len)
{
	uint8_t digest[crypto_shorthash_BYTES];
	uint64_t hash;

	crypto_shorthash(digest, data, len, table->secret);
	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

static struct table_entry **slot_of(const struct table *table, uint64_t hash)
{
	return &table->slots[hash & (table->size - 1)];
}

static void double_size(struct table *table)
{
	struct table_entry **old = table->slots, **slot, *entry;
	size_t old_size = table->size, i;

	table->size = old_size ? 2 * old_size : FIRST_SIZE;
	table->slots = xcalloc(table->size, sizeof(struct table_entry *));
	for (i = 0; i < old_size; i++) {
		while ((entry = old[i])) {
			old[i] = entry->next;
			slot = slot_of(table, entry->hash);
			entry->next = *slot;
			*slot = entry;
		}
	}
	free(old);
}

void table_add(struct table *table, uint64_t hash, void *item)
{
	struct table_entry *entry = xcalloc(1, sizeof(*entry));
	struct table_entry **slot;

	if (table->count >= table->size)
		double_size(table);
	slot = slot_of(table, hash);
	entry->hash = hash;
	entry->item = item;
	entry->next = *slot;
	*slot = entry;
	table->count++;
}

void table_remove(struct table *table, uint64_t hash, const void *item)
{
	struct table_entry **link, *entry;

	if (!table->size)
		return;
	for (link = slot_of(table, hash); (entry = *link); link = &entry->next) {
		if (entry->item != item)
			continue;
		*link = entry->next;
		free(entry);
		table->count--;
		return;
	}
}

void *table_find(const struct table *table, uint64_t hash, table_match_fn match,
		 const void *wanted)
{
	struct table_entry *entry;

	if (!table->size)
		return NULL;
	for (entry = *slot_of(table, hash); entry; entry = entry->next)
		if (entry->hash == hash && match(entry->item, wanted))
			return entry->item;
	return NULL;
}
