// SPDX-License-Identifier: GPL-2.0
#include "prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "print.h"
#include "util.h"

uint8_t address_bits(int family)
{
	return family == AF_INET ? 32 : 128;
}

/* Both members of the union start at its start. */
static const uint8_t *bytes_of(const struct address *address)
{
	return (const uint8_t *)&address->v6;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       memcmp(bytes_of(a), bytes_of(b), address_bits(a->family) / 8) == 0;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length && address_equal(&a->address, &b->address);
}

struct prefix prefix_of_host(const struct address *address)
{
	return (struct prefix){ .address = *address, .length = address_bits(address->family) };
}

bool prefix_is_host(const struct prefix *prefix)
{
	return prefix->length == address_bits(prefix->address.family);
}

bool prefix_is_default(const struct prefix *prefix)
{
	return prefix->length == 0;
}

static struct address network_of(const struct prefix *prefix)
{
	struct address network = prefix->address;
	uint8_t *byte = (uint8_t *)&network.v6;
	unsigned int bit;

	for (bit = prefix->length; bit < address_bits(network.family); bit++)
		byte[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return network;
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	struct prefix other = { .address = *address, .length = prefix->length };
	struct address a, b;

	if (prefix->address.family != address->family)
		return false;
	a = network_of(prefix);
	b = network_of(&other);
	return address_equal(&a, &b);
}

const char *prefix_text(char *out, const struct prefix *prefix)
{
	char address[ADDRESS_TEXT];

	snprintf(out, PREFIX_TEXT, "%s/%u", address_text(address, &prefix->address),
		 prefix->length);
	return out;
}

static bool read_address(struct address *address, const char *text)
{
	memset(address, 0, sizeof(*address));
	address->family = AF_INET;
	if (inet_pton(AF_INET, text, &address->v4) == 1)
		return true;
	address->family = AF_INET6;
	return inet_pton(AF_INET6, text, &address->v6) == 1;
}

static bool read_length(uint8_t *length, const char *digits, uint8_t max)
{
	unsigned int value = 0;

	if (!*digits || strlen(digits) > 3)
		return false;
	for (; *digits; digits++) {
		if (*digits < '0' || *digits > '9')
			return false;
		value = 10 * value + (unsigned int)(*digits - '0');
	}
	*length = (uint8_t)value;
	return value <= max;
}

int parse_prefix(struct prefix *prefix, const char *word)
{
	char *copy = xstrdup(word);
	char *slash = strchr(copy, '/');
	int status = STATUS_OK;
	uint8_t bits;

	if (slash)
		*slash = '\0';
	if (!read_address(&prefix->address, copy)) {
		free(copy);
		return usage_word(word, "neither an IPv4 nor an IPv6 address");
	}

	bits = address_bits(prefix->address.family);
	prefix->length = bits;
	if (slash && !read_length(&prefix->length, slash + 1, bits))
		status = usage_word(word, "the length of the prefix is a number from 0 to %u", bits);
	free(copy);
	return status;
}

int parse_network(struct prefix *prefix, const char *word)
{
	struct prefix network;
	char text[PREFIX_TEXT];
	int status;

	status = parse_prefix(prefix, word);
	if (status)
		return status;

	network = *prefix;
	network.address = network_of(prefix);
	if (!prefix_equal(&network, prefix))
		return usage_word(word, "bits are set beyond the length of the prefix, is %s meant?",
				  prefix_text(text, &network));
	return STATUS_OK;
}
