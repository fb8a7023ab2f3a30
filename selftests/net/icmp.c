// SPDX-License-Identifier: GPL-2.0
/*
 * icmp FROM TO MTU SOURCE SPORT DESTINATION DPORT LENGTH [HEX]
 *
 * Sends, from the address FROM to TO, the error that a router reports when a UDP
 * datagram from SOURCE SPORT to DESTINATION DPORT is too long for a link that takes
 * MTU bytes. LENGTH is that of the IP packet, HEX how the datagram's payload begins.
 * The family is that of the addresses, all of which are of one.
 *
 * With -t TYPE -c CODE ahead of the rest, it is another error. Prints nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t packet[2048];
static size_t length;

static int fail(const char *what)
{
	fprintf(stderr, "icmp: %s: %s\n", what, strerror(errno));
	return 2;
}

static int usage(const char *word)
{
	fprintf(stderr, "icmp: bad word '%s'\n", word);
	exit(1);
}

static void put(const void *data, size_t len)
{
	if (length + len > sizeof(packet))
		usage("too long");
	memcpy(packet + length, data, len);
	length += len;
}

static void put_be16(unsigned long value)
{
	uint16_t be16 = htons((uint16_t)value);

	put(&be16, sizeof(be16));
}

static void put_be32(unsigned long value)
{
	uint32_t be32 = htonl((uint32_t)value);

	put(&be32, sizeof(be32));
}

static unsigned long number(const char *word)
{
	char *end;
	unsigned long value = strtoul(word, &end, 0);

	if (!*word || *end)
		usage(word);
	return value;
}

static void put_hex(const char *hex)
{
	unsigned int byte;
	uint8_t out;

	for (; *hex; hex += 2) {
		if (sscanf(hex, "%2x", &byte) != 1 || !hex[1])
			usage(hex);
		out = (uint8_t)byte;
		put(&out, 1);
	}
}

static void put_address(int family, const char *word)
{
	uint8_t address[16];

	if (inet_pton(family, word, address) != 1)
		usage(word);
	put(address, family == AF_INET ? 4 : 16);
}

static uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	if (len % 2)
		sum += (uint32_t)data[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void put_quoted_ip(int family, char **argv)
{
	unsigned long len = number(argv[4]);

	if (family == AF_INET) {
		put("\x45", 2);		/* and the traffic class */
		put_be16(len);
		put_be32(0x4000);	/* identification 0, DF */
		put("\x3f\x11\0", 4);
	} else {
		put("\x60\0\0", 4);
		put_be16(len - 40);
		put("\x11\x3f", 2);
	}
	put_address(family, argv[0]);
	put_address(family, argv[2]);
	put_be16(number(argv[1]));
	put_be16(number(argv[3]));
	put_be16(len - (family == AF_INET ? 20 : 40));
	put_be16(0);
}

static int send_error(int family, char **argv)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 }, from6 = to6;
	struct sockaddr_in to4 = { .sin_family = AF_INET }, from4 = to4;
	bool v4 = family == AF_INET;
	const void *from = &from6, *to = &to6;
	socklen_t size = sizeof(to6);
	int fd;

	if (v4) {
		from = &from4;
		to = &to4;
		size = sizeof(to4);
	}
	if (inet_pton(family, argv[0], v4 ? (void *)&from4.sin_addr : &from6.sin6_addr) != 1)
		usage(argv[0]);
	if (inet_pton(family, argv[1], v4 ? (void *)&to4.sin_addr : &to6.sin6_addr) != 1)
		usage(argv[1]);
	fd = socket(family, SOCK_RAW, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return fail("socket");
	if (bind(fd, from, size))
		return fail(argv[0]);
	if (sendto(fd, packet, length, 0, to, size) < 0)
		return fail(argv[1]);
	return 0;
}

int main(int argc, char **argv)
{
	int type = -1, code = 0, option, family;
	uint16_t sum;

	while ((option = getopt(argc, argv, "t:c:")) > 0) {
		if (option == 't')
			type = (int)number(optarg);
		else if (option == 'c')
			code = (int)number(optarg);
		else
			return 1;
	}
	argc -= optind;
	argv += optind;
	if (argc < 8 || argc > 9) {
		fprintf(stderr, "Usage: icmp FROM TO MTU SOURCE SPORT DESTINATION DPORT LENGTH [HEX]\n");
		return 1;
	}
	family = strchr(argv[0], ':') ? AF_INET6 : AF_INET;
	if (type < 0) {
		type = family == AF_INET ? 3 : 2;
		code = family == AF_INET ? 4 : 0;
	}

	put(&(uint8_t){ (uint8_t)type }, 1);
	put(&(uint8_t){ (uint8_t)code }, 1);
	put_be16(0);
	put_be32(number(argv[2]));
	put_quoted_ip(family, argv + 3);
	if (argc == 9)
		put_hex(argv[8]);
	/* That of IPv6 is the kernel's to make. */
	if (family == AF_INET) {
		sum = checksum(packet, length);
		memcpy(packet + 2, &sum, sizeof(sum));
	}
	return send_error(family, argv);
}
