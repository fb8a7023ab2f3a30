// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "harness.h"
#include "message.h"
#include "names.h"
#include "object.h"
#include "util.h"

static void put_counter(struct message *msg, uint16_t type, const char *name, const void *value,
			size_t len)
{
	size_t nest = nest_open(msg, type);

	put_string(msg, FMP_A_COUNTER_NAME, name);
	put_data(msg, FMP_A_COUNTER_VALUE, value, len);
	nest_close(msg, nest);
}

static void check_growth(bool secret)
{
	size_t i, nest, count = 20000;
	const struct nlattr *attr;
	struct message msg;

	if (secret)
		message_init_secret(&msg, FMP_CMD_PEER_SET);
	else
		message_init(&msg, FMP_CMD_PEER_SET);
	CHECK(message_command(&msg) == FMP_CMD_PEER_SET);
	for (i = 0; i < count; i++) {
		nest = nest_open(&msg, FMP_A_PEER_ADDRESS);
		put_u32(&msg, FMP_A_ADDRESS_IPV4, (uint32_t)i);
		put_flag(&msg, FMP_A_ADDRESS_REMOVE);
		nest_close(&msg, nest);
	}

	i = 0;
	mnl_attr_for_each(attr, msg.head, sizeof(struct genlmsghdr)) {
		CHECK(mnl_attr_get_type(attr) == FMP_A_PEER_ADDRESS);
		CHECK(mnl_attr_get_payload_len(attr) == 12);
		CHECK(mnl_attr_get_u32(mnl_attr_get_payload(attr)) == i);
		i++;
	}
	CHECK_FMT(i == count, "%zu", i);
	message_free(&msg);
}

static void test_growth(void)
{
	check_growth(false);
	check_growth(true);
}

static void test_device(void)
{
	uint64_t big = UINT64_C(0x123456789abcdef0);
	struct device device = { 0 };
	uint32_t small = 7;
	struct message msg;

	message_init(&msg, FMP_CMD_DEV_GET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, 5);
	put_string(&msg, FMP_A_DEV_IFNAME, "fmp0");
	put_u16(&msg, FMP_A_DEV_PORT, 2121);
	put_u32(&msg, FMP_A_DEV_FWMARK, 0xffffffff);
	put_u8(&msg, FMP_A_DEV_SOURCE_CHECK, 1);
	put_counter(&msg, FMP_A_DEV_COUNTER, "big", &big, sizeof(big));
	put_u32(&msg, 999, 1);
	put_counter(&msg, FMP_A_DEV_COUNTER, "small", &small, sizeof(small));

	CHECK(device_decode(&device, msg.head) == 0);
	CHECK(device.ifindex == 5 && strcmp(device.name, "fmp0") == 0 && device.port == 2121);
	CHECK(device.fwmark == 0xffffffff && device.source_check == 1);
	CHECK(!HAS(&device, FMP_A_DEV_PEERS));
	if (CHECK(device.counters.count == 2)) {
		CHECK(device.counters.list[0].value == big);
		CHECK(device.counters.list[1].value == 7);
		CHECK(strcmp(device.counters.list[1].name, "small") == 0);
	}
	device_release(&device);
	message_free(&msg);
}

static void put_peer(struct message *msg)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE] = { 1, 2, 3 };
	struct in6_addr v6 = { .s6_addr = { 0xfe, 0x80, [15] = 9 } };
	uint32_t packets = 3;
	uint64_t bytes = UINT64_C(1) << 40;
	size_t nest;

	put_u32(msg, FMP_A_PEER_IFINDEX, 5);
	put_data(msg, FMP_A_PEER_PUBLIC_KEY, key, sizeof(key));
	put_data(msg, FMP_A_PEER_ENDPOINT_IPV6, &v6, sizeof(v6));
	put_u32(msg, FMP_A_PEER_ENDPOINT_SCOPE_ID, 77);
	put_u16(msg, FMP_A_PEER_ENDPOINT_PORT, htons(2121));
	nest = nest_open(msg, FMP_A_PEER_ADDRESS);
	put_u32(msg, FMP_A_ADDRESS_IPV4, htonl(0x0a000001));
	nest_close(msg, nest);
	nest = nest_open(msg, FMP_A_PEER_ADDRESS);
	put_data(msg, FMP_A_ADDRESS_IPV6, &v6, sizeof(v6));
	nest_close(msg, nest);
	put_data(msg, FMP_A_PEER_RX_PACKETS, &packets, sizeof(packets));
	put_data(msg, FMP_A_PEER_RX_BYTES, &bytes, sizeof(bytes));
}

static void test_peer(void)
{
	struct peer peer = { 0 };
	struct message msg;

	message_init(&msg, FMP_CMD_PEER_GET);
	put_peer(&msg);
	CHECK(peer_decode(&peer, msg.head) == 0);
	CHECK(peer.public_key[2] == 3 && peer_has_endpoint(&peer));
	CHECK(peer.endpoint.port == 2121 && peer.endpoint.scope_id == 77);
	CHECK(peer.endpoint.address.family == AF_INET6);
	CHECK(peer.rx_packets == 3 && peer.rx_bytes == UINT64_C(1) << 40);
	CHECK(!HAS(&peer, FMP_A_PEER_LAST_RX_MS));
	if (CHECK(peer.address_count == 2)) {
		CHECK(peer.addresses[0].family == AF_INET);
		CHECK(peer.addresses[0].v4.s_addr == htonl(0x0a000001));
		CHECK(peer.addresses[1].family == AF_INET6);
	}
	peer_release(&peer);
	message_free(&msg);
}

/* Each of these, alone in a message, is something the kernel does not send. */
static void check_refused(uint16_t type, const void *data, size_t len)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE] = { 0 };
	struct peer peer = { 0 };
	struct message msg;

	message_init(&msg, FMP_CMD_PEER_GET);
	put_data(&msg, FMP_A_PEER_PUBLIC_KEY, key, sizeof(key));
	put_data(&msg, type, data, len);
	CHECK_FMT(peer_decode(&peer, msg.head) == -EBADMSG, "attribute %u of %zu bytes", type, len);
	peer_release(&peer);
	message_free(&msg);
}

static void test_malformed(void)
{
	static const uint8_t zeros[64];
	struct device device = { 0 };
	struct message msg;

	check_refused(FMP_A_PEER_PUBLIC_KEY, zeros, 31);
	check_refused(FMP_A_PEER_PUBLIC_KEY, zeros, 33);
	check_refused(FMP_A_PEER_IFINDEX, zeros, 2);
	check_refused(FMP_A_PEER_IFINDEX, zeros, 0);
	check_refused(FMP_A_PEER_ENDPOINT_IPV4, zeros, 16);
	check_refused(FMP_A_PEER_ENDPOINT_IPV6, zeros, 4);
	check_refused(FMP_A_PEER_ENDPOINT_PORT, zeros, 1);
	check_refused(FMP_A_PEER_RX_BYTES, zeros, 2);
	check_refused(FMP_A_PEER_RX_BYTES, zeros, 9);
	check_refused(FMP_A_PEER_ADDRESS, zeros, 0);
	check_refused(FMP_A_PEER_COUNTER, zeros, 0);

	message_init(&msg, FMP_CMD_DEV_GET);
	CHECK(device_decode(&device, msg.head) == -EBADMSG);
	message_free(&msg);
}

/* Every way to cut or damage a message is an error or a shorter object, no more. */
static void test_damaged(void)
{
	struct message msg;
	struct peer peer;
	uint32_t len, i;
	uint8_t *copy;

	message_init(&msg, FMP_CMD_PEER_GET);
	put_peer(&msg);
	len = msg.head->nlmsg_len;
	copy = xcalloc(1, len);

	for (i = NLMSG_HDRLEN + GENL_HDRLEN; i <= len; i++) {
		uint8_t *cut = xcalloc(1, i);

		memcpy(cut, msg.head, i);
		((struct nlmsghdr *)cut)->nlmsg_len = i;
		memset(&peer, 0, sizeof(peer));
		peer_decode(&peer, (struct nlmsghdr *)cut);
		peer_release(&peer);
		free(cut);
	}
	for (i = NLMSG_HDRLEN + GENL_HDRLEN; i < len; i++) {
		memcpy(copy, msg.head, len);
		copy[i] ^= 0xff;
		memset(&peer, 0, sizeof(peer));
		peer_decode(&peer, (struct nlmsghdr *)copy);
		peer_release(&peer);
	}
	free(copy);
	message_free(&msg);
}

static void test_session(void)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE] = { 0 };
	struct session session = { 0 };
	struct message msg;

	message_init(&msg, FMP_CMD_SESSION_GET);
	put_data(&msg, FMP_A_SESSION_PUBLIC_KEY, key, sizeof(key));
	put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, 0);
	put_flag(&msg, FMP_A_SESSION_INITIATOR);
	put_u8(&msg, FMP_A_SESSION_SLOT, FMP_SLOT_PREVIOUS);
	CHECK(session_decode(&session, msg.head) == 0);
	CHECK(HAS(&session, FMP_A_SESSION_INITIATOR) && HAS(&session, FMP_A_SESSION_LOCAL_INDEX));
	CHECK(!HAS(&session, FMP_A_SESSION_K_BIT));
	CHECK(strcmp(slot_name(session.slot), "previous") == 0);
	CHECK(strcmp(slot_name(200), "unknown") == 0);
	message_free(&msg);
}

static void check_name(const struct nlmsghdr *request, uint32_t offset, const char *name)
{
	const char *found = attr_name_at(request, offset);

	CHECK_FMT(name ? found && strcmp(found, name) == 0 : !found, "at %u: %s", offset,
		  found ? found : "nothing");
}

static void test_names(void)
{
	uint32_t first = NLMSG_HDRLEN + GENL_HDRLEN, nest;
	struct message msg;

	message_init(&msg, FMP_CMD_PEER_SET);
	put_u32(&msg, FMP_A_PEER_IFINDEX, 5);
	nest = (uint32_t)nest_open(&msg, FMP_A_PEER_ADDRESS);
	put_u32(&msg, FMP_A_ADDRESS_IPV4, 0);
	put_flag(&msg, FMP_A_ADDRESS_REMOVE);
	nest_close(&msg, nest);

	check_name(msg.head, first, "ifindex");
	check_name(msg.head, first + 4, "ifindex");
	check_name(msg.head, nest, "address");
	check_name(msg.head, nest + 8, "ipv4");
	check_name(msg.head, nest + 12, "remove");
	check_name(msg.head, 0, NULL);
	check_name(msg.head, 100000, NULL);
	CHECK(strcmp(attr_name(attr_set_at(msg.head, 0), FMP_A_PEER_PUBLIC_KEY), "public-key") == 0);
	CHECK(strcmp(attr_name(attr_set_at(msg.head, nest), FMP_A_ADDRESS_IPV6), "ipv6") == 0);
	CHECK(!attr_name(attr_set_at(msg.head, 0), 999));
	message_free(&msg);
}

static void check_names_complete(uint8_t command, unsigned int max)
{
	uint16_t type;

	for (type = 1; type <= max; type++)
		CHECK_FMT(attr_name(attr_set_of(command), type), "no name for %u of command %u",
			  type, command);
}

static void test_names_complete(void)
{
	check_names_complete(FMP_CMD_DEV_SET, FMP_A_DEV_MAX);
	check_names_complete(FMP_CMD_PEER_SET, FMP_A_PEER_MAX);
	check_names_complete(FMP_CMD_SESSION_NEW, FMP_A_SESSION_MAX);
}

const struct test message_tests[] = {
	{ "growth", test_growth },
	{ "device", test_device },
	{ "peer", test_peer },
	{ "session", test_session },
	{ "malformed", test_malformed },
	{ "damaged", test_damaged },
	{ "attribute_names", test_names },
	{ "every_attribute_has_a_name", test_names_complete },
	{ 0 },
};
