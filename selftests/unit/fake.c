// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

struct fake {
	int fd;
	pthread_t thread;
	fake_serve_fn serve;
	struct nlmsghdr **requests;
	size_t count;
};

static void *serve_all(void *arg)
{
	struct fake *fake = arg;
	struct nlmsghdr *request;
	ssize_t len;

	for (;;) {
		len = recv(fake->fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
		if (len <= 0)
			return NULL;
		request = xcalloc(1, (size_t)len);
		if (recv(fake->fd, request, (size_t)len, 0) != len)
			abort();
		fake->requests = grow(fake->requests, fake->count, sizeof(request));
		fake->requests[fake->count++] = request;
		fake->serve(fake, request);
	}
}

struct fake *fake_start(fake_serve_fn serve, int *socket)
{
	struct fake *fake = xcalloc(1, sizeof(*fake));
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		abort();
	fake->fd = ends[0];
	fake->serve = serve;
	*socket = ends[1];
	if (pthread_create(&fake->thread, NULL, serve_all, fake))
		abort();
	return fake;
}

void fake_stop(struct fake *fake)
{
	pthread_join(fake->thread, NULL);
	close(fake->fd);
}

size_t fake_request_count(const struct fake *fake)
{
	return fake->count;
}

const struct nlmsghdr *fake_request(const struct fake *fake, size_t number)
{
	if (number >= fake->count)
		abort();
	return fake->requests[number];
}

void fake_free(struct fake *fake)
{
	while (fake->count)
		free(fake->requests[--fake->count]);
	free(fake->requests);
	free(fake);
}

uint8_t fake_command(const struct nlmsghdr *request)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);

	return genl->cmd;
}

void fake_send(struct fake *fake, const void *data, size_t len)
{
	/* The program may have given up by now. */
	(void)!send(fake->fd, data, len, MSG_NOSIGNAL);
}

void fake_shutdown(struct fake *fake)
{
	shutdown(fake->fd, SHUT_WR);
}

void fake_reply(struct fake *fake, const struct nlmsghdr *request, struct message *msg,
		uint16_t flags)
{
	msg->head->nlmsg_type = FAKE_FAMILY;
	msg->head->nlmsg_flags = flags;
	msg->head->nlmsg_seq = request->nlmsg_seq;
	fake_send(fake, msg->head, msg->head->nlmsg_len);
	message_free(msg);
}

void fake_event(struct fake *fake, struct message *msg)
{
	msg->head->nlmsg_type = FAKE_FAMILY;
	fake_send(fake, msg->head, msg->head->nlmsg_len);
	message_free(msg);
}

void fake_done(struct fake *fake, const struct nlmsghdr *request, uint16_t flags)
{
	struct {
		struct nlmsghdr head;
		int number;
	} done = {
		.head = {
			.nlmsg_len = sizeof(done),
			.nlmsg_type = NLMSG_DONE,
			.nlmsg_flags = NLM_F_MULTI | flags,
			.nlmsg_seq = request->nlmsg_seq,
		},
	};

	fake_send(fake, &done, sizeof(done));
}

void fake_error(struct fake *fake, const struct nlmsghdr *request, int number,
		const char *text, uint32_t offset, uint32_t missing, uint32_t missing_nest)
{
	char *buffer = xcalloc(1, 4096);
	struct nlmsghdr *head = mnl_nlmsg_put_header(buffer);
	struct nlmsgerr *error = mnl_nlmsg_put_extra_header(head, sizeof(*error));

	head->nlmsg_type = NLMSG_ERROR;
	head->nlmsg_flags = NLM_F_CAPPED | NLM_F_ACK_TLVS;
	head->nlmsg_seq = request->nlmsg_seq;
	error->error = number;
	error->msg = *request;
	if (text)
		mnl_attr_put_strz(head, NLMSGERR_ATTR_MSG, text);
	if (offset)
		mnl_attr_put_u32(head, NLMSGERR_ATTR_OFFS, offset);
	if (missing)
		mnl_attr_put_u32(head, NLMSGERR_ATTR_MISS_TYPE, missing);
	if (missing_nest)
		mnl_attr_put_u32(head, NLMSGERR_ATTR_MISS_NEST, missing_nest);
	fake_send(fake, head, head->nlmsg_len);
	free(buffer);
}
