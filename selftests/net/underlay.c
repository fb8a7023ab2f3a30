// SPDX-License-Identifier: GPL-2.0
/*
 * A tun device as the network below.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/fmp.h>

#include "underlay.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4	5
#endif

#define HEADERS_MAX	128
#define PORT		2121

/**
 * struct headers - what comes ahead of a datagram
 */
struct headers {
	struct virtio_net_hdr virtio;
	uint8_t bytes[HEADERS_MAX];
	size_t len;
	uint16_t port;
	unsigned int host;
};

/**
 * underlay_overlay() - address in the overlay of a device above it, in network order
 */
uint32_t underlay_overlay(unsigned int number, unsigned int host)
{
	return htonl(10u << 24 | 9 << 16 | number << 8 | host);
}

/**
 * underlay_open() - attach to a device that is there, where we are
 */
void underlay_open(struct underlay *underlay, unsigned int number)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };

	underlay->number = number;
	underlay->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "u%u", number);
	if (underlay->fd < 0 || ioctl(underlay->fd, TUNSETIFF, &request)) {
		perror(request.ifr_name);
		exit(2);
	}
}

static uint32_t add_up(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *at = data;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += at[i] << 8 | at[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(sum);
}

/* Of the addresses, for what is summed up further on by who receives it. */
static void put_udp(struct headers *headers, unsigned int number, const void *addresses,
		    size_t addresses_len, size_t payload)
{
	size_t len = sizeof(struct udphdr) + payload;
	struct udphdr udp = {
		.source = htons(headers->port),
		.dest = htons(PORT + number),
		.len = htons(len),
	};

	udp.check = fold(add_up(addresses, addresses_len, IPPROTO_UDP + len));
	headers->virtio.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	headers->virtio.csum_start = headers->len;
	headers->virtio.csum_offset = offsetof(struct udphdr, check);
	memcpy(headers->bytes + headers->len, &udp, sizeof(udp));
	headers->len += sizeof(udp);
}

static void put_ip4(struct headers *headers, unsigned int number, uint8_t tos, size_t payload)
{
	uint32_t net = 10u << 24 | 1 << 16 | number << 8;
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tos = tos,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(ip) + sizeof(struct udphdr) + payload),
		.saddr = htonl(net | (2 + headers->host)),
		.daddr = htonl(net | 1),
	};

	ip.check = ~fold(add_up(&ip, sizeof(ip), 0));
	memcpy(headers->bytes, &ip, sizeof(ip));
	headers->len = sizeof(ip);
	put_udp(headers, number, &ip.saddr, 8, payload);
}

/* Behind options for the destination, if so wanted, which change nothing. */
static void put_ip6(struct headers *headers, unsigned int number, uint8_t tos, bool options,
		    size_t payload)
{
	static const uint8_t padding[8] = { IPPROTO_UDP, 0, 1, 4 };
	struct ip6_hdr ip = {
		.ip6_flow = htonl(6u << 28 | tos << 20),
		.ip6_hlim = 64,
		.ip6_nxt = options ? IPPROTO_DSTOPTS : IPPROTO_UDP,
		.ip6_plen = htons(sizeof(struct udphdr) + payload + (options ? 8 : 0)),
	};

	ip.ip6_src.s6_addr[0] = 0xfd;
	ip.ip6_src.s6_addr[1] = 1;
	ip.ip6_src.s6_addr[3] = number;
	ip.ip6_dst = ip.ip6_src;
	ip.ip6_src.s6_addr[15] = 2 + headers->host;
	ip.ip6_dst.s6_addr[15] = 1;
	memcpy(headers->bytes, &ip, sizeof(ip));
	headers->len = sizeof(ip);
	if (options) {
		memcpy(headers->bytes + headers->len, padding, sizeof(padding));
		headers->len += sizeof(padding);
	}
	put_udp(headers, number, &ip.ip6_src, 32, payload);
}

static void write_packet(const struct underlay *underlay, struct headers *headers,
			 const uint8_t *data, size_t len)
{
	struct iovec parts[] = {
		{ &headers->virtio, sizeof(headers->virtio) },
		{ headers->bytes, headers->len },
		{ (void *)data, len },
	};

	/* What the device does not take is no packet; what is lost is lost. */
	if (writev(underlay->fd, parts, 3) < 0)
		return;
}

/* The network may be as wrong as what it carries. */
static void spoil_headers(struct headers *headers, struct dice *dice, size_t *payload)
{
	switch (dice_roll(dice, 3)) {
	case 0:
		dice_spoil(dice, headers->bytes, headers->len);
		break;
	case 1:
		*payload = dice_roll(dice, *payload + 1);
		break;
	default:
		headers->virtio.flags = dice_roll(dice, 4);
		headers->virtio.gso_size = dice_number(dice, 16);
		headers->virtio.hdr_len = dice_number(dice, 16);
	}
}

/**
 * underlay_send() - have the host receive what was forged
 *
 * Return: true if nothing was wrong about its headers.
 */
bool underlay_send(const struct underlay *underlay, const struct forgery *forgery,
		   struct dice *dice)
{
	struct headers headers = { .port = 4000 + dice_roll(dice, 3), .host = dice_roll(dice, 4) };
	uint8_t tos = dice_chance(dice, 20) ? dice_roll(dice, 256) : 0;
	bool spoilt = dice_chance(dice, 4);
	size_t len = forgery->len;

	if (dice_chance(dice, 35))
		put_ip6(&headers, underlay->number, tos, dice_chance(dice, 10), len);
	else
		put_ip4(&headers, underlay->number, tos, len);
	if (forgery->frames > 1) {
		headers.virtio.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
		headers.virtio.gso_size = forgery->frame_len;
	}
	/* So much of a long packet is in one piece. */
	headers.virtio.hdr_len = headers.len + (dice_chance(dice, 50) ? dice_roll(dice, 1500) : 0);
	if (spoilt)
		spoil_headers(&headers, dice, &len);
	write_packet(underlay, &headers, forgery->data, len);
	return !spoilt;
}

/**
 * underlay_send_plain() - have the host receive a datagram, with nothing wrong about it
 */
void underlay_send_plain(const struct underlay *underlay, unsigned int host, const uint8_t *data,
			 size_t len)
{
	struct headers headers = { .port = 4000, .host = host };

	put_ip4(&headers, underlay->number, 0, len);
	write_packet(underlay, &headers, data, len);
}

/**
 * underlay_drain() - take what the host has sent
 */
void underlay_drain(const struct underlay *underlay)
{
	static uint8_t packet[1 << 16];

	while (read(underlay->fd, packet, sizeof(packet)) > 0)
		;
}
