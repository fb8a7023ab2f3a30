// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "fake.h"
#include "harness.h"
#include "nl.h"
#include "util.h"

#define MANY 5000

struct counts {
	unsigned int replies;
	unsigned int restarts;
};

static int count_reply(const struct nlmsghdr *reply, void *arg)
{
	struct counts *counts = arg;

	(void)reply;
	counts->replies++;
	return 0;
}

static int refuse_reply(const struct nlmsghdr *reply, void *arg)
{
	count_reply(reply, arg);
	return -EBADMSG;
}

static void restart(void *arg)
{
	struct counts *counts = arg;

	counts->replies = 0;
	counts->restarts++;
}

struct talk {
	struct nl *nl;
	struct fake *fake;
	struct message msg;
	struct counts counts;
};

static struct talk talk_start(fake_serve_fn serve)
{
	struct talk talk = { 0 };
	int fd;

	capture_messages();
	talk.fake = fake_start(serve, &fd);
	talk.nl = nl_from_socket(fd, FAKE_FAMILY);
	message_init(&talk.msg, FMP_CMD_PEER_GET);
	put_u32(&talk.msg, FMP_A_PEER_IFINDEX, 5);
	return talk;
}

static void talk_end(struct talk *talk)
{
	message_free(&talk->msg);
	nl_close(talk->nl);
	fake_stop(talk->fake);
	fake_free(talk->fake);
}

static void reply_once(struct fake *fake, const struct nlmsghdr *request, size_t payload)
{
	char *data = xcalloc(1, payload + 1);
	struct message msg;

	message_init(&msg, FMP_CMD_PEER_GET);
	put_data(&msg, FMP_A_PEER_COUNTER, data, payload);
	fake_reply(fake, request, &msg, NLM_F_MULTI);
	free(data);
}

static void serve_one(struct fake *fake, const struct nlmsghdr *request)
{
	struct nlmsghdr stale = *request;

	/* An answer to a question of before is not for us. */
	stale.nlmsg_seq--;
	reply_once(fake, &stale, 0);
	reply_once(fake, request, 60000);
	fake_error(fake, request, 0, NULL, 0, 0, 0);
}

static void test_do(void)
{
	struct talk talk = talk_start(serve_one);
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		CHECK(nl_do(talk.nl, &talk.msg, count_reply, &talk.counts) == 0);
		CHECK(talk.counts.replies == i);
	}
	talk_end(&talk);
}

static void serve_error(struct fake *fake, const struct nlmsghdr *request)
{
	uint32_t first = NLMSG_HDRLEN + GENL_HDRLEN;

	if (request->nlmsg_seq == 1)
		fake_error(fake, request, -EINVAL, "no such thing", first, 0, 0);
	else if (request->nlmsg_seq == 2)
		fake_error(fake, request, -EINVAL, NULL, 0, FMP_A_PEER_PUBLIC_KEY, 0);
	else if (request->nlmsg_seq == 3)
		fake_error(fake, request, -EPERM, NULL, 0, 0, 0);
	else
		fake_error(fake, request, -EINVAL, "text", 40000, 70000, 12345);
}

static void test_explanations(void)
{
	static const char *const wanted[] = {
		"fmp: cannot do it: Invalid argument: no such thing (attribute 'ifindex')\n",
		"fmp: cannot do it: Invalid argument: missing attribute 'public-key'\n",
		"fmp: cannot do it: Operation not permitted\n",
		"fmp: cannot do it: Invalid argument: text\n",
	};
	struct talk talk = talk_start(serve_error);
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		err = nl_do(talk.nl, &talk.msg, NULL, NULL);
		CHECK(err < 0);
		CHECK(nl_refused(talk.nl, err, "cannot %s", "do it") == STATUS_REFUSED);
		CHECK(said(wanted[i]));
	}
	talk_end(&talk);
}

static void serve_many(struct fake *fake, const struct nlmsghdr *request)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		reply_once(fake, request, 200);
	fake_done(fake, request, 0);
}

static void test_many(void)
{
	struct talk talk = talk_start(serve_many);

	CHECK(nl_dump(talk.nl, &talk.msg, count_reply, restart, &talk.counts) == 0);
	CHECK(talk.counts.replies == MANY && talk.counts.restarts == 1);
	talk_end(&talk);
	CHECK(talk.counts.replies == MANY);
}

static void serve_interrupted(struct fake *fake, const struct nlmsghdr *request)
{
	reply_once(fake, request, 0);
	reply_once(fake, request, 0);
	fake_done(fake, request, request->nlmsg_seq < 3 ? NLM_F_DUMP_INTR : 0);
}

static void test_interrupted(void)
{
	struct talk talk = talk_start(serve_interrupted);

	CHECK(nl_dump(talk.nl, &talk.msg, count_reply, restart, &talk.counts) == 0);
	CHECK(talk.counts.replies == 2 && talk.counts.restarts == 3);
	talk_end(&talk);
}

static void serve_restless(struct fake *fake, const struct nlmsghdr *request)
{
	reply_once(fake, request, 0);
	fake_done(fake, request, NLM_F_DUMP_INTR);
}

static void test_restless(void)
{
	struct talk talk = talk_start(serve_restless);

	CHECK(nl_dump(talk.nl, &talk.msg, count_reply, restart, &talk.counts) == 0);
	CHECK(talk.counts.replies == 1 && talk.counts.restarts == 5);
	CHECK(said("warning"));
	talk_end(&talk);
}

static void test_refused_reply(void)
{
	struct talk talk = talk_start(serve_interrupted);

	CHECK(nl_do(talk.nl, &talk.msg, refuse_reply, &talk.counts) == -EBADMSG);
	CHECK(talk.counts.replies == 2);

	/* What is left of an answer must not be taken for the next one. */
	CHECK(nl_do(talk.nl, &talk.msg, count_reply, &talk.counts) == 0);
	CHECK(talk.counts.replies == 4);
	talk_end(&talk);
}

static void serve_junk(struct fake *fake, const struct nlmsghdr *request)
{
	struct nlmsghdr junk = *request;

	fake_send(fake, "x", 1);
	junk.nlmsg_len = 1000;
	fake_send(fake, &junk, sizeof(junk));
	junk.nlmsg_len = UINT32_MAX - 1000;
	fake_send(fake, &junk, sizeof(junk));
	junk.nlmsg_len = sizeof(junk);
	junk.nlmsg_type = NLMSG_ERROR;
	fake_send(fake, &junk, sizeof(junk));
}

static void test_junk(void)
{
	struct talk talk = talk_start(serve_junk);

	CHECK(nl_do(talk.nl, &talk.msg, count_reply, &talk.counts) == -EBADMSG);
	CHECK(talk.counts.replies == 0);
	talk_end(&talk);
}

static void serve_numbers(struct fake *fake, const struct nlmsghdr *request)
{
	static const int numbers[] = { 1, INT_MAX, INT_MIN, -4096 };

	fake_error(fake, request, numbers[request->nlmsg_seq - 1], NULL, 0, 0, 0);
}

/* Errors that are none are told as what they are, and can be told. */
static void test_numbers(void)
{
	struct talk talk = talk_start(serve_numbers);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		CHECK(nl_do(talk.nl, &talk.msg, count_reply, &talk.counts) == -EBADMSG);
		CHECK(nl_refused(talk.nl, -EBADMSG, "refused") == STATUS_REFUSED);
		CHECK(said("refused: Bad message"));
	}
	talk_end(&talk);
}

const struct test nl_tests[] = {
	{ "requests", test_do },
	{ "explanations_of_the_kernel", test_explanations },
	{ "long_dump", test_many },
	{ "interrupted_dump", test_interrupted },
	{ "dump_that_is_always_interrupted", test_restless },
	{ "reply_that_cannot_be_used", test_refused_reply },
	{ "junk", test_junk },
	{ "errors_that_are_none", test_numbers },
	{ 0 },
};
