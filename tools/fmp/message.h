/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_MESSAGE_H
#define FMP_MESSAGE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A netlink request of any length. */
struct message {
	struct nlmsghdr *head;
	size_t size;
	bool secret;
	uint16_t type;		/* 0 for that of the generic netlink family */
	uint16_t flags;		/* beside those that every request has */
};

void message_init(struct message *msg, uint8_t command);

/* In locked memory, for a request that carries keys. */
void message_init_secret(struct message *msg, uint8_t command);

/* Of another protocol than generic netlink, with that protocol's own header. */
void message_init_typed(struct message *msg, uint16_t type, uint16_t flags, const void *header,
			size_t len);

void message_free(struct message *msg);

uint8_t message_command(const struct message *msg);

void put_flag(struct message *msg, uint16_t type);
void put_u8(struct message *msg, uint16_t type, uint8_t value);
void put_u16(struct message *msg, uint16_t type, uint16_t value);
void put_u32(struct message *msg, uint16_t type, uint32_t value);
void put_data(struct message *msg, uint16_t type, const void *data, size_t len);
void put_string(struct message *msg, uint16_t type, const char *text);

/* A nest is closed with the place that opening it returned. */
size_t nest_open(struct message *msg, uint16_t type);
void nest_close(struct message *msg, size_t place);

#endif /* FMP_MESSAGE_H */
