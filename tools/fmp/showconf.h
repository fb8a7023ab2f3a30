/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_SHOWCONF_H
#define FMP_SHOWCONF_H

#include "kernel.h"

/* A device as the JSON form of its configuration; peers are in the order they are given in. */
struct json_object *showconf_json(const struct device *device, const struct peers *peers);

#endif /* FMP_SHOWCONF_H */
