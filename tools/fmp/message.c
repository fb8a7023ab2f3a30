// SPDX-License-Identifier: GPL-2.0
#include "message.h"

#include <linux/genetlink.h>
#include <linux/fmp.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "util.h"

#define FIRST_SIZE 4096

static void *obtain(const struct message *msg, size_t size)
{
	return msg->secret ? secret_alloc(size) : xcalloc(1, size);
}

static void dispose(const struct message *msg)
{
	if (msg->secret)
		secret_free(msg->head);
	else
		free(msg->head);
}

static void start(struct message *msg, const void *header, size_t len)
{
	msg->size = FIRST_SIZE;
	msg->type = 0;
	msg->flags = 0;
	msg->head = obtain(msg, msg->size);
	mnl_nlmsg_put_header(msg->head);
	memcpy(mnl_nlmsg_put_extra_header(msg->head, len), header, len);
}

static void start_command(struct message *msg, uint8_t command)
{
	struct genlmsghdr genl = { .cmd = command, .version = FMP_FAMILY_VERSION };

	start(msg, &genl, sizeof(genl));
}

void message_init(struct message *msg, uint8_t command)
{
	msg->secret = false;
	start_command(msg, command);
}

void message_init_secret(struct message *msg, uint8_t command)
{
	msg->secret = true;
	start_command(msg, command);
}

void message_init_typed(struct message *msg, uint16_t type, uint16_t flags, const void *header,
			size_t len)
{
	msg->secret = false;
	start(msg, header, len);
	msg->type = type;
	msg->flags = flags;
}

void message_free(struct message *msg)
{
	dispose(msg);
	msg->head = NULL;
}

uint8_t message_command(const struct message *msg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg->head);

	return genl->cmd;
}

static void make_room(struct message *msg, size_t len)
{
	size_t need = msg->head->nlmsg_len + MNL_ALIGN(sizeof(struct nlattr) + len);
	size_t size = msg->size;
	struct nlmsghdr *head;

	if (need <= size)
		return;
	while (size < need)
		size *= 2;

	head = obtain(msg, size);
	memcpy(head, msg->head, msg->head->nlmsg_len);
	dispose(msg);
	msg->head = head;
	msg->size = size;
}

void put_data(struct message *msg, uint16_t type, const void *data, size_t len)
{
	make_room(msg, len);
	mnl_attr_put(msg->head, type, len, data);
}

void put_flag(struct message *msg, uint16_t type)
{
	put_data(msg, type, "", 0);
}

void put_u8(struct message *msg, uint16_t type, uint8_t value)
{
	put_data(msg, type, &value, sizeof(value));
}

void put_u16(struct message *msg, uint16_t type, uint16_t value)
{
	put_data(msg, type, &value, sizeof(value));
}

void put_u32(struct message *msg, uint16_t type, uint32_t value)
{
	put_data(msg, type, &value, sizeof(value));
}

void put_string(struct message *msg, uint16_t type, const char *text)
{
	put_data(msg, type, text, strlen(text) + 1);
}

size_t nest_open(struct message *msg, uint16_t type)
{
	size_t place = msg->head->nlmsg_len;

	put_data(msg, type | NLA_F_NESTED, "", 0);
	return place;
}

void nest_close(struct message *msg, size_t place)
{
	struct nlattr *nest = (struct nlattr *)((char *)msg->head + place);

	nest->nla_len = (uint16_t)(msg->head->nlmsg_len - place);
}
