// SPDX-License-Identifier: GPL-2.0
/* What an agent asks the kernel for, and how it reads what the kernel hands up. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <string.h>

#include "fail.h"
#include "fake.h"
#include "harness.h"
#include "kernel.h"
#include "nl.h"
#include "util.h"

static const struct target target = { .name = "fmp0", .ifindex = 5 };
static const uint8_t key[FMP_PUBLIC_KEY_SIZE] = { 1, 2, 3 };
static int error_of_all;

static void serve_agent(struct fake *fake, const struct nlmsghdr *request)
{
	struct message msg;

	if (!error_of_all && fake_command(request) == FMP_CMD_INDEX_RESERVE) {
		message_init(&msg, FMP_CMD_INDEX_RESERVE);
		put_u32(&msg, FMP_A_HANDSHAKE_IFINDEX, 5);
		put_u32(&msg, FMP_A_HANDSHAKE_LOCAL_INDEX, 0xdeadbeef);
		fake_reply(fake, request, &msg, 0);
	}
	fake_error(fake, request, error_of_all, NULL, 0, 0, 0);
}

static const struct nlattr *attr_of(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static struct nl *start(struct fake **fake, int err)
{
	int fd;

	error_of_all = err;
	*fake = fake_start(serve_agent, &fd);
	return nl_from_socket(fd, FAKE_FAMILY);
}

/* The only request, or NULL; it is gone with the fake. */
static const struct nlmsghdr *stop(struct fake *fake, struct nl *nl, uint8_t command)
{
	nl_close(nl);
	fake_stop(fake);
	if (!CHECK(fake_request_count(fake) == 1))
		return NULL;
	CHECK(fake_command(fake_request(fake, 0)) == command);
	return fake_request(fake, 0);
}

static void test_bind(void)
{
	struct fake *fake;
	struct nl *nl = start(&fake, 0);

	CHECK(kernel_agent_bind(nl, &target) == STATUS_OK);
	stop(fake, nl, FMP_CMD_AGENT_BIND);
	fake_free(fake);

	nl = start(&fake, -EBUSY);
	capture_messages();
	CHECK(kernel_agent_bind(nl, &target) == STATUS_REFUSED);
	CHECK(said("'fmp0': another agent serves the device"));
	stop(fake, nl, FMP_CMD_AGENT_BIND);
	fake_free(fake);

	nl = start(&fake, -ENOENT);
	CHECK(kernel_agent_unbind(nl, &target) == -ENOENT);
	stop(fake, nl, FMP_CMD_AGENT_UNBIND);
	fake_free(fake);
}

static void test_reserve(void)
{
	const struct nlmsghdr *request;
	struct fake *fake;
	struct nl *nl = start(&fake, 0);
	uint32_t index = 0;

	CHECK(kernel_index_reserve(nl, &target, key, &index) == 0 && index == 0xdeadbeef);
	request = stop(fake, nl, FMP_CMD_INDEX_RESERVE);
	if (request) {
		CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_HANDSHAKE_IFINDEX)) == 5);
		CHECK(memcmp(mnl_attr_get_payload(attr_of(request, FMP_A_HANDSHAKE_PUBLIC_KEY)), key,
			     sizeof(key)) == 0);
	}
	fake_free(fake);

	nl = start(&fake, -ENOSPC);
	CHECK(kernel_index_reserve(nl, &target, key, &index) == -ENOSPC);
	stop(fake, nl, FMP_CMD_INDEX_RESERVE);
	fake_free(fake);

	nl = start(&fake, 0);
	CHECK(kernel_index_release(nl, &target, 7) == 0);
	request = stop(fake, nl, FMP_CMD_INDEX_RELEASE);
	if (request)
		CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_HANDSHAKE_LOCAL_INDEX)) == 7);
	fake_free(fake);
}

static void test_send(void)
{
	static const uint8_t frame[FMP_HANDSHAKE_FRAME_MAX] = { 1, 0, 0x6e };
	struct path path = { .remote = { .port = 2121 } };
	const struct nlmsghdr *request;
	struct fake *fake;
	struct nl *nl = start(&fake, -ENETUNREACH);

	path.remote.address.family = AF_INET;
	path.remote.address.v4.s_addr = htonl(0xc0000201);
	CHECK(kernel_handshake_send(nl, &target, frame, sizeof(frame), &path) == -ENETUNREACH);
	request = stop(fake, nl, FMP_CMD_HANDSHAKE_SEND);
	if (request) {
		CHECK(mnl_attr_get_payload_len(attr_of(request, FMP_A_HANDSHAKE_FRAME)) == 114);
		CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_HANDSHAKE_ENDPOINT_IPV4)) ==
		      htonl(0xc0000201));
		CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_HANDSHAKE_ENDPOINT_PORT)) == htons(2121));
		CHECK(!attr_of(request, FMP_A_HANDSHAKE_LOCAL_IPV4));
	}
	fake_free(fake);

	nl = start(&fake, 0);
	path.remote.address.family = AF_INET6;
	path.remote.scope_id = 4;
	path.local.family = AF_INET6;
	CHECK(kernel_handshake_send(nl, &target, frame, 69, &path) == 0);
	request = stop(fake, nl, FMP_CMD_HANDSHAKE_SEND);
	if (request) {
		CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID)) == 4);
		CHECK(attr_of(request, FMP_A_HANDSHAKE_ENDPOINT_IPV6));
		CHECK(attr_of(request, FMP_A_HANDSHAKE_LOCAL_IPV6));
	}
	fake_free(fake);
}

static void test_report(void)
{
	const struct nlmsghdr *request;
	struct fake *fake;
	struct nl *nl = start(&fake, 0);

	CHECK(kernel_handshake_report(nl, &target, key, FMP_HANDSHAKE_EVENT_FAILED,
				      FMP_HANDSHAKE_CAUSE_CRYPTO) == 0);
	request = stop(fake, nl, FMP_CMD_HANDSHAKE_REPORT);
	if (request) {
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_HANDSHAKE_EVENT)) ==
		      FMP_HANDSHAKE_EVENT_FAILED);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_HANDSHAKE_CAUSE)) ==
		      FMP_HANDSHAKE_CAUSE_CRYPTO);
	}
	fake_free(fake);

	nl = start(&fake, 0);
	CHECK(kernel_handshake_report(nl, &target, key, FMP_HANDSHAKE_EVENT_STARTED, 0) == 0);
	request = stop(fake, nl, FMP_CMD_HANDSHAKE_REPORT);
	if (request)
		CHECK(!attr_of(request, FMP_A_HANDSHAKE_CAUSE));
	fake_free(fake);

	nl = start(&fake, -ENOTCONN);
	CHECK(kernel_link_send(nl, &target, key, "\x50", 2) == -ENOTCONN);
	request = stop(fake, nl, FMP_CMD_LINK_SEND);
	if (request)
		CHECK(mnl_attr_get_payload_len(attr_of(request, FMP_A_MESSAGE_PAYLOAD)) == 2);
	fake_free(fake);
}

/* What an agent says of sessions and peers, beside what all do. */
static void test_objects(void)
{
	static const uint8_t secret[FMP_KEY_SIZE], epoch[FMP_EPOCH_SIZE] = { 9 };
	struct session_new session = {
		.choose_index = true, .send_key = secret, .receive_key = secret,
		.candidate = true, .epoch = epoch,
	};
	struct peer_change change = { .dynamic = true };
	const struct nlmsghdr *request;
	struct fake *fake;
	struct nl *nl = start(&fake, -EEXIST);

	CHECK(kernel_try_session_new(nl, &target, &session) == -EEXIST);
	request = stop(fake, nl, FMP_CMD_SESSION_NEW);
	if (request) {
		CHECK(attr_of(request, FMP_A_SESSION_CANDIDATE));
		CHECK(!attr_of(request, FMP_A_SESSION_LOCAL_INDEX));
		CHECK(memcmp(mnl_attr_get_payload(attr_of(request, FMP_A_SESSION_EPOCH)), epoch,
			     sizeof(epoch)) == 0);
	}
	fake_free(fake);

	nl = start(&fake, 0);
	CHECK(kernel_try_peer_new(nl, &target, &change) == 0);
	request = stop(fake, nl, FMP_CMD_PEER_NEW);
	if (request)
		CHECK(attr_of(request, FMP_A_PEER_DYNAMIC));
	fake_free(fake);

	nl = start(&fake, -ENOENT);
	CHECK(kernel_try_peer_set(nl, &target, &change) == -ENOENT);
	request = stop(fake, nl, FMP_CMD_PEER_SET);
	if (request)
		CHECK(!attr_of(request, FMP_A_PEER_DYNAMIC));
	fake_free(fake);
}

static void put_frame(struct message *msg, size_t len)
{
	static const uint8_t frame[200] = { 1, 0, 0x6e, 0, 0xaa };

	message_init(msg, FMP_CMD_HANDSHAKE_FRAME_NTF);
	put_u32(msg, FMP_A_HANDSHAKE_IFINDEX, 5);
	put_data(msg, FMP_A_HANDSHAKE_FRAME, frame, len);
}

static int decode(struct message *msg, struct handshake *handshake)
{
	int err;

	memset(handshake, 0, sizeof(*handshake));
	err = handshake_decode(handshake, msg->head);
	message_free(msg);
	return err;
}

static void test_frames(void)
{
	static const uint8_t v6[16] = { 0xfe, 0x80 };
	struct handshake handshake;
	struct message msg;

	put_frame(&msg, 114);
	put_u32(&msg, FMP_A_HANDSHAKE_ENDPOINT_IPV4, htonl(0x0a000001));
	put_u16(&msg, FMP_A_HANDSHAKE_ENDPOINT_PORT, htons(77));
	put_u32(&msg, FMP_A_HANDSHAKE_LOCAL_IPV4, htonl(0x0a000002));
	put_flag(&msg, FMP_A_HANDSHAKE_KNOWN);
	CHECK(decode(&msg, &handshake) == 0);
	CHECK(handshake.frame_len == 114 && handshake.frame[4] == 0xaa);
	CHECK(handshake.path.remote.port == 77 && handshake.path.local.family == AF_INET);
	CHECK(handshake.path.local.v4.s_addr == htonl(0x0a000002));
	CHECK(HAS(&handshake, FMP_A_HANDSHAKE_KNOWN));

	put_frame(&msg, 69);
	put_data(&msg, FMP_A_HANDSHAKE_ENDPOINT_IPV6, v6, sizeof(v6));
	put_u32(&msg, FMP_A_HANDSHAKE_ENDPOINT_SCOPE_ID, 3);
	put_u16(&msg, FMP_A_HANDSHAKE_ENDPOINT_PORT, htons(77));
	CHECK(decode(&msg, &handshake) == 0);
	CHECK(handshake.path.remote.address.family == AF_INET6 && handshake.path.remote.scope_id == 3);
	CHECK(handshake.frame_len == 69 && !handshake.path.local.family);
	CHECK(!HAS(&handshake, FMP_A_HANDSHAKE_KNOWN));

	/* What the kernel does not send. */
	put_frame(&msg, 114);
	CHECK(decode(&msg, &handshake) == -EBADMSG);
	put_frame(&msg, 115);
	put_u32(&msg, FMP_A_HANDSHAKE_ENDPOINT_IPV4, 1);
	put_u16(&msg, FMP_A_HANDSHAKE_ENDPOINT_PORT, htons(77));
	CHECK(decode(&msg, &handshake) == -EBADMSG);
	put_frame(&msg, 114);
	put_u32(&msg, FMP_A_HANDSHAKE_ENDPOINT_IPV4, 1);
	CHECK(decode(&msg, &handshake) == -EBADMSG);
	put_frame(&msg, 114);
	put_u32(&msg, FMP_A_HANDSHAKE_ENDPOINT_IPV4, 1);
	put_u16(&msg, FMP_A_HANDSHAKE_ENDPOINT_PORT, htons(77));
	put_data(&msg, FMP_A_HANDSHAKE_LOCAL_IPV6, v6, sizeof(v6));
	CHECK(decode(&msg, &handshake) == -EBADMSG);
	message_init(&msg, FMP_CMD_HANDSHAKE_NTF);
	CHECK(decode(&msg, &handshake) == -EBADMSG);
}

const struct test agent_tests[] = {
	{ "bind", test_bind },
	{ "reserve", test_reserve },
	{ "send", test_send },
	{ "report", test_report },
	{ "objects", test_objects },
	{ "frames", test_frames },
	{ 0 },
};
