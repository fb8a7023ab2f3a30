/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Established frames as the specification's section 2.2 has them.
 */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_LEN	32
#define SEAL_HDR_LEN	16
#define SEAL_TAG_LEN	16
#define SEAL_MIN	(SEAL_HDR_LEN + SEAL_TAG_LEN)
/* Ahead of a packet: timestamp, type, reserved bytes. */
#define SEAL_IP_HEAD	8

#define SEAL_FLAG_K	0x01
#define SEAL_FLAG_SP	0x04
#define SEAL_TYPE_IP	0x40
#define SEAL_TYPE_BEAT	0x51

/**
 * struct seal_head - what the header of an established frame says
 */
struct seal_head {
	uint8_t flags;
	uint32_t index;
	uint64_t counter;
};

size_t seal_frame(uint8_t *frame, const struct seal_head *head, const uint8_t *plain, size_t len,
		  const uint8_t *key);
bool seal_read_head(const uint8_t *frame, size_t len, struct seal_head *head);
bool seal_open(uint8_t *plain, const uint8_t *frame, size_t len, const uint8_t *key);
size_t seal_udp_packet(uint8_t *plain, uint32_t from, uint32_t to, uint16_t port,
		       const void *data, size_t len);
void seal_seeded(uint8_t *bytes, size_t len, const char *what, const char *name);

#endif /* SEAL_H */
