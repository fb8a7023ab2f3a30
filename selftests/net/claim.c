// SPDX-License-Identifier: GPL-2.0
/*
 * claim PORT ADDRESS...: tries to bind UDP sockets to a port, on no address and on
 * those given, with every way of asking for a port that is taken. Prints a line for
 * each that it got.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void try_bind(uint16_t port, const char *address, int reuse)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = port };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = port };
	int v6 = strchr(address, ':') != NULL, one = 1, fd;

	if (inet_pton(v6 ? AF_INET6 : AF_INET, address,
		      v6 ? (void *)&to6.sin6_addr : &to4.sin_addr) != 1) {
		fprintf(stderr, "claim: bad address '%s'\n", address);
		exit(1);
	}
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return;
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (reuse & 1)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (reuse & 2)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (!bind(fd, v6 ? (void *)&to6 : &to4, v6 ? sizeof(to6) : sizeof(to4)))
		printf("%s%s%s\n", address, reuse & 1 ? " reuseaddr" : "",
		       reuse & 2 ? " reuseport" : "");
	close(fd);
}

int main(int argc, char **argv)
{
	int i, reuse;

	if (argc < 2) {
		fprintf(stderr, "Usage: claim PORT ADDRESS...\n");
		return 1;
	}
	for (reuse = 0; reuse < 4; reuse++) {
		try_bind(htons((uint16_t)atoi(argv[1])), "0.0.0.0", reuse);
		try_bind(htons((uint16_t)atoi(argv[1])), "::", reuse);
		for (i = 2; i < argc; i++)
			try_bind(htons((uint16_t)atoi(argv[1])), argv[i], reuse);
	}
	return 0;
}
