// SPDX-License-Identifier: GPL-2.0
#include "parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "fail.h"
#include "util.h"

static bool read_number(uint64_t *value, const char *word, uint64_t max)
{
	bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	unsigned int base = hex ? 16 : 10;
	uint64_t sum = 0;
	int digit;

	if (hex)
		word += 2;
	if (!*word)
		return false;

	for (; *word; word++) {
		digit = hex_digit(*word);
		if (digit < 0 || digit >= (int)base)
			return false;
		sum = sum * base + (unsigned int)digit;
		if (sum > max)
			return false;
	}
	*value = sum;
	return true;
}

int parse_u32(uint32_t *value, const char *word)
{
	uint64_t number;

	if (!read_number(&number, word, UINT32_MAX))
		return usage_word(word, "not a number from 0 to 4294967295");
	*value = (uint32_t)number;
	return STATUS_OK;
}

int parse_limit(uint32_t *value, const char *word)
{
	uint64_t number;

	if (!read_number(&number, word, UINT32_MAX) || number == 0)
		return usage_word(word, "not a number from 1 to 4294967295");
	*value = (uint32_t)number;
	return STATUS_OK;
}

int parse_seconds(uint16_t *seconds, const char *word)
{
	uint64_t number = 0;

	if (strcmp(word, "off") != 0 &&
	    (!read_number(&number, word, UINT16_MAX) || number == 0))
		return usage_word(word, "neither 'off' nor a number of seconds from 1 to 65535");
	*seconds = (uint16_t)number;
	return STATUS_OK;
}

int parse_mmp_mode(uint8_t *mode, const char *word, bool of_peer)
{
	static const struct { const char *word; uint8_t mode; } known[] = {
		{ "full", FMP_MMP_MODE_FULL },
		{ "lightweight", FMP_MMP_MODE_LIGHTWEIGHT },
		{ "minimal", FMP_MMP_MODE_MINIMAL },
		{ "device", FMP_MMP_MODE_DEVICE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcasecmp(word, known[i].word) != 0)
			continue;
		*mode = known[i].mode;
		if (*mode == FMP_MMP_MODE_DEVICE && !of_peer)
			return usage_word(word, "only a peer takes the mode of its device");
		return STATUS_OK;
	}
	if (of_peer)
		return usage_word(word, "none of 'full', 'lightweight', 'minimal' and 'device'");
	return usage_word(word, "none of 'full', 'lightweight' and 'minimal'");
}

/* A decimal fraction as the number of its last digit's units: "1.5" is 150 of two digits. */
static bool read_decimal(uint64_t *value, const char *word, unsigned int digits, uint64_t max)
{
	bool point = false, any = false;
	uint64_t sum = 0;

	for (; *word; word++) {
		if (*word == '.' && !point && any) {
			point = true;
			any = false;
			continue;
		}
		if (*word < '0' || *word > '9' || (point && !digits))
			return false;
		digits -= point;
		any = true;
		sum = sum * 10 + (unsigned int)(*word - '0');
		if (sum > max)
			return false;
	}
	while (digits--)
		sum *= 10;
	*value = sum;
	return any && sum <= max;
}

int parse_congestion_loss(uint16_t *thousandths, const char *word)
{
	uint64_t number = 0;

	if (strcmp(word, "off") != 0 &&
	    (!read_decimal(&number, word, 1, 1000) || number == 0))
		return usage_word(word, "neither 'off' nor a percentage from 0.1 to 100");
	*thousandths = (uint16_t)number;
	return STATUS_OK;
}

/* One transmission is the least: any link would be congested at that. */
int parse_congestion_etx(uint16_t *hundredths, const char *word)
{
	uint64_t number = 0;

	if (strcmp(word, "off") != 0 &&
	    (!read_decimal(&number, word, 2, 10000) || number <= 100))
		return usage_word(word, "neither 'off' nor a number of transmissions from 1.01 to 100");
	*hundredths = (uint16_t)number;
	return STATUS_OK;
}

int parse_port(uint16_t *port, const char *word)
{
	uint64_t number;

	if (!read_number(&number, word, UINT16_MAX))
		return usage_word(word, "not a port, which is a number from 0 to 65535");
	*port = (uint16_t)number;
	return STATUS_OK;
}

int parse_mark(uint32_t *mark, const char *word)
{
	uint64_t number = 0;

	if (strcmp(word, "off") != 0 && !read_number(&number, word, UINT32_MAX))
		return usage_word(word, "not a mark, which is 'off' or a number from 0 to 0xffffffff");
	*mark = (uint32_t)number;
	return STATUS_OK;
}

int parse_switch(bool *on, const char *word)
{
	*on = strcmp(word, "on") == 0;
	if (!*on && strcmp(word, "off") != 0)
		return usage_word(word, "neither 'on' nor 'off'");
	return STATUS_OK;
}

int parse_address(struct address *address, const char *word)
{
	memset(address, 0, sizeof(*address));

	if (strchr(word, '/'))
		return usage_word(word, "an overlay address has no prefix length, routes have");
	address->family = AF_INET;
	if (inet_pton(AF_INET, word, &address->v4) == 1)
		return STATUS_OK;
	address->family = AF_INET6;
	if (inet_pton(AF_INET6, word, &address->v6) == 1)
		return STATUS_OK;
	return usage_word(word, "neither an IPv4 nor an IPv6 address");
}

/* What the kernel refuses is named here before it is asked. */
int parse_local(struct address *address, const char *word)
{
	memset(address, 0, sizeof(*address));

	address->family = AF_INET;
	if (inet_pton(AF_INET, word, &address->v4) == 1) {
		if (IN_MULTICAST(ntohl(address->v4.s_addr)) ||
		    address->v4.s_addr == INADDR_BROADCAST)
			return usage_word(word, "not an address of one host");
		return STATUS_OK;
	}
	address->family = AF_INET6;
	if (inet_pton(AF_INET6, word, &address->v6) == 1) {
		if (IN6_IS_ADDR_MULTICAST(&address->v6) || IN6_IS_ADDR_V4MAPPED(&address->v6))
			return usage_word(word, "not an address of one host");
		return STATUS_OK;
	}
	return usage_word(word, "neither 'any' nor an IPv4 or IPv6 address");
}

int parse_underlay(const char **name, const char *word)
{
	if (!*word || strlen(word) >= IFNAMSIZ || strchr(word, '/'))
		return usage_word(word, "not a name of a network device");
	*name = strcmp(word, "any") == 0 ? "" : word;
	return STATUS_OK;
}

int parse_tos(uint8_t *tos, const char *word)
{
	uint64_t number = 1;

	if (strcmp(word, "inherit") != 0) {
		if (!read_number(&number, word, UINT8_MAX))
			return usage_word(word, "neither 'inherit' nor a number from 0 to 255");
		if (number & 3)
			return usage_word(word, "has ECN bits, which are set for each packet");
	}
	*tos = (uint8_t)number;
	return STATUS_OK;
}

int parse_ttl(uint8_t *ttl, const char *word)
{
	uint64_t number = 0;

	if (strcmp(word, "auto") != 0 &&
	    (!read_number(&number, word, UINT8_MAX) || number == 0))
		return usage_word(word, "neither 'auto' nor a number from 1 to 255");
	*ttl = (uint8_t)number;
	return STATUS_OK;
}

/* The host and the port of word in one buffer that the caller frees. */
static int split_endpoint(char **buffer, char **host, char **port, const char *word)
{
	char *copy = xstrdup(word);
	char *colon = strrchr(copy, ':');

	if (!colon || !colon[1]) {
		free(copy);
		return usage_word(word, "an endpoint needs a port: HOST:PORT or [IPV6]:PORT");
	}
	*colon = '\0';
	*buffer = copy;
	*host = copy;
	*port = colon + 1;

	if (copy[0] == '[' && colon > copy + 1 && colon[-1] == ']') {
		colon[-1] = '\0';
		(*host)++;
	} else if (strpbrk(copy, ":[]")) {
		free(copy);
		return usage_word(word, "an IPv6 address needs brackets: [IPV6]:PORT");
	}
	if (!**host) {
		free(copy);
		return usage_word(word, "an endpoint needs a host: HOST:PORT or [IPV6]:PORT");
	}
	return STATUS_OK;
}

static void take_address(struct endpoint *endpoint, const struct sockaddr *addr)
{
	const struct sockaddr_in *v4 = (const void *)addr;
	const struct sockaddr_in6 *v6 = (const void *)addr;

	endpoint->address.family = addr->sa_family;
	if (addr->sa_family == AF_INET) {
		endpoint->address.v4 = v4->sin_addr;
		return;
	}
	endpoint->address.v6 = v6->sin6_addr;
	endpoint->scope_id = v6->sin6_scope_id;
}

static bool is_ipv4(const char *host)
{
	struct in_addr v4;

	return inet_pton(AF_INET, host, &v4) == 1;
}

static int read_address(struct endpoint *endpoint, const char *host, bool literal,
			const char *word)
{
	struct addrinfo hints = {
		.ai_family = literal ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICHOST,
	};
	struct addrinfo *found;

	if (getaddrinfo(host, NULL, &hints, &found))
		return usage_word(word, "not an IPv6 address, or no such scope");
	take_address(endpoint, found->ai_addr);
	freeaddrinfo(found);
	return STATUS_OK;
}

static int check_endpoint(const struct endpoint *endpoint, const char *word)
{
	const struct in6_addr *v6 = &endpoint->address.v6;

	if (endpoint->address.family != AF_INET6)
		return STATUS_OK;
	if (IN6_IS_ADDR_LINKLOCAL(v6) && !endpoint->scope_id)
		return usage_word(word, "a link-local address needs an interface: [fe80::1%%eth0]:PORT");
	if (IN6_IS_ADDR_V4MAPPED(v6))
		return usage_word(word, "an IPv4 address is written as such: 192.0.2.1:PORT");
	return STATUS_OK;
}

#define LABEL_MAX	63
#define HOST_MAX	253

static bool is_label(const char *label, size_t len)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return len && len <= LABEL_MAX && strspn(label, known) >= len &&
	       label[0] != '-' && label[len - 1] != '-';
}

/* One whose last label is a number would be an address, and is none. */
static int check_host(const char *host, const char *word)
{
	const char *label = host;
	size_t len = 0;

	if (strlen(host) > HOST_MAX)
		return usage_word(word, "the host has more than 253 characters");
	for (;;) {
		len = strcspn(label, ".");
		if (!is_label(label, len))
			return usage_word(word, "neither an address nor a name of a host");
		/* The dot at the end that makes a name absolute. */
		if (!label[len] || !label[len + 1])
			break;
		label += len + 1;
	}
	if (strspn(label, "0123456789") == len)
		return usage_word(word, "neither an IPv4 address nor a name of a host");
	return STATUS_OK;
}

/* A name is for those who take one. */
static int read_host(struct endpoint *endpoint, const char **name, const char *host,
		     bool literal, const char *word)
{
	int status;

	if (literal || is_ipv4(host)) {
		status = read_address(endpoint, host, literal, word);
		return status ? status : check_endpoint(endpoint, word);
	}
	if (!name)
		return usage_word(word, "not an address: 192.0.2.1:PORT or [IPV6]:PORT");
	*name = word;
	return check_host(host, word);
}

static int read_endpoint(struct endpoint *endpoint, const char **name, const char *word)
{
	char *buffer, *host, *port;
	uint64_t number;
	int status;

	memset(endpoint, 0, sizeof(*endpoint));
	status = split_endpoint(&buffer, &host, &port, word);
	if (status)
		return status;

	if (!read_number(&number, port, UINT16_MAX) || number == 0) {
		status = usage_word(word, "the port of an endpoint is a number from 1 to 65535");
	} else {
		endpoint->port = (uint16_t)number;
		status = read_host(endpoint, name, host, host != buffer, word);
	}
	free(buffer);
	return status;
}

int parse_endpoint(struct endpoint *endpoint, const char *word)
{
	return read_endpoint(endpoint, NULL, word);
}

int parse_endpoint_or_name(struct endpoint *endpoint, const char **name, const char *word)
{
	*name = NULL;
	return read_endpoint(endpoint, name, word);
}

int parse_device(uint32_t *ifindex, const char *word)
{
	if (!*word || strlen(word) >= IFNAMSIZ)
		return usage_word(word, "not a name of a network device");

	*ifindex = if_nametoindex(word);
	if (!*ifindex)
		return refused_word(word, "no such network device");
	return STATUS_OK;
}
