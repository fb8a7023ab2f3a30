// SPDX-License-Identifier: GPL-2.0
/*
 * What is in a frame, right or not: IP packets and link messages.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

#include "forgery.h"

#define SENDER_REPORT	0x01
#define RECEIVER_REPORT	0x02
#define DISCONNECT	0x50
#define PAYLOAD_MAX	1400

static size_t put_number(uint8_t *to, struct dice *dice, unsigned int bits)
{
	uint64_t value = dice_chance(dice, 60) ? dice_roll(dice, 64) : dice_number(dice, bits);

	value = htole64(value);
	memcpy(to, &value, bits / 8);
	return bits / 8;
}

/* No packet is one for the device's own port. */
static void put_payload(uint8_t *to, struct dice *dice, size_t len)
{
	dice_bytes(dice, to, len);
	if (len > 2)
		to[2] |= 0x80;
}

/* By the sizes of its fields, of which each is a digit: 8, 4 or 2 bytes. */
static size_t put_report(uint8_t *to, struct dice *dice, const char *fields)
{
	size_t len = 3;

	memset(to, 0, len);
	for (; *fields; fields++)
		len += put_number(to + len, dice, 8 * (*fields - '0'));
	return len;
}

/* The type byte is in front of all that. */
static size_t put_message(uint8_t *to, struct dice *dice, uint8_t type)
{
	size_t len;

	switch (type) {
	case SENDER_REPORT:
		return put_report(to, dice, "8844488");
	case RECEIVER_REPORT:
		return put_report(to, dice, "888422224444444");
	case DISCONNECT:
		return put_number(to, dice, 8);
	default:
		len = dice_chance(dice, 5) ? dice_number(dice, 15) : dice_roll(dice, 80);
		dice_bytes(dice, to, len);
		return len;
	}
}

static uint16_t sum_up(const uint8_t *header, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static uint8_t choose_protocol(struct dice *dice)
{
	static const uint8_t often[] = { 17, 6, 1, 58, 17, 6, 0, 4, 41, 44, 50, 59, 60, 255 };

	return often[dice_roll(dice, sizeof(often))];
}

static size_t put_ip4(uint8_t *to, struct dice *dice, const struct forgery_world *world,
		      uint32_t source)
{
	size_t options = dice_chance(dice, 10) ? 4 * dice_roll(dice, 11) : 0;
	size_t len = sizeof(struct iphdr) + options;
	struct iphdr ip = {
		.version = 4,
		.ihl = len / 4,
		.ttl = 64,
		.tos = dice_roll(dice, 4),
		.protocol = choose_protocol(dice),
		.saddr = dice_chance(dice, 15) ? htonl(dice_number(dice, 32)) : source,
		.daddr = dice_chance(dice, 15) ? htonl(dice_number(dice, 32)) : world->local,
	};
	size_t payload = dice_roll(dice, PAYLOAD_MAX);

	if (dice_chance(dice, 40))
		payload = dice_roll(dice, 40);
	ip.tot_len = htons(len + payload);
	if (dice_chance(dice, 8))
		ip.frag_off = htons(dice_number(dice, 16));
	dice_bytes(dice, to + sizeof(ip), options);
	put_payload(to + len, dice, payload);
	memcpy(to, &ip, sizeof(ip));
	ip.check = sum_up(to, len);
	if (dice_chance(dice, 15))
		ip.tot_len = htons(dice_chance(dice, 50) ? dice_roll(dice, len + payload + 4) :
							   dice_number(dice, 16));
	memcpy(to, &ip, sizeof(ip));
	return len + payload;
}

static size_t put_ip6(uint8_t *to, struct dice *dice, const struct forgery_world *world,
		      uint32_t source)
{
	struct ip6_hdr ip = {
		.ip6_vfc = 6 << 4 | dice_roll(dice, 16),
		.ip6_hlim = 64,
		.ip6_nxt = choose_protocol(dice),
	};
	size_t payload = dice_roll(dice, dice_chance(dice, 40) ? 60 : PAYLOAD_MAX);

	ip.ip6_src.s6_addr[0] = 0xfd;
	ip.ip6_src.s6_addr[1] = 9;
	ip.ip6_dst = ip.ip6_src;
	memcpy(&ip.ip6_src.s6_addr[12], &source, 4);
	memcpy(&ip.ip6_dst.s6_addr[12], &world->local, 4);
	ip.ip6_plen = htons(dice_chance(dice, 20) ? dice_number(dice, 16) : payload);
	memcpy(to, &ip, sizeof(ip));
	put_payload(to + sizeof(ip), dice, payload);
	return sizeof(ip) + payload;
}

static size_t put_ip(uint8_t *to, struct dice *dice, const struct forgery_world *world,
		     uint32_t source)
{
	size_t len;

	/* Reserved bytes. */
	memset(to, 0, 3);
	if (dice_chance(dice, 70))
		len = put_ip4(to + 3, dice, world, source);
	else
		len = put_ip6(to + 3, dice, world, source);
	/* Padding is none of the packet. */
	if (dice_chance(dice, 10)) {
		dice_bytes(dice, to + 3 + len, 32);
		len += dice_roll(dice, 32);
	}
	return 3 + len;
}

static uint8_t choose_type(struct dice *dice)
{
	static const uint8_t often[] = {
		SEAL_TYPE_IP, SEAL_TYPE_IP, SEAL_TYPE_IP, SEAL_TYPE_IP, SEAL_TYPE_IP, SEAL_TYPE_IP,
		SENDER_REPORT, SENDER_REPORT, RECEIVER_REPORT, RECEIVER_REPORT, RECEIVER_REPORT,
		SEAL_TYPE_BEAT, 0x00, 0x10, 0x20, 0x30, 0x31, 0x03, 0x41, 0xff,
	};

	if (dice_chance(dice, 1))
		return DISCONNECT;
	return often[dice_roll(dice, sizeof(often))];
}

/**
 * contents_make() - write the plaintext of a frame
 * @room: bytes at @plain, more than any of them needs
 * @source: overlay address of who sends it
 *
 * Return: Its length.
 */
size_t contents_make(uint8_t *plain, size_t room, struct dice *dice,
		     const struct forgery_world *world, uint32_t source)
{
	uint8_t type = choose_type(dice);
	size_t len = 5;

	put_number(plain, dice, 32);
	plain[4] = type;
	if (type == SEAL_TYPE_IP)
		len += put_ip(plain + 5, dice, world, source);
	else
		len += put_message(plain + 5, dice, type);
	if (dice_chance(dice, 10))
		len = dice_roll(dice, len + 1);
	else if (dice_chance(dice, 4))
		len = dice_roll(dice, 12);
	if (len > 5 && dice_chance(dice, 12))
		dice_spoil(dice, plain + 5, len - 5 < 72 ? len - 5 : 72);
	return len < room ? len : room;
}
