// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that pass: those that come in by devices, in either family, taken apart if they
 * travel as one packet.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"

#define TAPS	4
#define ROOM	(64 << 20)

static int open_tap(const char *device)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0), room = ROOM;

	at.sll_ifindex = if_nametoindex(device);
	if (!at.sll_ifindex || fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (void *)&at, sizeof(at)))
		die("%s: %s", device, strerror(errno));
	return fd;
}

/* Returns the length of the header, or 0. */
static size_t read_ip4(const uint8_t *packet, size_t len, struct seen *seen)
{
	const struct iphdr *ip = (const void *)packet;

	if (len < sizeof(*ip) || ip->protocol != IPPROTO_UDP || ip->frag_off & htons(0x3fff))
		return 0;
	seen->from.ip4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = ip->saddr };
	seen->to.ip4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = ip->daddr };
	return ip->ihl * 4u;
}

static size_t read_ip6(const uint8_t *packet, size_t len, struct seen *seen)
{
	const struct ip6_hdr *ip = (const void *)packet;

	if (len < sizeof(*ip) || ip->ip6_nxt != IPPROTO_UDP)
		return 0;
	seen->from.ip6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = ip->ip6_src };
	seen->to.ip6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = ip->ip6_dst };
	return sizeof(*ip);
}

/* The port is at the same place in both families. */
static size_t read_headers(const uint8_t *packet, size_t len, struct seen *seen)
{
	const struct udphdr *udp;
	size_t at;

	memset(seen, 0, sizeof(*seen));
	at = len && packet[0] >> 4 == 4 ? read_ip4(packet, len, seen) :
					  read_ip6(packet, len, seen);
	if (!at || len < at + sizeof(*udp))
		return 0;
	udp = (const void *)(packet + at);
	if (udp->uh_dport != htons(ATTACK_PORT))
		return 0;
	seen->from.ip4.sin_port = udp->uh_sport;
	seen->to.ip4.sin_port = udp->uh_dport;
	return at + sizeof(*udp);
}

static size_t frame_len(const uint8_t *frame, size_t left)
{
	size_t len;

	if (left < 4)
		return left;
	len = frame[2] | frame[3] << 8;
	len += frame[0] & 15 ? 4 : ATTACK_HDR + ATTACK_TAG;
	return len < left ? len : left;
}

static bool take(const uint8_t *packet, size_t len, struct seen *seen,
		 bool (*each)(const struct seen *seen, void *data), void *data)
{
	size_t at = read_headers(packet, len, seen);

	while (at && at < len) {
		seen->len = (uint32_t)frame_len(packet + at, len - at);
		memcpy(seen->data, packet + at, seen->len);
		at += seen->len;
		if (!each(seen, data))
			return false;
	}
	return true;
}

/* Returns whether to go on. */
static bool drain(int fd, bool (*each)(const struct seen *seen, void *data), void *data)
{
	static uint8_t packet[65536];
	static union {
		struct seen seen;
		uint8_t room[sizeof(struct seen) + sizeof(packet)];
	} it;
	struct sockaddr_ll from;
	socklen_t size;
	ssize_t len;

	for (;;) {
		size = sizeof(from);
		len = recvfrom(fd, packet, sizeof(packet), MSG_DONTWAIT, (void *)&from, &size);
		if (len < 0)
			return true;
		if (from.sll_pkttype != PACKET_OUTGOING &&
		    !take(packet, (size_t)len, &it.seen, each, data))
			return false;
	}
}

void tap(char **devices, bool (*each)(const struct seen *seen, void *data), void *data)
{
	struct pollfd taps[TAPS];
	nfds_t count = 0, i;
	bool more = true;

	for (; *devices && count < TAPS; devices++)
		taps[count++] = (struct pollfd){ .fd = open_tap(*devices), .events = POLLIN };
	/* Who waits for it may begin. */
	if (!each(NULL, data))
		return;
	while (more && !stopped) {
		if (poll(taps, count, 100) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		for (i = 0; i < count && more; i++)
			more = drain(taps[i].fd, each, data);
	}
	for (i = 0; i < count && more; i++)
		more = drain(taps[i].fd, each, data);
}
