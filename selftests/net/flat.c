// SPDX-License-Identifier: GPL-2.0
/*
 * flat: prints the path and the value of each leaf of the JSON texts that are
 * its input, an empty array or object being a leaf.
 *
 * flat PATH...: prints what each path leads to, a line each. A path is made of
 * ".KEY", "[NUMBER]", "[]" for every element, and "[KEY=VALUE]" for those.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE	1024

static int fail(const char *what)
{
	fprintf(stderr, "flat: %s\n", what);
	return 2;
}

/* Integers keep all their digits, other numbers the text they were read from. */
static const char *text_of(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string(value);
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
						     JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* --- all leaves */

static void flatten(struct json_object *value, char *path, size_t length);

static void flatten_array(struct json_object *array, char *path, size_t length)
{
	size_t i, n = json_object_array_length(array);

	for (i = 0; i < n; i++) {
		snprintf(path + length, PATH_SIZE - length, "[%zu]", i);
		flatten(json_object_array_get_idx(array, i), path, strlen(path));
	}
}

static void flatten_object(struct json_object *object, char *path, size_t length)
{
	struct json_object_iter at;

	json_object_object_foreachC(object, at) {
		snprintf(path + length, PATH_SIZE - length, "%s%s", length ? "." : "", at.key);
		flatten(at.val, path, strlen(path));
	}
}

static void flatten(struct json_object *value, char *path, size_t length)
{
	if (json_object_is_type(value, json_type_array) && json_object_array_length(value))
		flatten_array(value, path, length);
	else if (json_object_is_type(value, json_type_object) && json_object_object_length(value))
		flatten_object(value, path, length);
	else
		printf("%s%s%s\n", path, length ? " " : "", text_of(value));
	path[length] = 0;
}

/* --- some */

static void follow(struct json_object *value, const char *path);

static void follow_key(struct json_object *object, const char *path)
{
	size_t length = strcspn(path, ".[");
	struct json_object *value;
	char key[PATH_SIZE];

	snprintf(key, sizeof(key), "%.*s", (int)length, path);
	if (json_object_is_type(object, json_type_object) &&
	    json_object_object_get_ex(object, key, &value))
		follow(value, path + length);
}

static bool has_value(struct json_object *element, const char *key, const char *text)
{
	struct json_object *value;

	return json_object_is_type(element, json_type_object) &&
	       json_object_object_get_ex(element, key, &value) && !strcmp(text_of(value), text);
}

static void follow_elements(struct json_object *array, const char *path)
{
	size_t i, n, length = strcspn(path, "]");
	struct json_object *element;
	char which[PATH_SIZE], *text;

	if (!json_object_is_type(array, json_type_array))
		return;
	snprintf(which, sizeof(which), "%.*s", (int)length, path);
	path += length + (path[length] == ']');
	text = strchr(which, '=');
	if (text)
		*text++ = 0;
	n = json_object_array_length(array);
	for (i = 0; i < n; i++) {
		element = json_object_array_get_idx(array, i);
		if (text ? has_value(element, which, text) :
			   !*which || strtoul(which, NULL, 10) == i)
			follow(element, path);
	}
}

static void follow(struct json_object *value, const char *path)
{
	if (*path == '[')
		follow_elements(value, path + 1);
	else if (*path)
		follow_key(value, path + (*path == '.'));
	else
		puts(text_of(value));
}

/* --- input */

static void print(struct json_object *value, char **paths)
{
	char path[PATH_SIZE] = "";

	if (!*paths)
		flatten(value, path, 0);
	for (; *paths; paths++)
		follow(value, *paths);
}

static char *read_all(size_t *length)
{
	size_t size = 1 << 16, n;
	char *text = malloc(size), *more;

	*length = 0;
	while (text && (n = fread(text + *length, 1, size - *length - 1, stdin)) > 0) {
		*length += n;
		text[*length] = 0;
		if (*length < size - 1)
			continue;
		size *= 2;
		more = realloc(text, size);
		if (!more)
			free(text);
		text = more;
	}
	return text;
}

/* Texts follow each other with no more than white space between. */
static int print_all(struct json_tokener *tokener, const char *text, size_t length, char **paths)
{
	struct json_object *value;
	int texts = 0;

	while (length > strspn(text, " \t\r\n")) {
		value = json_tokener_parse_ex(tokener, text, length);
		if (json_tokener_get_error(tokener) != json_tokener_success)
			return fail(json_tokener_error_desc(json_tokener_get_error(tokener)));
		text += json_tokener_get_parse_end(tokener);
		length -= json_tokener_get_parse_end(tokener);
		print(value, paths);
		json_object_put(value);
		texts++;
	}
	return texts ? 0 : fail("no input");
}

int main(int argc, char **argv)
{
	struct json_tokener *tokener = json_tokener_new();
	size_t length;
	char *text = read_all(&length);
	int status;

	(void)argc;
	if (!tokener || !text)
		return fail("out of memory");
	status = print_all(tokener, text, length, argv + 1);
	free(text);
	json_tokener_free(tokener);
	return status;
}
