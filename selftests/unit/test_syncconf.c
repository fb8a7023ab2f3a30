// SPDX-License-Identifier: GPL-2.0
/*
 * What is asked of the kernel to make a device what a configuration says. Each
 * request is written down as a line, in the order in which they were sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "conf-text.h"
#include "fail.h"
#include "fake.h"
#include "harness.h"
#include "identity.h"
#include "util.h"

#define IFINDEX 7

static const char *const keys[] = {
	"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
	"c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
	"f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
	"e493dbf1c10d80f3581e4904930b1404cc6c13900ee0758474fa94abe8c4cd13",
};

#define PEER(n, text) "[Peer]\nPublicKey = " KEY_##n "\n" text
#define KEY_0 "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define KEY_1 "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
#define KEY_2 "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"
#define KEY_3 "e493dbf1c10d80f3581e4904930b1404cc6c13900ee0758474fa94abe8c4cd13"

/* A peer that the kernel has, of number n. */
struct had {
	bool there;
	const char *name;	/* of its endpoint */
	const char *endpoint;	/* IPv4, its port is 2121 */
	const char *addresses[3];
	bool auto_connect;
	uint16_t heartbeat;
	bool dynamic;
};

static struct had had[ARRAY_SIZE(keys)];
static uint16_t had_port;
static uint8_t refuse_command;
static int refuse_with;
static struct applied applied;		/* by the last expect() */

static void fill_addresses(struct message *msg, const struct had *peer, const uint8_t *key)
{
	struct in6_addr derived = address_of_key(key), v6;
	struct in_addr v4;
	size_t i, nest = nest_open(msg, FMP_A_PEER_ADDRESS);

	put_data(msg, FMP_A_ADDRESS_IPV6, &derived, sizeof(derived));
	nest_close(msg, nest);
	for (i = 0; i < ARRAY_SIZE(peer->addresses) && peer->addresses[i]; i++) {
		nest = nest_open(msg, FMP_A_PEER_ADDRESS);
		if (inet_pton(AF_INET, peer->addresses[i], &v4) == 1)
			put_data(msg, FMP_A_ADDRESS_IPV4, &v4, sizeof(v4));
		else if (inet_pton(AF_INET6, peer->addresses[i], &v6) == 1)
			put_data(msg, FMP_A_ADDRESS_IPV6, &v6, sizeof(v6));
		nest_close(msg, nest);
	}
}

static void send_peer(struct fake *f, const struct nlmsghdr *request, unsigned int number)
{
	const struct had *peer = &had[number];
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct message msg;
	struct in_addr v4;

	from_hex(key, sizeof(key), keys[number]);
	message_init(&msg, FMP_CMD_PEER_GET);
	put_u32(&msg, FMP_A_PEER_IFINDEX, IFINDEX);
	put_data(&msg, FMP_A_PEER_PUBLIC_KEY, key, sizeof(key));
	fill_addresses(&msg, peer, key);
	if (peer->endpoint && inet_pton(AF_INET, peer->endpoint, &v4) == 1) {
		put_data(&msg, FMP_A_PEER_ENDPOINT_IPV4, &v4, sizeof(v4));
		put_u16(&msg, FMP_A_PEER_ENDPOINT_PORT, htons(2121));
	}
	if (peer->name)
		put_string(&msg, FMP_A_PEER_ENDPOINT_NAME, peer->name);
	put_u8(&msg, FMP_A_PEER_AUTO_CONNECT, peer->auto_connect);
	put_u16(&msg, FMP_A_PEER_HEARTBEAT, peer->heartbeat);
	if (peer->dynamic)
		put_flag(&msg, FMP_A_PEER_DYNAMIC);
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

static void send_device(struct fake *f, const struct nlmsghdr *request)
{
	struct message msg;

	message_init(&msg, FMP_CMD_DEV_GET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, IFINDEX);
	put_string(&msg, FMP_A_DEV_IFNAME, "fmp0");
	put_u16(&msg, FMP_A_DEV_PORT, had_port);
	put_u32(&msg, FMP_A_DEV_FWMARK, 0);
	put_u8(&msg, FMP_A_DEV_SOURCE_CHECK, 1);
	put_u8(&msg, FMP_A_DEV_MULTICAST, 1);
	put_u32(&msg, FMP_A_DEV_HANDSHAKE_BURST, 100);
	put_u32(&msg, FMP_A_DEV_HANDSHAKE_RATE, 10);
	fake_reply(f, request, &msg, 0);
}

static void serve(struct fake *f, const struct nlmsghdr *request)
{
	unsigned int i;

	if (fake_command(request) == refuse_command) {
		fake_error(f, request, refuse_with, NULL, 0, 0, 0);
		return;
	}
	switch (fake_command(request)) {
	case FMP_CMD_DEV_GET:
		send_device(f, request);
		break;
	case FMP_CMD_PEER_GET:
		for (i = 0; i < ARRAY_SIZE(had); i++)
			if (had[i].there)
				send_peer(f, request, i);
		fake_done(f, request, 0);
		return;
	}
	fake_error(f, request, 0, NULL, 0, 0, 0);
}

/* --- the requests as lines */

static void write_address(FILE *out, const struct nlattr *nest)
{
	const struct nlattr *attr;
	char text[INET6_ADDRSTRLEN] = "?";
	bool removal = false;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case FMP_A_ADDRESS_IPV4:
			inet_ntop(AF_INET, mnl_attr_get_payload(attr), text, sizeof(text));
			break;
		case FMP_A_ADDRESS_IPV6:
			inet_ntop(AF_INET6, mnl_attr_get_payload(attr), text, sizeof(text));
			break;
		case FMP_A_ADDRESS_REMOVE:
			removal = true;
			break;
		}
	}
	fprintf(out, " %c%s", removal ? '-' : '+', text);
}

static unsigned int number_of(const uint8_t *key)
{
	uint8_t one[FMP_PUBLIC_KEY_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		from_hex(one, sizeof(one), keys[i]);
		if (memcmp(key, one, sizeof(one)) == 0)
			break;
	}
	return i;
}

static void write_peer_attr(FILE *out, const struct nlattr *attr)
{
	char text[INET_ADDRSTRLEN];

	switch (mnl_attr_get_type(attr)) {
	case FMP_A_PEER_PUBLIC_KEY:
		fprintf(out, " %u", number_of(mnl_attr_get_payload(attr)));
		break;
	case FMP_A_PEER_ENDPOINT_NAME:
		fprintf(out, " name '%s'", mnl_attr_get_str(attr));
		break;
	case FMP_A_PEER_ENDPOINT_IPV4:
		fprintf(out, " at %s", inet_ntop(AF_INET, mnl_attr_get_payload(attr), text,
						 sizeof(text)));
		break;
	case FMP_A_PEER_AUTO_CONNECT:
		fprintf(out, " auto %u", mnl_attr_get_u8(attr));
		break;
	case FMP_A_PEER_HEARTBEAT:
		fprintf(out, " beat %u", mnl_attr_get_u16(attr));
		break;
	case FMP_A_PEER_REPLACE_ADDRESSES:
		fprintf(out, " replace");
		break;
	case FMP_A_PEER_ADDRESS:
		write_address(out, attr);
		break;
	}
}

static void write_peer(FILE *out, const char *what, const struct nlmsghdr *request)
{
	const struct nlattr *attr;

	fprintf(out, "%s", what);
	mnl_attr_for_each(attr, request, sizeof(struct genlmsghdr))
		write_peer_attr(out, attr);
	fprintf(out, "\n");
}

/* The numbers of its attributes are enough. */
static void write_device(FILE *out, const struct nlmsghdr *request)
{
	const struct nlattr *attr;

	fprintf(out, "device");
	mnl_attr_for_each(attr, request, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) != FMP_A_DEV_IFINDEX)
			fprintf(out, " %u", mnl_attr_get_type(attr));
	fprintf(out, "\n");
}

static void write_request(FILE *out, const struct nlmsghdr *request)
{
	switch (fake_command(request)) {
	case FMP_CMD_DEV_SET:
		write_device(out, request);
		break;
	case FMP_CMD_PEER_NEW:
		write_peer(out, "new", request);
		break;
	case FMP_CMD_PEER_SET:
		write_peer(out, "set", request);
		break;
	case FMP_CMD_PEER_DEL:
		write_peer(out, "del", request);
		break;
	}
}

static char *requests_of(const char *text, enum apply_mode mode, int *status)
{
	struct target target = { .name = "fmp0", .ifindex = IFINDEX };
	struct fake *fake;
	struct conf conf;
	struct nl *nl;
	char *lines;
	size_t i, len;
	FILE *out;
	int fd;

	CHECK(read_conf_text(&conf, text) == STATUS_OK);
	fake = fake_start(serve, &fd);
	nl = nl_from_socket(fd, FAKE_FAMILY);
	memset(&applied, 0, sizeof(applied));
	*status = apply_conf(nl, &target, &conf, mode, &applied);
	nl_close(nl);
	fake_stop(fake);
	conf_release(&conf);

	out = open_memstream(&lines, &len);
	if (!out)
		abort();
	for (i = 0; i < fake_request_count(fake); i++)
		write_request(out, fake_request(fake, i));
	fclose(out);
	fake_free(fake);
	return lines;
}

static void expect(const char *text, enum apply_mode mode, const char *want, int line)
{
	int status;
	char *lines = requests_of(text, mode, &status);

	check(status == STATUS_OK, "test_syncconf.c", line, "status %d", status);
	check(strcmp(lines, want) == 0, "test_syncconf.c", line, "wanted:\n%sgot:\n%s", want, lines);
	free(lines);
}

#define EXPECT(mode, text, want) expect(text, APPLY_##mode, want, __LINE__)

static void start(void)
{
	static const struct had two[] = {
		{ .there = true, .name = "a.example:2121", .endpoint = "192.0.2.7", .auto_connect = true,
		  .heartbeat = 10, .addresses = { "10.9.0.2", "fd09::2" } },
		{ .there = true, .heartbeat = 10, .addresses = { "10.9.0.3" } },
	};

	memset(had, 0, sizeof(had));
	memcpy(had, two, sizeof(two));
	had_port = FMP_DEFAULT_PORT;
	refuse_command = 0;
	fail_stream(stderr);
}

#define TWO PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n") \
	PEER(1, "AllowedIPs = 10.9.0.3, 10.20.0.0/16\n")

/* Not a single request that changes anything. */
static void test_nothing_changed(void)
{
	start();
	EXPECT(SYNC, TWO, "");
	EXPECT(SYNC, "[Interface]\nListenPort = 2121\nFwMark = off\nSourceCheck = on\nLocal = any\n"
	       "Underlay = any\nTtl = auto\nTos = 0\nMulticast = on\nHandshakeBurst = 100\n" TWO, "");
	had_port = 40000;
	EXPECT(SYNC, "[Interface]\nListenPort = 0\n" TWO, "");
	EXPECT(SYNC, TWO, "device 3\n");
}

#define JSON_TWO "{\"interface\": {}, \"peers\": [{\"public_key\": \"" KEY_1 "\", "	\
	"\"allowed_ips\": [\"10.9.0.3\", \"10.20.0.0/16\"]}, {\"public_key\": \"" KEY_0 "\", "	\
	"\"endpoint\": \"a.example:2121\", \"allowed_ips\": [\"fd09::2\", \"10.9.0.2\"]%s}]}"

static void test_json(void)
{
	char *text;

	start();
	text = xasprintf(JSON_TWO, "");
	EXPECT(SYNC, text, "");
	free(text);
	text = xasprintf(JSON_TWO, ", \"heartbeat\": 3");
	EXPECT(SYNC, text, "set 0 beat 3\n");
	free(text);
	EXPECT(SYNC, "{\"interface\": {}, \"peers\": []}", "del 0\ndel 1\n");
	EXPECT(ADD, "{\"interface\": {\"multicast\": true}, \"peers\": []}", "device 13\n");
}

static bool is_applied(bool device, size_t added, size_t changed, size_t removed)
{
	return applied.device == device && applied.added == added && applied.changed == changed &&
	       applied.removed == removed;
}

/* An address that moves is one change, although its peer is told twice. */
static void test_applied(void)
{
	start();
	EXPECT(SYNC, TWO, "");
	CHECK(is_applied(false, 0, 0, 0));
	EXPECT(SYNC, "[Interface]\nFwMark = 7\n" PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2\n")
	       PEER(2, "AllowedIPs = 10.9.0.2\n"),
	       "device 4\ndel 1\nset 0 -10.9.0.2\nset 0 replace +fd09::2\n"
	       "new 2 auto 0 beat 10 +10.9.0.2\n");
	CHECK(is_applied(true, 1, 1, 1));
	EXPECT(SET, PEER(1, ""), "device 3 4 5 8 9 10 11 12 13 16 17\ndel 0\ndel 1\nnew 1 auto 0 beat 10\n");
	CHECK(is_applied(true, 1, 0, 2));
}

static void test_device(void)
{
	start();
	EXPECT(SYNC, "[Interface]\nFwMark = 7\nLocal = 192.0.2.1\nTos = inherit\nHandshakeRate = 11\n" TWO,
	       "device 4 8 11 17\n");
	EXPECT(ADD, "[Interface]\nListenPort = 2121\nMulticast = on\n", "device 3 13\n");
	EXPECT(ADD, PEER(2, ""), "new 2 auto 0 beat 10\n");
	EXPECT(SET, "", "device 3 4 5 8 9 10 11 12 13 16 17\ndel 0\ndel 1\n");
}

static void test_peers(void)
{
	start();
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n"), "del 1\n");
	EXPECT(SYNC, TWO PEER(2, "Endpoint = 192.0.2.9:2121\nAllowedIPs = 10.9.0.9\nHeartbeat = off\n"),
	       "new 2 at 192.0.2.9 name '192.0.2.9:2121' auto 1 beat 0 +10.9.0.9\n");
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n")
	       PEER(1, "AllowedIPs = 10.9.0.3\nHeartbeat = 3\n"), "set 1 beat 3\n");
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\nAutoConnect=no\n")
	       PEER(1, "AllowedIPs = 10.9.0.4, 10.9.0.3\n"),
	       "set 0 auto 0\nset 1 replace +10.9.0.4 +10.9.0.3\n");
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n") PEER(1, ""),
	       "set 1 replace\n");
}

/* The address of a peer is where it was heard last: only what was configured counts. */
static void test_endpoints(void)
{
	start();
	had[1].endpoint = "192.0.2.8";
	had[1].auto_connect = true;
	EXPECT(SYNC, PEER(0, "Endpoint = b.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n")
	       PEER(1, "Endpoint = 192.0.2.8:2121\nAllowedIPs = 10.9.0.3\n"),
	       "set 0 name 'b.example:2121'\n");
	EXPECT(SYNC, PEER(0, "AllowedIPs = fd09::2, 10.9.0.2\nAutoConnect = on\n")
	       PEER(1, "Endpoint = 192.0.2.9:2121\nAllowedIPs = 10.9.0.3\n"),
	       "set 0 name ''\nset 1 at 192.0.2.9 name '192.0.2.9:2121'\n");
	had[1].name = "192.0.2.5:2121";
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n")
	       PEER(1, "Endpoint = 192.0.2.5:2121\nAllowedIPs = 10.9.0.3\n"), "");
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n")
	       PEER(1, "Endpoint = 192.0.2.8:2121\nAllowedIPs = 10.9.0.3\n"),
	       "set 1 name '192.0.2.8:2121'\n");
}

/* The kernel refuses an address that another peer has. */
static void test_moving_addresses(void)
{
	start();
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.3\n")
	       PEER(1, "AllowedIPs = 10.9.0.2\n"),
	       "set 0 -10.9.0.2\nset 1 -10.9.0.3\n"
	       "set 0 replace +fd09::2 +10.9.0.3\nset 1 replace +10.9.0.2\n");
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2\n")
	       PEER(1, "AllowedIPs = 10.9.0.3\n") PEER(2, "AllowedIPs = 10.9.0.2\n"),
	       "set 0 -10.9.0.2\nset 0 replace +fd09::2\nnew 2 auto 0 beat 10 +10.9.0.2\n");
	EXPECT(SYNC, PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2,10.9.0.2,10.9.0.3\n"),
	       "del 1\nset 0 replace +fd09::2 +10.9.0.2 +10.9.0.3\n");
}

static void test_dynamic(void)
{
	start();
	had[2] = (struct had){ .there = true, .dynamic = true, .heartbeat = 10 };
	EXPECT(SYNC, TWO, "");
	EXPECT(SYNC, TWO PEER(2, ""), "del 2\nnew 2 auto 0 beat 10\n");
	EXPECT(ADD, PEER(2, ""), "del 2\nnew 2 auto 0 beat 10\n");
	EXPECT(SET, PEER(1, ""), "device 3 4 5 8 9 10 11 12 13 16 17\n"
	       "del 0\ndel 1\ndel 2\nnew 1 auto 0 beat 10\n");
}

static void test_add(void)
{
	start();
	EXPECT(ADD, PEER(1, "AllowedIPs = 10.9.0.4\n"), "set 1 +10.9.0.4\n");
	EXPECT(ADD, PEER(1, "Endpoint = 192.0.2.9:2121\n"),
	       "set 1 at 192.0.2.9 name '192.0.2.9:2121' auto 1\n");
	EXPECT(ADD, PEER(1, "Heartbeat = 5\nAutoConnect = off\n") PEER(3, "AllowedIPs = 10.0.0.0/8\n"),
	       "set 1 auto 0 beat 5\nnew 3 auto 0 beat 10\n");
	EXPECT(ADD, PEER(0, ""), "");
}

static void test_own_address(void)
{
	struct in6_addr derived;
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	char address[INET6_ADDRSTRLEN], *text;

	start();
	from_hex(key, sizeof(key), KEY_1);
	derived = address_of_key(key);
	inet_ntop(AF_INET6, &derived, address, sizeof(address));
	text = xasprintf(PEER(0, "Endpoint = a.example:2121\nAllowedIPs = fd09::2, 10.9.0.2\n")
			 PEER(1, "AllowedIPs = 10.9.0.3, %s\n"), address);
	EXPECT(SYNC, text, "");
	free(text);
}

static void test_refusals(void)
{
	char *lines;
	int status;

	start();
	capture_messages();
	refuse_command = FMP_CMD_DEV_SET;
	refuse_with = -EADDRINUSE;
	lines = requests_of("[Interface]\nListenPort = 1\n" PEER(2, ""), APPLY_SYNC, &status);
	CHECK_FMT(strcmp(lines, "device 3\n") == 0, "%s", lines);
	CHECK(status == STATUS_REFUSED && said("cannot change the configuration of 'fmp0': Address already"));
	free(lines);

	refuse_command = FMP_CMD_PEER_NEW;
	refuse_with = -EEXIST;
	lines = requests_of(TWO PEER(2, ""), APPLY_SYNC, &status);
	CHECK_FMT(strcmp(lines, "new 2 auto 0 beat 10\ndel 2\nnew 2 auto 0 beat 10\n") == 0, "%s", lines);
	CHECK(status == STATUS_REFUSED && said("cannot add the peer"));
	free(lines);

	refuse_command = FMP_CMD_PEER_DEL;
	refuse_with = -ENOENT;
	lines = requests_of("", APPLY_SYNC, &status);
	CHECK(status == STATUS_OK && strcmp(lines, "del 0\ndel 1\n") == 0);
	free(lines);
	free(captured_messages());
}

const struct test syncconf_tests[] = {
	{ "nothing_changed", test_nothing_changed },
	{ "json", test_json },
	{ "applied", test_applied },
	{ "device", test_device },
	{ "peers", test_peers },
	{ "endpoints", test_endpoints },
	{ "moving_addresses", test_moving_addresses },
	{ "dynamic", test_dynamic },
	{ "add", test_add },
	{ "own_address", test_own_address },
	{ "refusals", test_refusals },
	{ 0 },
};
