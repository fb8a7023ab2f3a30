// SPDX-License-Identifier: GPL-2.0
/* The plugin for ip, with what ip would give it played here. */
#include <arpa/inet.h>
#include <linux/fmp.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "harness.h"
#include "link_util.h"
#include "util.h"

extern struct link_util fmp_link_util;

/* --- ip */

static struct json_object *json;

static int add(struct nlmsghdr *request, int size, int type, const void *data, size_t len)
{
	struct rtattr *attr = (void *)((char *)request + NLMSG_ALIGN(request->nlmsg_len));

	if (NLMSG_ALIGN(request->nlmsg_len) + RTA_SPACE(len) > (size_t)size)
		return -1;
	attr->rta_type = (unsigned short)type;
	attr->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), data, len);
	request->nlmsg_len = (uint32_t)(NLMSG_ALIGN(request->nlmsg_len) + RTA_SPACE(len));
	return 0;
}

int addattr8(struct nlmsghdr *request, int size, int type, uint8_t value)
{
	return add(request, size, type, &value, sizeof(value));
}

int addattr16(struct nlmsghdr *request, int size, int type, uint16_t value)
{
	return add(request, size, type, &value, sizeof(value));
}

int addattr32(struct nlmsghdr *request, int size, int type, uint32_t value)
{
	return add(request, size, type, &value, sizeof(value));
}

int addattr_l(struct nlmsghdr *request, int size, int type, const void *data, int len)
{
	return add(request, size, type, data, (size_t)len);
}

bool is_json_context(void)
{
	return json;
}

void *get_json_writer(void)
{
	return json;
}

void jsonw_bool_field(void *writer, const char *name, bool value)
{
	json_object_object_add(writer, name, json_object_new_boolean(value));
}

void jsonw_string_field(void *writer, const char *name, const char *value)
{
	json_object_object_add(writer, name, json_object_new_string(value));
}

void jsonw_u64_field(void *writer, const char *name, uint64_t value)
{
	json_object_object_add(writer, name, json_object_new_uint64(value));
}

/* --- a request, as words and back */

struct request {
	struct nlmsghdr head;
	char room[REQUEST_SIZE];
};

static int parse(struct request *request, char **words)
{
	int argc = 0;

	memset(request, 0, sizeof(*request));
	request->head.nlmsg_len = NLMSG_HDRLEN;
	while (words[argc])
		argc++;
	return fmp_link_util.parse_opt(&fmp_link_util, argc, words, &request->head);
}

static void print(struct request *request, FILE *out)
{
	struct rtattr *attrs[IFLA_FMP_MAX + 1] = { 0 };
	struct rtattr *attr = (void *)request->room;
	int left = (int)(request->head.nlmsg_len - NLMSG_HDRLEN);

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if (CHECK(attr->rta_type <= fmp_link_util.maxattr))
			attrs[attr->rta_type] = attr;
	fmp_link_util.print_opt(&fmp_link_util, out, attrs);
}

/* What the words look like when they come back, in text or in JSON. */
static char *there_and_back(char **words)
{
	struct request request;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	CHECK(parse(&request, words) == 0);
	print(&request, out);
	if (json)
		fputs(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN), out);
	fclose(out);
	return text;
}

static void expect(const char *wanted, char **words, int line)
{
	char *text = there_and_back(words);

	check(strcmp(text, wanted) == 0, __FILE__, line, "%s", text);
	free(text);
}

#define EXPECT(wanted, ...) expect(wanted, (char *[]){ __VA_ARGS__, NULL }, __LINE__)

#define EVERYTHING "port", "2122", "fwmark", "7", "local", "192.0.2.9", "local", "2001:db8::9",	\
	"dev", "eth0", "tos", "inherit", "ttl", "64", "source-check", "off", "multicast", "on",	\
	"handshake-burst", "7", "handshake-rate", "3", "mmp", "lightweight", "ecn", "off",	\
	"congestion-loss", "2.5", "congestion-etx", "1.05", "tx-batch", "on",	\
	"rx-batch", "off", "suspend-wipe", "off"

static void test_text(void)
{
	EXPECT("port 2122 fwmark 0x7 local 192.0.2.9 local 2001:db8::9 dev eth0 tos inherit "
	       "ttl 64 source-check off multicast on handshake-burst 7 handshake-rate 3 "
	       "mmp lightweight ecn off congestion-loss 2.5 congestion-etx 1.05 "
	       "tx-batch on rx-batch off suspend-wipe off ", EVERYTHING);
	EXPECT("port 0 congestion-loss off ", "port", "0", "fwmark", "off", "local", "any",
	       "underlay", "any", "tos", "0", "ttl", "auto", "congestion-loss", "off");
	EXPECT("tos 0xb8 ", "tos", "0xb8");
}

static void test_json(void)
{
	json = json_object_new_object();
	EXPECT("{\"port\":2122,\"fwmark\":7,\"local\":\"192.0.2.9\",\"local6\":\"2001:db8::9\","
	       "\"underlay\":\"eth0\",\"tos\":\"inherit\",\"ttl\":64,\"source_check\":false,"
	       "\"multicast\":true,\"handshake_burst\":7,\"handshake_rate\":3,"
	       "\"mmp_mode\":\"lightweight\",\"ecn\":false,\"congestion_loss\":25,"
	       "\"congestion_etx\":105,\"tx_batch\":true,\"rx_batch\":false,"
	       "\"suspend_wipe\":false}", EVERYTHING);
	json_object_put(json);
	json = NULL;
}

/* An older module tells less, and none tells nothing. */
static void test_absent(void)
{
	struct rtattr *attrs[IFLA_FMP_MAX + 1] = { 0 };
	struct rtattr empty = { .rta_len = RTA_LENGTH(0) };
	size_t i, len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	fmp_link_util.print_opt(&fmp_link_util, out, NULL);
	fmp_link_util.print_opt(&fmp_link_util, out, attrs);
	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		attrs[i] = &empty;
	fmp_link_util.print_opt(&fmp_link_util, out, attrs);
	fclose(out);
	CHECK_FMT(!*text, "%s", text);
	free(text);
}

static void refuses(const char *what, char **words, int line)
{
	struct request request;

	capture_messages();
	check(parse(&request, words) == -1, __FILE__, line, "%s", what);
	check(said(what), __FILE__, line, "%s", what);
}

#define REFUSES(what, ...) refuses(what, (char *[]){ __VA_ARGS__, NULL }, __LINE__)

static void test_bad_words(void)
{
	REFUSES("'prot': unknown word", "prot", "1");
	REFUSES("'port': its value is missing", "fwmark", "1", "port");
	REFUSES("'70000': not a port", "port", "70000");
	REFUSES("'device': only a peer", "mmp", "device");
	REFUSES("'maybe': neither 'on' nor 'off'", "ecn", "maybe");
	REFUSES("'1': neither 'on' nor 'off'", "rx-batch", "1");
	REFUSES("'3': has ECN bits", "tos", "3");
	REFUSES("'0': not a number from 1", "handshake-rate", "0");
	REFUSES("'0.01': neither 'off' nor a percentage", "congestion-loss", "0.01");
	REFUSES("'1.00': neither 'off' nor a number of transmissions from 1.01", "congestion-etx",
		"1.00");
	REFUSES("'a-name-that-is-too-long': not a name", "dev", "a-name-that-is-too-long");
}

/* --- statistics */

static void add_counter(struct nlmsghdr *request, const char *name, uint64_t value)
{
	struct {
		struct nlmsghdr head;
		char room[256];
	} nest = { .head.nlmsg_len = NLMSG_HDRLEN };

	add(&nest.head, sizeof(nest), FMP_A_COUNTER_NAME, name, strlen(name) + 1);
	if (value <= UINT32_MAX)
		addattr32(&nest.head, sizeof(nest), FMP_A_COUNTER_VALUE, (uint32_t)value);
	else
		add(&nest.head, sizeof(nest), FMP_A_COUNTER_VALUE, &value, sizeof(value));
	add(request, REQUEST_SIZE, FMP_A_DEV_COUNTER | NLA_F_NESTED, nest.room,
	    nest.head.nlmsg_len - NLMSG_HDRLEN);
}

static char *print_xstats(void)
{
	struct {
		struct rtattr attr;
		char room[REQUEST_SIZE];
	} xstats = { 0 };
	struct request request = { .head.nlmsg_len = NLMSG_HDRLEN };
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	add_counter(&request.head, "rx_packets", 12);
	add_counter(&request.head, "rx_drop_replay", 0);
	add_counter(&request.head, "tx_drop_no_session", UINT64_MAX);
	add(&request.head, REQUEST_SIZE, FMP_A_DEV_COUNTER, "x", 1);
	len = request.head.nlmsg_len - NLMSG_HDRLEN;
	xstats.attr.rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(xstats.room, request.room, len);
	fmp_link_util.print_xstats(&fmp_link_util, out, &xstats.attr);
	fclose(out);
	return text;
}

static void test_xstats(void)
{
	char *text = print_xstats();

	CHECK_FMT(strcmp(text, "\n    rx_packets 12 tx_drop_no_session 18446744073709551615 ") == 0,
		  "%s", text);
	free(text);

	json = json_object_new_object();
	free(print_xstats());
	text = (char *)json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
	CHECK_FMT(strcmp(text, "{\"rx_packets\":12,\"rx_drop_replay\":0,"
			 "\"tx_drop_no_session\":18446744073709551615}") == 0, "%s", text);
	json_object_put(json);
	json = NULL;
}

static void test_help(void)
{
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	fmp_link_util.print_help(&fmp_link_util, 0, NULL, out);
	fclose(out);
	CHECK(strncmp(text, "Usage: ... fmp [ port PORT ]", 28) == 0);
	CHECK(strcmp(fmp_link_util.id, "fmp") == 0);
	free(text);
}

const struct test plugin_tests[] = {
	{ "text", test_text },
	{ "json", test_json },
	{ "absent", test_absent },
	{ "bad_words", test_bad_words },
	{ "xstats", test_xstats },
	{ "help", test_help },
	{ 0 },
};
