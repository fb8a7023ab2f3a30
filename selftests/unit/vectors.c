// SPDX-License-Identifier: GPL-2.0
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "util.h"

struct json_object *vectors_load(const char *name)
{
	char *path = xasprintf("%s/%s", vectors_dir, name);
	struct json_object *vectors = json_object_from_file(path);

	CHECK_FMT(vectors, "cannot read %s", path);
	free(path);
	return vectors;
}

static struct json_object *find(struct json_object *entry, const char *key, json_type type)
{
	struct json_object *value = NULL;

	if (!CHECK_FMT(json_object_object_get_ex(entry, key, &value) &&
		       json_object_is_type(value, type), "no %s '%s' in %s",
		       json_type_to_name(type), key, json_object_to_json_string(entry)))
		return NULL;
	return value;
}

struct json_object *vector_list(struct json_object *entry, const char *key)
{
	return find(entry, key, json_type_array);
}

struct json_object *vector_object(struct json_object *entry, const char *key)
{
	return find(entry, key, json_type_object);
}

const char *vector_text(struct json_object *entry, const char *key)
{
	struct json_object *value = find(entry, key, json_type_string);

	return value ? json_object_get_string(value) : "";
}

bool vector_truth(struct json_object *entry, const char *key)
{
	return json_object_get_boolean(find(entry, key, json_type_boolean));
}

uint64_t vector_number(struct json_object *entry, const char *key)
{
	return json_object_get_uint64(find(entry, key, json_type_int));
}

void vector_bytes(uint8_t *out, size_t len, struct json_object *entry, const char *key)
{
	from_hex(out, len, vector_text(entry, key));
}

bool vector_equal(struct json_object *entry, const char *key, const uint8_t *bytes, size_t len)
{
	return equal_hex(bytes, len, vector_text(entry, key));
}

void vector_keys(struct json_object *entry, const char *const *keys, size_t count)
{
	size_t i;

	json_object_object_foreach(entry, key, value) {
		(void)value;
		for (i = 0; i < count && strcmp(keys[i], key) != 0; i++)
			;
		CHECK_FMT(i < count, "unknown key '%s' in %s", key,
			  json_object_to_json_string(entry));
	}
}

bool equal_hex(const uint8_t *bytes, size_t len, const char *digits)
{
	char *hex = xcalloc(2 * len + 1, 1);
	bool equal;

	hex_encode(hex, bytes, len);
	equal = strcmp(hex, digits) == 0;
	free(hex);
	return equal;
}
