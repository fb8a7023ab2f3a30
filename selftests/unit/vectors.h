/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_VECTORS_H
#define FMP_VECTORS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All of these note a failure of the test when what they are to find is not there. */

/* A file of vectors_dir, NULL when there is none. */
struct json_object *vectors_load(const char *name);

/* NULL when there is none. */
struct json_object *vector_list(struct json_object *entry, const char *key);
struct json_object *vector_object(struct json_object *entry, const char *key);

const char *vector_text(struct json_object *entry, const char *key);
bool vector_truth(struct json_object *entry, const char *key);
uint64_t vector_number(struct json_object *entry, const char *key);
void vector_bytes(uint8_t *out, size_t len, struct json_object *entry, const char *key);

/* Whether the text of that name is these bytes. */
bool vector_equal(struct json_object *entry, const char *key, const uint8_t *bytes, size_t len);

/* A key that is not looked at would be a test that is not made. */
void vector_keys(struct json_object *entry, const char *const *keys, size_t count);

bool equal_hex(const uint8_t *bytes, size_t len, const char *digits);

#endif /* FMP_VECTORS_H */
