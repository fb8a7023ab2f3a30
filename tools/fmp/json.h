/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_JSON_H
#define FMP_JSON_H

#include <json-c/json.h>

#include "kernel.h"

/* Of docs/schema/show.json; keys that are added do not count. */
#define JSON_VERSION 1

/* The objects of docs/json.md; the caller owns what is returned. */
struct json_object *json_device(const struct device *device);
struct json_object *json_peer(const struct peer *peer, const struct sessions *sessions);
struct json_object *json_key(const uint8_t *key);
struct json_object *json_session(const struct session *session);
struct json_object *json_counters(const struct counters *counters);
struct json_object *json_locals(const struct device *device);

/* Both write to standard output and give the object back. */
void json_print(struct json_object *object);
void json_print_line(struct json_object *object);

#endif /* FMP_JSON_H */
