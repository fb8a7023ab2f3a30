// SPDX-License-Identifier: GPL-2.0
/*
 * packet [bypass] DEVICE LENGTH DESTINATION: puts an IPv4 packet of LENGTH
 * bytes on a device from a packet socket, past routing and, on request, past
 * the queueing layer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int fail(const char *what)
{
	fprintf(stderr, "packet: %s: %s\n", what, strerror(errno));
	return 2;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(0x0800),
	};
	static unsigned char packet[65536];
	struct iphdr *ip = (void *)packet;
	int bypass = argc > 1 && !strcmp(argv[1], "bypass");
	size_t length;
	int fd;

	argv += bypass;
	if (argc - bypass != 4) {
		fprintf(stderr, "Usage: packet [bypass] DEVICE LENGTH DESTINATION\n");
		return 1;
	}
	length = strtoul(argv[2], NULL, 0);
	if (length < sizeof(*ip) || length > 65535) {
		fprintf(stderr, "packet: bad length '%s'\n", argv[2]);
		return 1;
	}
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(length);
	ip->ttl = 64;
	ip->protocol = 253;
	if (inet_pton(AF_INET, argv[3], &ip->daddr) != 1) {
		fprintf(stderr, "packet: bad address '%s'\n", argv[3]);
		return 1;
	}

	to.sll_ifindex = if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_DGRAM, htons(0x0800));
	if (fd < 0)
		return fail("socket");
	if (bypass && setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof(bypass)))
		return fail("PACKET_QDISC_BYPASS");
	if (sendto(fd, packet, length, 0, (void *)&to, sizeof(to)) < 0)
		return fail("sendto");
	return 0;
}
