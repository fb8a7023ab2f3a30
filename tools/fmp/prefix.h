/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_PREFIX_H
#define FMP_PREFIX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "parse.h"

/* An address and how much of it counts. */
struct prefix {
	struct address address;
	uint8_t length;
};

#define PREFIX_TEXT (INET6_ADDRSTRLEN + sizeof("/128"))

/* 192.0.2.1/24 or fd00::1/64; without a length, the whole address counts. */
int parse_prefix(struct prefix *prefix, const char *word);

/* As parse_prefix(), of a network: what does not count must be zero. */
int parse_network(struct prefix *prefix, const char *word);

/* How many bits an address of the family has. */
uint8_t address_bits(int family);

struct prefix prefix_of_host(const struct address *address);
bool prefix_is_host(const struct prefix *prefix);
bool prefix_is_default(const struct prefix *prefix);
bool prefix_contains(const struct prefix *prefix, const struct address *address);

bool address_equal(const struct address *a, const struct address *b);
bool prefix_equal(const struct prefix *a, const struct prefix *b);

/* Fills and returns out, which has PREFIX_TEXT bytes. */
const char *prefix_text(char *out, const struct prefix *prefix);

#endif /* FMP_PREFIX_H */
