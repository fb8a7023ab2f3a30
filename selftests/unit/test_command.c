// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "drive.h"
#include "fail.h"
#include "harness.h"
#include "identity.h"
#include "nl.h"
#include "util.h"

int __wrap_nl_join(struct nl *nl, const char *group);

#define IFINDEX DRIVE_IFINDEX
#define OTHER_IFINDEX 0x7fffff06
#define PEERS 3
#define NPUB "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d"
#define XONLY "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"

static void put_counter(struct message *msg, uint16_t type, const char *name, uint64_t value)
{
	size_t nest = nest_open(msg, type);

	put_string(msg, FMP_A_COUNTER_NAME, name);
	put_data(msg, FMP_A_COUNTER_VALUE, &value, sizeof(value));
	nest_close(msg, nest);
}

static void send_device(struct fake *f, const struct nlmsghdr *request, const char *name)
{
	struct message msg;

	message_init(&msg, FMP_CMD_DEV_GET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, IFINDEX);
	put_string(&msg, FMP_A_DEV_IFNAME, name);
	put_u16(&msg, FMP_A_DEV_PORT, 2121);
	put_u32(&msg, FMP_A_DEV_FWMARK, 0x1234);
	put_u8(&msg, FMP_A_DEV_SOURCE_CHECK, 1);
	put_u32(&msg, FMP_A_DEV_PEERS, PEERS);
	put_u32(&msg, FMP_A_DEV_HANDSHAKE_BURST, 7);
	put_u32(&msg, FMP_A_DEV_HANDSHAKE_RATE, 3);
	put_data(&msg, FMP_A_DEV_EPOCH, "\x01\x02\x03\x04\x05\x06\x07\x08", FMP_EPOCH_SIZE);
	put_u8(&msg, FMP_A_DEV_AGENT, 1);
	put_counter(&msg, FMP_A_DEV_COUNTER, "rx_replay", 0);
	put_counter(&msg, FMP_A_DEV_COUNTER, "tx_no_session", UINT64_MAX);
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

static void peer_key(uint8_t *key, unsigned int number)
{
	from_hex(key, FMP_PUBLIC_KEY_SIZE, XONLY);
	key[31] += (uint8_t)number;
}

static void put_agent_words(struct message *msg)
{
	uint64_t ms = 61000;

	put_string(msg, FMP_A_PEER_ENDPOINT_NAME, "b.example:2121");
	put_flag(msg, FMP_A_PEER_DYNAMIC);
	put_data(msg, FMP_A_PEER_EPOCH, "\xf1\x02\x03\x04\x05\x06\x07\x08", FMP_EPOCH_SIZE);
	put_data(msg, FMP_A_PEER_HANDSHAKE_MS, &ms, sizeof(ms));
}

static void send_peer(struct fake *f, const struct nlmsghdr *request, unsigned int number)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct message msg;
	uint64_t last = 1000 * (PEERS - number);
	size_t nest;

	peer_key(key, number);
	message_init(&msg, FMP_CMD_PEER_GET);
	put_u32(&msg, FMP_A_PEER_IFINDEX, IFINDEX);
	put_data(&msg, FMP_A_PEER_PUBLIC_KEY, key, sizeof(key));
	put_u32(&msg, FMP_A_PEER_ENDPOINT_IPV4, htonl(0xc0000201));
	put_u16(&msg, FMP_A_PEER_ENDPOINT_PORT, htons(2121));
	nest = nest_open(&msg, FMP_A_PEER_ADDRESS);
	put_u32(&msg, FMP_A_ADDRESS_IPV4, htonl(0x0a000001));
	nest_close(&msg, nest);
	if (number)
		put_data(&msg, FMP_A_PEER_LAST_RX_MS, &last, sizeof(last));
	put_counter(&msg, FMP_A_PEER_COUNTER, "replay", number);
	put_counter(&msg, FMP_A_PEER_COUNTER, "handshake_started", number);
	put_counter(&msg, FMP_A_PEER_COUNTER, "handshake_failed_timeout", number);
	put_u8(&msg, FMP_A_PEER_AUTO_CONNECT, 1);
	put_u16(&msg, FMP_A_PEER_HEARTBEAT, (uint16_t)(10 * number));
	if (number)
		put_agent_words(&msg);
	put_u32(&msg, FMP_A_PEER_FAILURES, 7 * number);
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

static void send_session(struct fake *f, const struct nlmsghdr *request, unsigned int number,
			 uint8_t slot)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct message msg;
	uint64_t counter = UINT64_C(1) << 63;
	uint32_t rekey = 120000;

	peer_key(key, number);
	message_init(&msg, FMP_CMD_SESSION_GET);
	put_u32(&msg, FMP_A_SESSION_IFINDEX, IFINDEX);
	put_data(&msg, FMP_A_SESSION_PUBLIC_KEY, key, sizeof(key));
	put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, 0xabcd0000 + 16 * number + slot);
	put_u32(&msg, FMP_A_SESSION_REMOTE_INDEX, 0xffffffff);
	put_u8(&msg, FMP_A_SESSION_SLOT, slot);
	put_u8(&msg, FMP_A_SESSION_K_BIT, 1);
	put_data(&msg, FMP_A_SESSION_SEND_COUNTER, &counter, sizeof(counter));
	if (slot == FMP_SLOT_CURRENT) {
		put_data(&msg, FMP_A_SESSION_EPOCH, "\xf1\x02\x03\x04\x05\x06\x07\x08",
			 FMP_EPOCH_SIZE);
		put_data(&msg, FMP_A_SESSION_REKEY_MS, &rekey, sizeof(rekey));
		put_flag(&msg, FMP_A_SESSION_CANDIDATE);
	}
	fake_reply(f, request, &msg, NLM_F_MULTI);
}

static void finish(struct fake *f, const struct nlmsghdr *request)
{
	if (request->nlmsg_flags & NLM_F_DUMP)
		fake_done(f, request, 0);
	else
		fake_error(f, request, 0, NULL, 0, 0, 0);
}

static void serve_all(struct fake *f, const struct nlmsghdr *request)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	unsigned int i;

	switch (fake_command(request)) {
	case FMP_CMD_DEV_GET:
		if (dump)
			send_device(f, request, "fmp1");
		send_device(f, request, "fmp0");
		break;
	case FMP_CMD_PEER_GET:
		for (i = 0; i < (dump ? PEERS : 1); i++)
			send_peer(f, request, i);
		break;
	case FMP_CMD_SESSION_GET:
		if (dump) {
			send_session(f, request, 1, FMP_SLOT_PENDING);
			send_session(f, request, 0, FMP_SLOT_CURRENT);
		}
		send_session(f, request, 1, FMP_SLOT_CURRENT);
		break;
	case FMP_CMD_SESSION_NEW:
		send_session(f, request, 1, FMP_SLOT_CURRENT);
		break;
	}
	finish(f, request);
}

static void test_show(void)
{
	struct outcome outcome;
	const char *first, *second, *third;

	drive_serve = serve_all;
	outcome = RUN();
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.messages, "%s", outcome.messages);
	CHECK_FMT(strncmp(outcome.output, "device: fmp0\n  port: 2121\n  fwmark: 0x1234\n"
			  "  source check: on\n  handshakes of strangers: 7 at once, 3 a second\n"
			  "  epoch: 0102030405060708\n  agent: running\n  peers: 3\n", 156) == 0,
		  "%s", outcome.output);
	CHECK(strstr(outcome.output, "\ndevice: fmp1\n"));
	first = strstr(outcome.output, "last received: 1 s ago");
	second = strstr(outcome.output, "last received: 2 s ago");
	third = strstr(outcome.output, "last received: never");
	CHECK(first && second && third && first < second && second < third);
	CHECK(strstr(outcome.output, "endpoint: 192.0.2.1:2121"));
	CHECK(strstr(outcome.output, "dropped: 2 replay\n"));
	CHECK(strstr(outcome.output, "endpoint name: b.example:2121\n  auto-connect: on\n"
		     "  dynamic: yes\n  heartbeat: every 20 s\n  epoch: f102030405060708\n"));
	CHECK(strstr(outcome.output, "auto-connect: on\n  heartbeat: off\n"));
	CHECK(strstr(outcome.output, "last handshake: 1 min 1 s ago\n"
		     "  handshakes: 2 started, 2 failed (timeout)\n"));
	CHECK(strstr(outcome.output, "responder, K 1, age 0 s, next counter 9223372036854775808, "
		     "rekey in 2 min 0 s, candidate\n"));
	CHECK(!strstr(outcome.output, "0 replay"));
	CHECK(strstr(outcome.output, "failures: 7 frames in a row did not decrypt\n"));
	CHECK(!strstr(outcome.output, "failures: 0"));
	CHECK(strstr(outcome.output, "session: pending, local index 0xabcd0011, remote index 0xffffffff, "
		     "responder, K 1, age 0 s, next counter 9223372036854775808\n"));
	CHECK(!strstr(outcome.output, "\033"));
	end(&outcome);

	EXPECT(STATUS_OK, "fmp0\nfmp1\n", "show", "interfaces");
	EXPECT(STATUS_OK, "  rx_replay     0\n  tx_no_session 18446744073709551615\n", "show", "fmp0",
	       "counters");
	EXPECT(STATUS_OK, NPUB "\n", "peer", "show", "fmp0", NPUB);
	EXPECT(STATUS_OK, "peer: " NPUB "\n  session: current", "session", "show", "fmp0");
}

static struct json_object *member(struct json_object *object, const char *path)
{
	struct json_object *found = NULL;

	CHECK_FMT(json_pointer_get(object, path, &found) == 0, "no %s", path);
	return found;
}

static void test_json(void)
{
	struct outcome outcome;
	struct json_object *all;

	drive_serve = serve_all;
	outcome = RUN("show", "--json");
	all = json_tokener_parse(outcome.output);
	CHECK_FMT(outcome.status == STATUS_OK && json_object_array_length(all) == 2, "%s",
		  outcome.output);
	CHECK(json_object_get_int(member(all, "/0/port")) == 2121);
	CHECK(json_object_get_uint64(member(all, "/0/counters/tx_no_session")) == UINT64_MAX);
	CHECK(json_object_array_length(member(all, "/1/peers")) == PEERS);
	CHECK(strcmp(json_object_get_string(member(all, "/0/peers/2/public_key")), NPUB) == 0);
	CHECK(strcmp(json_object_get_string(member(all, "/0/peers/2/public_key_hex")), XONLY) == 0);
	CHECK(json_object_array_length(member(all, "/0/peers/1/sessions")) == 2);
	CHECK(strcmp(json_object_get_string(member(all, "/0/epoch")), "0102030405060708") == 0);
	CHECK(json_object_get_boolean(member(all, "/0/agent")));
	CHECK(json_object_get_int(member(all, "/0/handshake_burst")) == 7);
	CHECK(json_object_get_int(member(all, "/0/handshake_rate")) == 3);
	CHECK(strcmp(json_object_get_string(member(all, "/0/peers/0/endpoint_name")),
		     "b.example:2121") == 0);
	CHECK(strcmp(json_object_get_string(member(all, "/0/peers/0/epoch")),
		     "f102030405060708") == 0);
	CHECK(json_object_get_boolean(member(all, "/0/peers/0/auto_connect")));
	CHECK(json_object_get_boolean(member(all, "/0/peers/0/dynamic")));
	CHECK(!json_object_get_boolean(member(all, "/0/peers/2/dynamic")));
	CHECK(json_object_get_int(member(all, "/0/peers/0/heartbeat")) == 20);
	CHECK(json_object_get_int(member(all, "/0/peers/0/handshake_ms")) == 61000);
	CHECK(json_object_get_int(member(all, "/0/peers/1/sessions/0/rekey_ms")) == 120000);
	CHECK(json_object_get_boolean(member(all, "/0/peers/1/sessions/0/candidate")));
	CHECK(!json_object_get_boolean(member(all, "/0/peers/1/sessions/1/candidate")));
	CHECK(strcmp(json_object_get_string(member(all, "/0/peers/1/sessions/0/slot")), "current") == 0);
	CHECK(json_object_get_uint64(member(all, "/0/peers/1/sessions/0/send_counter")) ==
	      UINT64_C(1) << 63);
	json_object_put(all);
	end(&outcome);

	EXPECT(STATUS_OK, "\"rx_replay\": 0", "-j", "show", "fmp0", "counters");
	EXPECT(STATUS_OK, "\"remote_index\": 4294967295", "session", "show", "fmp0", "--json");
}

static void test_set(void)
{
	const struct nlmsghdr *request;
	struct outcome outcome;

	drive_serve = serve_all;
	outcome = RUN("set", "fmp0", "port", "0", "fwmark", "off", "source-check", "off",
		      "peer", NPUB, "endpoint", "192.0.2.1:99", "address", "10.0.0.1",
		      "remove-address", "fd00::1", "replace-addresses", "peer", XONLY, "remove");
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.output, "%s", outcome.messages);
	if (!CHECK(outcome.requests == 4))
		return;

	request = fake_request(drive_fake, 0);
	CHECK(fake_command(request) == FMP_CMD_DEV_SET);
	CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_DEV_IFINDEX)) == IFINDEX);
	CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_DEV_PORT)) == 0);
	CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_DEV_FWMARK)) == 0);
	CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_SOURCE_CHECK)) == 0);

	request = fake_request(drive_fake, 1);
	CHECK(fake_command(request) == FMP_CMD_PEER_SET);
	CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_PEER_ENDPOINT_PORT)) == htons(99));
	CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_PEER_ENDPOINT_IPV4)) == htonl(0xc0000201));
	CHECK(attr_of(request, FMP_A_PEER_REPLACE_ADDRESSES));
	request = fake_request(drive_fake, 2);
	CHECK(fake_command(request) == FMP_CMD_LINK_SEND);
	CHECK(mnl_attr_get_payload_len(attr_of(request, FMP_A_MESSAGE_PAYLOAD)) == 2);
	CHECK(!memcmp(mnl_attr_get_payload(attr_of(request, FMP_A_MESSAGE_PAYLOAD)), "\x50\x06", 2));
	CHECK(fake_command(fake_request(drive_fake, 3)) == FMP_CMD_PEER_DEL);
	end(&outcome);
}

static void test_set_outer(void)
{
	const struct nlmsghdr *request;
	struct outcome outcome;

	drive_serve = serve_all;
	outcome = RUN("set", "fmp0", "local", "fd00::5", "local", "10.0.0.5", "underlay", "any",
		      "tos", "0xb8", "ttl", "9", "multicast", "off");
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.output, "%s", outcome.messages);
	if (CHECK(outcome.requests == 1)) {
		request = fake_request(drive_fake, 0);
		CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_DEV_LOCAL_IPV4)) == htonl(0x0a000005));
		CHECK(mnl_attr_get_payload_len(attr_of(request, FMP_A_DEV_LOCAL_IPV6)) == 16);
		CHECK(!*mnl_attr_get_str(attr_of(request, FMP_A_DEV_UNDERLAY)));
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_TOS)) == 0xb8);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_TTL)) == 9);
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_MULTICAST)) == 0);
		CHECK(!attr_of(request, FMP_A_DEV_PORT));
	}
	end(&outcome);

	outcome = RUN("set", "fmp0", "local", "any", "ttl", "auto");
	if (CHECK(outcome.requests == 1)) {
		request = fake_request(drive_fake, 0);
		CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_DEV_LOCAL_IPV4)) == 0);
		CHECK(attr_of(request, FMP_A_DEV_LOCAL_IPV6));
		CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_DEV_TTL)) == 0);
	}
	end(&outcome);
}

static void test_set_agent_words(void)
{
	const struct nlmsghdr *request;
	struct outcome outcome;

	drive_serve = serve_all;
	outcome = RUN("set", "fmp0", "handshake-burst", "500", "handshake-rate", "1", "peer", NPUB,
		      "endpoint", "b.example:2121", "auto-connect", "on", "heartbeat", "off", "peer",
		      XONLY, "endpoint", "[fd00::1]:9", "heartbeat", "65535");
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.output, "%s", outcome.messages);
	if (!CHECK(outcome.requests == 3))
		return;
	request = fake_request(drive_fake, 0);
	CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_DEV_HANDSHAKE_BURST)) == 500);
	CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_DEV_HANDSHAKE_RATE)) == 1);

	/* A name is the agent's to look up. */
	request = fake_request(drive_fake, 1);
	CHECK(strcmp(mnl_attr_get_str(attr_of(request, FMP_A_PEER_ENDPOINT_NAME)),
		     "b.example:2121") == 0);
	CHECK(!attr_of(request, FMP_A_PEER_ENDPOINT_PORT));
	CHECK(mnl_attr_get_u8(attr_of(request, FMP_A_PEER_AUTO_CONNECT)) == 1);
	CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_PEER_HEARTBEAT)) == 0);

	/* An address makes it forget one. */
	request = fake_request(drive_fake, 2);
	CHECK(!*mnl_attr_get_str(attr_of(request, FMP_A_PEER_ENDPOINT_NAME)));
	CHECK(attr_of(request, FMP_A_PEER_ENDPOINT_IPV6));
	CHECK(!attr_of(request, FMP_A_PEER_AUTO_CONNECT));
	CHECK(mnl_attr_get_u16(attr_of(request, FMP_A_PEER_HEARTBEAT)) == 65535);
	end(&outcome);
}

static void serve_no_peer(struct fake *f, const struct nlmsghdr *request)
{
	uint8_t command = fake_command(request);
	bool gone = command == FMP_CMD_PEER_SET || command == FMP_CMD_PEER_DEL;

	fake_error(f, request, gone ? -ENOENT : 0, NULL, 0, 0, 0);
}

static void test_set_adds(void)
{
	const struct nlmsghdr *request;
	const struct nlattr *attr;
	struct outcome outcome;
	unsigned int addresses = 0;

	drive_serve = serve_no_peer;
	outcome = RUN("set", "fmp0", "peer", NPUB, "address", "10.0.0.1", "remove-address",
		      "10.0.0.2", "replace-addresses");
	CHECK_FMT(outcome.status == STATUS_OK, "%s", outcome.messages);
	if (!CHECK(outcome.requests == 2))
		return;
	request = fake_request(drive_fake, 1);
	CHECK(fake_command(request) == FMP_CMD_PEER_NEW);
	CHECK(!attr_of(request, FMP_A_PEER_REPLACE_ADDRESSES));
	mnl_attr_for_each(attr, request, sizeof(struct genlmsghdr))
		addresses += mnl_attr_get_type(attr) == FMP_A_PEER_ADDRESS;
	CHECK(addresses == 1);
	end(&outcome);

	EXPECT(STATUS_OK, "", "set", "fmp0", "peer", NPUB, "remove");
	EXPECT(STATUS_REFUSED, "cannot remove the peer '" NPUB "' of 'fmp0': No such file", "peer",
	       "del", "fmp0", NPUB);
}

static void serve_refusal(struct fake *f, const struct nlmsghdr *request)
{
	if (mnl_attr_get_u32(mnl_nlmsg_get_payload_offset(request, GENL_HDRLEN)) == IFINDEX)
		fake_error(f, request, -EPERM, NULL, 0, 0, 0);
	else
		fake_error(f, request, -EOPNOTSUPP, "Not an fmp device", 0, 0, 0);
}

static void test_refusals(void)
{
	drive_serve = serve_refusal;
	EXPECT(STATUS_REFUSED, "'nosuch': no such network device", "show", "nosuch");
	EXPECT(STATUS_REFUSED, "'eth0': not an fmp device", "show", "eth0");
	EXPECT(STATUS_REFUSED, "'eth0': not an fmp device", "peer", "add", "eth0", NPUB);
	EXPECT(STATUS_REFUSED, "cannot list the peers of 'fmp0': Operation not permitted", "peer",
	       "show", "fmp0");
	EXPECT(STATUS_REFUSED, "cannot change the configuration of 'fmp0': Operation not permitted",
	       "set", "fmp0", "port", "1");
	EXPECT(STATUS_REFUSED, "'eth0': not an fmp device", "rekey", "eth0");
	EXPECT(STATUS_REFUSED, "cannot rekey the peers of 'fmp0': Operation not permitted", "rekey",
	       "fmp0");
	EXPECT(STATUS_REFUSED, "cannot rekey the peer '" NPUB "' of 'fmp0': Operation not permitted",
	       "rekey", "fmp0", NPUB);
	EXPECT(STATUS_REFUSED, "cannot remove the session 0x00000007 of 'fmp0': Operation", "session",
	       "del", "fmp0", "local-index", "7");
}

/* Not one of these lines may get as far as the kernel. */
static void test_bad_lines(void)
{
	drive_serve = serve_refusal;
	EXPECT(STATUS_USAGE, "'shwo': unknown command", "shwo");
	EXPECT(STATUS_USAGE, "'--frobnicate': unknown option", "--frobnicate");
	EXPECT(STATUS_USAGE, "'--frobnicate'", "monitor", "--frobnicate");
	EXPECT(STATUS_USAGE, "'junk'", "show", "all", "junk");
	EXPECT(STATUS_USAGE, "'junk': one word too many", "show", "interfaces", "junk");
	EXPECT(STATUS_USAGE, "'junk': one word too many", "monitor", "fmp0", "junk");
	EXPECT(STATUS_USAGE, "'set': the name of a device is missing", "set");
	EXPECT(STATUS_USAGE, "'fmp0': what to set is missing", "set", "fmp0");
	EXPECT(STATUS_USAGE, "'prot': unknown word, known here: port, fwmark, source-check, local, underlay, tos, "
	       "ttl, multicast, handshake-burst, handshake-rate, mmp, ecn, congestion-loss, "
	       "congestion-etx, tx-batch, rx-batch, suspend-wipe, peer",
	       "set", "fmp0", "prot", "1");
	EXPECT(STATUS_USAGE, "'3': has ECN bits", "set", "fmp0", "tos", "3");
	EXPECT(STATUS_USAGE, "'256': neither 'auto'", "set", "fmp0", "ttl", "256");
	EXPECT(STATUS_USAGE, "'10.0.0.2': a second local address", "set", "fmp0", "local", "10.0.0.1",
	       "local", "10.0.0.2");
	EXPECT(STATUS_USAGE, "'any': a second local address", "set", "fmp0", "local", "fd00::1",
	       "local", "any");
	EXPECT(STATUS_USAGE, "'port': given more than once", "set", "fmp0", "port", "1", "port", "2");
	EXPECT(STATUS_USAGE, "'peer': the public key of a peer is missing", "set", "fmp0", "peer");
	EXPECT(STATUS_USAGE, "'10.0.0.300'", "set", "fmp0", "port", "1", "peer", NPUB, "address",
	       "10.0.0.300");
	EXPECT(STATUS_USAGE, "'frob': unknown word, known here: add, set, del, show", "peer", "frob");
	EXPECT(STATUS_USAGE, "'remove': unknown word", "peer", "set", "fmp0", NPUB, "remove");
	EXPECT(STATUS_USAGE, "'replace-addresses'", "peer", "add", "fmp0", NPUB, "replace-addresses");
	EXPECT(STATUS_USAGE, "'remove-address'", "peer", "add", "fmp0", NPUB, "remove-address",
	       "10.0.0.1");
	EXPECT(STATUS_USAGE, "'junk': one word too many", "peer", "del", "fmp0", NPUB, "junk");
	EXPECT(STATUS_USAGE, "'remote-index' is missing", "session", "add", "fmp0", "peer", NPUB);
	EXPECT(STATUS_USAGE, "'local-index' is missing", "session", "del", "fmp0");
	EXPECT(STATUS_USAGE, "'0x1ffffffff'", "session", "show", "fmp0", "local-index", "0x1ffffffff");
	EXPECT(STATUS_USAGE, "only one of the two keys", "session", "add", "fmp0", "peer", NPUB,
	       "remote-index", "1", "send-key", "-", "receive-key", "-");
	EXPECT(STATUS_USAGE, "'--frob': unknown option", "pubkey", "--frob");
	EXPECT(STATUS_USAGE, "'rekey': the name of a device is missing", "rekey");
	EXPECT(STATUS_USAGE, "'npub1junk'", "rekey", "fmp0", "npub1junk");
	EXPECT(STATUS_USAGE, "'junk': one word too many", "rekey", "fmp0", NPUB, "junk");
	EXPECT(STATUS_USAGE, "'0': not a number from 1", "set", "fmp0", "handshake-burst", "0");
	EXPECT(STATUS_USAGE, "'0': neither 'off' nor a number of seconds", "peer", "add", "fmp0", NPUB,
	       "heartbeat", "0");
	EXPECT(STATUS_USAGE, "'yes': neither 'on' nor 'off'", "peer", "set", "fmp0", NPUB,
	       "auto-connect", "yes");
	EXPECT(STATUS_USAGE, "'10.0.1:2121': neither an IPv4 address", "peer", "set", "fmp0", NPUB,
	       "endpoint", "10.0.1:2121");
	CHECK(drive_opened == 0);
}

static char *key_file(const char *digits)
{
	char *path = xstrdup("/tmp/fmp-unit-XXXXXX");
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, digits, strlen(digits)) < 0)
		abort();
	close(fd);
	return path;
}

#define DIGITS "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static void check_keys(const struct nlmsghdr *request)
{
	const char *send = mnl_attr_get_payload(attr_of(request, FMP_A_SESSION_SEND_KEY));
	const char *receive = mnl_attr_get_payload(attr_of(request, FMP_A_SESSION_RECEIVE_KEY));

	CHECK(memcmp(send, " !\"#$%&'()*+,-./0123456789:;<=>?", FMP_KEY_SIZE) == 0);
	CHECK((uint8_t)receive[0] == 0x79 && (uint8_t)receive[31] == 0x98);
	CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_SESSION_REMOTE_INDEX)) == 0x10);
	CHECK(attr_of(request, FMP_A_SESSION_INITIATOR));
	CHECK(!attr_of(request, FMP_A_SESSION_LOCAL_INDEX));
}

static void test_session_add(void)
{
	char *send = key_file(DIGITS), *receive = key_file(XONLY "\n");
	struct outcome outcome;

	drive_serve = serve_all;
	outcome = RUN("session", "add", "fmp0", "peer", NPUB, "remote-index", "0x10", "send-key",
		      send, "receive-key", receive, "initiator");
	CHECK_FMT(outcome.status == STATUS_OK, "%s", outcome.messages);
	CHECK_FMT(strcmp(outcome.output, "0xabcd0010\n") == 0, "%s", outcome.output);
	if (CHECK(outcome.requests == 1))
		check_keys(fake_request(drive_fake, 0));
	end(&outcome);

	EXPECT(STATUS_OK, "\"local_index\": 2882338832", "session", "add", "fmp0", "peer", NPUB,
	       "local-index", "7", "remote-index", "0", "send-key", send, "receive-key", receive,
	       "--json");
	EXPECT(STATUS_USAGE, "holds the same key", "session", "add", "fmp0", "peer", NPUB,
	       "remote-index", "0", "send-key", send, "receive-key", send);
	EXPECT(STATUS_REFUSED, "'2021...': cannot open", "session", "add", "fmp0", "peer", NPUB,
	       "remote-index", "0", "send-key", DIGITS, "receive-key", send);
	unlink(send);
	unlink(receive);
	free(send);
	free(receive);
}

static void test_rekey(void)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	const struct nlmsghdr *request;
	struct outcome outcome;

	drive_serve = serve_all;
	outcome = RUN("rekey", "fmp0");
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.output, "%s", outcome.messages);
	if (CHECK(outcome.requests == 1)) {
		request = fake_request(drive_fake, 0);
		CHECK(fake_command(request) == FMP_CMD_REKEY);
		CHECK(mnl_attr_get_u32(attr_of(request, FMP_A_PEER_IFINDEX)) == IFINDEX);
		CHECK(!attr_of(request, FMP_A_PEER_PUBLIC_KEY));
	}
	end(&outcome);

	outcome = RUN("rekey", "fmp0", NPUB);
	CHECK_FMT(outcome.status == STATUS_OK && !*outcome.output, "%s", outcome.messages);
	if (CHECK(outcome.requests == 1)) {
		request = fake_request(drive_fake, 0);
		peer_key(key, 0);
		CHECK(memcmp(mnl_attr_get_payload(attr_of(request, FMP_A_PEER_PUBLIC_KEY)), key,
			     sizeof(key)) == 0);
	}
	end(&outcome);
}

static void send_event(struct fake *f, uint8_t command, uint32_t ifindex)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct message msg;

	peer_key(key, 0);
	message_init(&msg, command);
	switch (command) {
	case FMP_CMD_DEV_SET_NTF:
		put_u32(&msg, FMP_A_DEV_IFINDEX, ifindex);
		put_u16(&msg, FMP_A_DEV_PORT, 77);
		break;
	case FMP_CMD_SESSION_CUTOVER_NTF:
		put_u32(&msg, FMP_A_SESSION_IFINDEX, ifindex);
		put_data(&msg, FMP_A_SESSION_PUBLIC_KEY, key, sizeof(key));
		put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, 7);
		break;
	default:
		put_u32(&msg, FMP_A_PEER_IFINDEX, ifindex);
		put_data(&msg, FMP_A_PEER_PUBLIC_KEY, key, sizeof(key));
	}
	fake_event(f, &msg);
}

/* With a reason that is a byte, and what goes with it; an attribute 0 stands for none. */
static void send_trouble(struct fake *f, uint8_t command, uint16_t attr, uint8_t reason,
			 uint16_t more)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct message msg;

	peer_key(key, 0);
	message_init(&msg, command);
	put_u32(&msg, FMP_A_PEER_IFINDEX, IFINDEX);
	put_data(&msg, FMP_A_PEER_PUBLIC_KEY, key, sizeof(key));
	if (attr)
		put_u8(&msg, attr, reason);
	if (more)
		put_u8(&msg, more, 9);
	fake_event(f, &msg);
}

static void send_handshake(struct fake *f, uint8_t event, uint8_t cause)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct message msg;

	peer_key(key, 0);
	message_init(&msg, FMP_CMD_HANDSHAKE_NTF);
	put_u32(&msg, FMP_A_HANDSHAKE_IFINDEX, IFINDEX);
	put_data(&msg, FMP_A_HANDSHAKE_PUBLIC_KEY, key, sizeof(key));
	put_u8(&msg, FMP_A_HANDSHAKE_EVENT, event);
	if (event == FMP_HANDSHAKE_EVENT_FAILED)
		put_u8(&msg, FMP_A_HANDSHAKE_CAUSE, cause);
	fake_event(f, &msg);
}

static void send_troubles(void)
{
	uint8_t reason;

	for (reason = FMP_REKEY_REASON_MANUAL; reason <= FMP_REKEY_REASON_SILENCE + 1; reason++)
		send_trouble(drive_fake, FMP_CMD_REKEY_NEEDED_NTF, FMP_A_PEER_REKEY_REASON, reason, 0);
	send_trouble(drive_fake, FMP_CMD_PEER_AWAIT_NTF, 0, 0, 0);
	send_trouble(drive_fake, FMP_CMD_PEER_DOWN_NTF, FMP_A_PEER_DOWN_REASON,
		     FMP_DOWN_REASON_DISCONNECT, FMP_A_PEER_DISCONNECT_CODE);
	send_trouble(drive_fake, FMP_CMD_PEER_DOWN_NTF, FMP_A_PEER_DOWN_REASON,
		     FMP_DOWN_REASON_FAILURES, 0);
	send_trouble(drive_fake, FMP_CMD_PEER_DOWN_NTF, FMP_A_PEER_DOWN_REASON,
		     FMP_DOWN_REASON_TIMEOUT, 0);
	send_trouble(drive_fake, FMP_CMD_PEER_UP_NTF, 0, 0, 0);
	send_handshake(drive_fake, FMP_HANDSHAKE_EVENT_STARTED, 0);
	send_handshake(drive_fake, FMP_HANDSHAKE_EVENT_FAILED, FMP_HANDSHAKE_CAUSE_TIMEOUT);
	send_handshake(drive_fake, 9, 0);
}

/* All that there is about links; thresholds and time are off when loss is 0. */
static void send_links(struct fake *f, uint16_t loss)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	struct message msg;

	message_init(&msg, FMP_CMD_DEV_SET_NTF);
	put_u32(&msg, FMP_A_DEV_IFINDEX, IFINDEX);
	put_u8(&msg, FMP_A_DEV_MMP_MODE, FMP_MMP_MODE_MINIMAL);
	put_u8(&msg, FMP_A_DEV_ECN, !!loss);
	put_u16(&msg, FMP_A_DEV_CONGESTION_LOSS, loss);
	put_u16(&msg, FMP_A_DEV_CONGESTION_ETX, (uint16_t)(loss * 5));
	put_u8(&msg, FMP_A_DEV_TX_BATCH, !!loss);
	put_u8(&msg, FMP_A_DEV_RX_BATCH, !loss);
	put_u8(&msg, FMP_A_DEV_SUSPEND_WIPE, !!loss);
	fake_event(f, &msg);

	peer_key(key, 0);
	message_init(&msg, FMP_CMD_PEER_SET_NTF);
	put_u32(&msg, FMP_A_PEER_IFINDEX, IFINDEX);
	put_data(&msg, FMP_A_PEER_PUBLIC_KEY, key, sizeof(key));
	put_u16(&msg, FMP_A_PEER_DEAD_TIMEOUT, loss);
	put_u8(&msg, FMP_A_PEER_MMP_MODE, FMP_MMP_MODE_DEVICE);
	fake_event(f, &msg);
}

static unsigned int joined;
static bool in_trouble, of_links;

int __wrap_nl_join(struct nl *nl, const char *group)
{
	struct message broken;

	(void)nl;
	if (nl_open_hook)
		return STATUS_OK;
	CHECK(strcmp(group, joined ? FMP_MCGRP_EVENTS : FMP_MCGRP_CONFIG) == 0);
	if (++joined < 2)
		return STATUS_OK;

	if (in_trouble) {
		send_troubles();
		fake_shutdown(drive_fake);
		return STATUS_OK;
	}
	if (of_links) {
		send_links(drive_fake, 25);
		send_links(drive_fake, 0);
		fake_shutdown(drive_fake);
		return STATUS_OK;
	}
	send_event(drive_fake, FMP_CMD_DEV_SET_NTF, IFINDEX);
	send_event(drive_fake, 200, IFINDEX);
	send_event(drive_fake, FMP_CMD_PEER_NEW_NTF, OTHER_IFINDEX);
	message_init(&broken, FMP_CMD_PEER_SET_NTF);
	fake_event(drive_fake, &broken);
	send_event(drive_fake, FMP_CMD_SESSION_CUTOVER_NTF, IFINDEX);
	fake_shutdown(drive_fake);
	return STATUS_OK;
}

static void check_monitor(struct outcome outcome, const char *wanted)
{
	CHECK_FMT(strcmp(outcome.output, wanted) == 0, "%s", outcome.output);
	CHECK_FMT(strstr(outcome.messages, "warning: an event 'peer-set' could not be read"), "%s",
		  outcome.messages);
	end(&outcome);
	joined = 0;
}

static void test_monitor(void)
{
	drive_serve = serve_all;
	check_monitor(RUN("monitor"),
		      "fmp0 dev-set port 77\n"
		      "if2147483398 peer-new peer " NPUB "\n"
		      "fmp0 session-cutover peer " NPUB " local-index 0x00000007\n");
	check_monitor(RUN("monitor", "fmp0"),
		      "fmp0 dev-set port 77\n"
		      "fmp0 session-cutover peer " NPUB " local-index 0x00000007\n");
	check_monitor(RUN("monitor", "fmp0", "--json"),
		      "{\"event\":\"dev-set\",\"device\":\"fmp0\",\"ifindex\":2147483397,\"config\":"
		      "{\"ifindex\":2147483397,\"port\":77}}\n"
		      "{\"event\":\"session-cutover\",\"device\":\"fmp0\",\"ifindex\":2147483397,"
		      "\"session\":{\"public_key\":\"" NPUB "\",\"public_key_hex\":\"" XONLY "\","
		      "\"local_index\":7}}\n");
}

#define TROUBLE_JSON(event, more)						\
	"{\"event\":\"" event "\",\"device\":\"fmp0\",\"ifindex\":2147483397,"	\
	"\"peer\":{\"public_key\":\"" NPUB "\",\"public_key_hex\":\"" XONLY "\"}" more "}\n"
#define REASON_JSON(event, reason) TROUBLE_JSON(event, ",\"reason\":\"" reason "\"")

static void check_trouble(struct outcome outcome, const char *wanted)
{
	CHECK_FMT(strcmp(outcome.output, wanted) == 0, "%s", outcome.output);
	end(&outcome);
	joined = 0;
}

static void test_links(void)
{
	drive_serve = serve_all;
	of_links = true;
	check_trouble(RUN("monitor"),
		      "fmp0 dev-set mmp minimal ecn on congestion-loss 2.5 congestion-etx 1.25 "
		      "tx-batch on rx-batch off suspend-wipe on\n"
		      "fmp0 peer-set peer " NPUB " dead-timeout 25 mmp device\n"
		      "fmp0 dev-set mmp minimal ecn off congestion-loss off congestion-etx off "
		      "tx-batch off rx-batch on suspend-wipe off\n"
		      "fmp0 peer-set peer " NPUB " dead-timeout off mmp device\n");
	of_links = false;
}

static void test_trouble(void)
{
	drive_serve = serve_all;
	in_trouble = true;
	check_trouble(RUN("monitor"),
		      "fmp0 rekey-needed peer " NPUB " reason manual\n"
		      "fmp0 rekey-needed peer " NPUB " reason no-session\n"
		      "fmp0 rekey-needed peer " NPUB " reason failures\n"
		      "fmp0 rekey-needed peer " NPUB " reason age\n"
		      "fmp0 rekey-needed peer " NPUB " reason counter\n"
		      "fmp0 rekey-needed peer " NPUB " reason silence\n"
		      "fmp0 rekey-needed peer " NPUB " reason unknown\n"
		      "fmp0 peer-await peer " NPUB "\n"
		      "fmp0 peer-down peer " NPUB " reason disconnect code 9\n"
		      "fmp0 peer-down peer " NPUB " reason failures\n"
		      "fmp0 peer-down peer " NPUB " reason timeout\n"
		      "fmp0 peer-up peer " NPUB "\n"
		      "fmp0 handshake peer " NPUB " started\n"
		      "fmp0 handshake peer " NPUB " failed cause timeout\n"
		      "fmp0 handshake peer " NPUB " unknown\n");
	check_trouble(RUN("monitor", "--json"),
		      REASON_JSON("rekey-needed", "manual")
		      REASON_JSON("rekey-needed", "no-session")
		      REASON_JSON("rekey-needed", "failures")
		      REASON_JSON("rekey-needed", "age")
		      REASON_JSON("rekey-needed", "counter")
		      REASON_JSON("rekey-needed", "silence")
		      REASON_JSON("rekey-needed", "unknown")
		      TROUBLE_JSON("peer-await", "")
		      TROUBLE_JSON("peer-down", ",\"reason\":\"disconnect\",\"code\":9")
		      REASON_JSON("peer-down", "failures")
		      REASON_JSON("peer-down", "timeout")
		      TROUBLE_JSON("peer-up", "")
		      TROUBLE_JSON("handshake", ",\"result\":\"started\"")
		      TROUBLE_JSON("handshake", ",\"result\":\"failed\",\"cause\":\"timeout\"")
		      TROUBLE_JSON("handshake", ",\"result\":\"unknown\""));
	in_trouble = false;
}

static void test_help(void)
{
	static const char *const names[] = {
		"show", "set", "peer", "session", "rekey", "monitor", "genkey", "pubkey",
		"setconf", "addconf", "syncconf", "showconf", "up", "down", "reload", "metrics",
		"top",
	};
	size_t i;

	EXPECT(STATUS_OK, "Usage: fmp [--json]", "--help");
	EXPECT(STATUS_OK, "Usage: fmp [--json]", "help");
	EXPECT(STATUS_OK, "fmp 0.", "--version");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *usage_line = xasprintf("Usage: fmp %s", names[i]);

		EXPECT(STATUS_OK, usage_line, (char *)names[i], "--help");
		EXPECT(STATUS_OK, usage_line, "help", (char *)names[i]);
		free(usage_line);
	}
	CHECK(drive_opened == 0);
}

const struct test command_tests[] = {
	{ "show", test_show },
	{ "json", test_json },
	{ "set", test_set },
	{ "set_outer", test_set_outer },
	{ "set_agent_words", test_set_agent_words },
	{ "set_adds_what_is_missing", test_set_adds },
	{ "refusals", test_refusals },
	{ "bad_lines", test_bad_lines },
	{ "session_add", test_session_add },
	{ "rekey", test_rekey },
	{ "monitor", test_monitor },
	{ "monitor_links", test_links },
	{ "monitor_trouble", test_trouble },
	{ "help", test_help },
	{ 0 },
};
