// SPDX-License-Identifier: GPL-2.0
/*
 * capture in|out DEVICE: prints the head of each IP packet that comes in by a
 * device, or leaves by it, in hexadecimal, a line each, after the line "ready".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD	128
/* Whoever prints is slower than whoever sends. */
#define ROOM	(16 << 20)

static int fail(const char *what)
{
	fprintf(stderr, "capture: %s: %s\n", what, strerror(errno));
	return 2;
}

static void print(const unsigned char *packet, ssize_t length)
{
	ssize_t i;

	for (i = 0; i < length; i++)
		printf("%02x", packet[i]);
	putchar('\n');
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	unsigned char packet[HEAD];
	struct sockaddr_ll from;
	socklen_t size;
	ssize_t length;
	int fd, out, room = ROOM;

	if (argc != 3 || (strcmp(argv[1], "in") && strcmp(argv[1], "out"))) {
		fprintf(stderr, "Usage: capture in|out DEVICE\n");
		return 1;
	}
	out = !strcmp(argv[1], "out");
	at.sll_ifindex = if_nametoindex(argv[2]);
	fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (void *)&at, sizeof(at)))
		return fail(argv[2]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		size = sizeof(from);
		length = recvfrom(fd, packet, sizeof(packet), 0, (void *)&from, &size);
		if (length < 0)
			return fail("receive");
		if ((from.sll_protocol == htons(ETH_P_IP) ||
		     from.sll_protocol == htons(ETH_P_IPV6)) &&
		    (from.sll_pkttype == PACKET_OUTGOING) == out)
			print(packet, length);
	}
}
