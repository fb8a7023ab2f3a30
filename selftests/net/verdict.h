/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has to become of a datagram, by the counters that it may count in.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forgery.h"

const char *verdict_of(const uint8_t *frame, size_t len, const struct forgery_world *world);
bool verdict_allows(const char *verdict, const char *counter);
bool verdict_is_end(const char *counter);

#endif /* VERDICT_H */
