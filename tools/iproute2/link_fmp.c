// SPDX-License-Identifier: GPL-2.0
/* The kind fmp for ip of iproute2, which looks for link_fmp.so and fmp_link_util in it. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/fmp.h>
#include <net/if.h>
#include <string.h>

#include "fail.h"
#include "link_util.h"
#include "names.h"
#include "parse.h"
#include "util.h"

/* --- words into attributes */

static int put_u8(struct nlmsghdr *request, int type, uint8_t value)
{
	return addattr8(request, REQUEST_SIZE, type, value) ? STATUS_REFUSED : STATUS_OK;
}

static int put_u16(struct nlmsghdr *request, int type, uint16_t value)
{
	return addattr16(request, REQUEST_SIZE, type, value) ? STATUS_REFUSED : STATUS_OK;
}

static int put_u32(struct nlmsghdr *request, int type, uint32_t value)
{
	return addattr32(request, REQUEST_SIZE, type, value) ? STATUS_REFUSED : STATUS_OK;
}

static int take_port(struct nlmsghdr *request, int type, const char *word)
{
	uint16_t port;
	int status = parse_port(&port, word);

	return status ? status : put_u16(request, type, port);
}

static int take_mark(struct nlmsghdr *request, int type, const char *word)
{
	uint32_t mark;
	int status = parse_mark(&mark, word);

	return status ? status : put_u32(request, type, mark);
}

/* type is that of IPv4; 'any' is said of both families. */
static int take_local(struct nlmsghdr *request, int type, const char *word)
{
	struct address address = { 0 };
	bool any = strcmp(word, "any") == 0;
	int status = any ? STATUS_OK : parse_local(&address, word);

	if (!status && (any || address.family == AF_INET))
		status = put_u32(request, type, address.v4.s_addr);
	if (!status && (any || address.family == AF_INET6) &&
	    addattr_l(request, REQUEST_SIZE, IFLA_FMP_LOCAL_IPV6, &address.v6, sizeof(address.v6)))
		status = STATUS_REFUSED;
	return status;
}

static int take_underlay(struct nlmsghdr *request, int type, const char *word)
{
	const char *name;
	int status = parse_underlay(&name, word);

	if (status)
		return status;
	return addattr_l(request, REQUEST_SIZE, type, name, (int)strlen(name) + 1) ?
	       STATUS_REFUSED : STATUS_OK;
}

static int take_tos(struct nlmsghdr *request, int type, const char *word)
{
	uint8_t tos;
	int status = parse_tos(&tos, word);

	return status ? status : put_u8(request, type, tos);
}

static int take_ttl(struct nlmsghdr *request, int type, const char *word)
{
	uint8_t ttl;
	int status = parse_ttl(&ttl, word);

	return status ? status : put_u8(request, type, ttl);
}

static int take_switch(struct nlmsghdr *request, int type, const char *word)
{
	bool on;
	int status = parse_switch(&on, word);

	return status ? status : put_u8(request, type, on);
}

static int take_limit(struct nlmsghdr *request, int type, const char *word)
{
	uint32_t limit;
	int status = parse_limit(&limit, word);

	return status ? status : put_u32(request, type, limit);
}

static int take_mmp(struct nlmsghdr *request, int type, const char *word)
{
	uint8_t mode;
	int status = parse_mmp_mode(&mode, word, false);

	return status ? status : put_u8(request, type, mode);
}

static int take_loss(struct nlmsghdr *request, int type, const char *word)
{
	uint16_t loss;
	int status = parse_congestion_loss(&loss, word);

	return status ? status : put_u16(request, type, loss);
}

static int take_etx(struct nlmsghdr *request, int type, const char *word)
{
	uint16_t etx;
	int status = parse_congestion_etx(&etx, word);

	return status ? status : put_u16(request, type, etx);
}

static const struct word {
	const char *name;
	int type;
	int (*take)(struct nlmsghdr *request, int type, const char *word);
} words[] = {
	{ "port", IFLA_FMP_PORT, take_port },
	{ "fwmark", IFLA_FMP_FWMARK, take_mark },
	{ "local", IFLA_FMP_LOCAL_IPV4, take_local },
	{ "dev", IFLA_FMP_UNDERLAY, take_underlay },
	{ "underlay", IFLA_FMP_UNDERLAY, take_underlay },
	{ "tos", IFLA_FMP_TOS, take_tos },
	{ "ttl", IFLA_FMP_TTL, take_ttl },
	{ "source-check", IFLA_FMP_SOURCE_CHECK, take_switch },
	{ "multicast", IFLA_FMP_MULTICAST, take_switch },
	{ "handshake-burst", IFLA_FMP_HANDSHAKE_BURST, take_limit },
	{ "handshake-rate", IFLA_FMP_HANDSHAKE_RATE, take_limit },
	{ "mmp", IFLA_FMP_MMP_MODE, take_mmp },
	{ "ecn", IFLA_FMP_ECN, take_switch },
	{ "congestion-loss", IFLA_FMP_CONGESTION_LOSS, take_loss },
	{ "congestion-etx", IFLA_FMP_CONGESTION_ETX, take_etx },
	{ "tx-batch", IFLA_FMP_TX_BATCH, take_switch },
	{ "rx-batch", IFLA_FMP_RX_BATCH, take_switch },
	{ "suspend-wipe", IFLA_FMP_SUSPEND_WIPE, take_switch },
};

static void write_help(FILE *out)
{
	fputs("Usage: ... fmp [ port PORT ] [ fwmark MARK ] [ local ADDR ]... [ dev IFNAME ]\n"
	      "               [ tos TOS ] [ ttl TTL ] [ source-check on|off ]\n"
	      "               [ multicast on|off ] [ handshake-burst N ] [ handshake-rate N ]\n"
	      "               [ mmp full|lightweight|minimal ] [ ecn on|off ]\n"
	      "               [ congestion-loss PERCENT ] [ congestion-etx N ]\n"
	      "               [ tx-batch on|off ] [ rx-batch on|off ] [ suspend-wipe on|off ]\n"
	      "\n"
	      "Where: PORT := 0-65535, 0 for any\n"
	      "       MARK := { NUMBER | off }\n"
	      "       ADDR := { IPV4 | IPV6 | any }, one of each family\n"
	      "       TOS := { NUMBER | inherit }\n"
	      "       TTL := { 1-255 | auto }\n"
	      "Peers are the business of 'fmp peer' or 'fmp up'.\n", out);
}

static const struct word *find_word(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

static int parse_opt(struct link_util *self, int argc, char **argv, struct nlmsghdr *request)
{
	const struct word *word;
	int status;

	(void)self;
	for (; argc > 0; argc -= 2, argv += 2) {
		if (strcmp(*argv, "help") == 0) {
			write_help(stderr);
			return -1;
		}
		word = find_word(*argv);
		if (!word) {
			report_word(*argv, "unknown word, see 'ip link help fmp'");
			return -1;
		}
		if (argc < 2) {
			report_word(*argv, "its value is missing");
			return -1;
		}
		status = word->take(request, word->type, argv[1]);
		if (status)
			return -1;
	}
	return 0;
}

/* --- attributes into words */

/* Of the kernel's own making, but what is too short is none. */
static bool has(struct rtattr *attrs[], int type, size_t size)
{
	return attrs[type] && RTA_PAYLOAD(attrs[type]) >= size;
}

static uint32_t number_of(const struct rtattr *attr, size_t size)
{
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case sizeof(uint8_t):
		return *(const uint8_t *)RTA_DATA(attr);
	case sizeof(u16):
		memcpy(&u16, RTA_DATA(attr), sizeof(u16));
		return u16;
	default:
		memcpy(&u32, RTA_DATA(attr), sizeof(u32));
		return u32;
	}
}

static void print_text(FILE *out, const char *key, const char *word, const char *value)
{
	if (is_json_context())
		jsonw_string_field(get_json_writer(), key, value);
	else
		fprintf(out, "%s %s ", word, value);
}

static void print_number(FILE *out, struct rtattr *attrs[], int type, size_t size,
			 const char *key, const char *word)
{
	uint32_t value;

	if (!has(attrs, type, size))
		return;
	value = number_of(attrs[type], size);
	if (is_json_context())
		jsonw_u64_field(get_json_writer(), key, value);
	else
		fprintf(out, "%s %" PRIu32 " ", word, value);
}

static void print_switch(FILE *out, struct rtattr *attrs[], int type, const char *key,
			 const char *word)
{
	bool on;

	if (!has(attrs, type, 1))
		return;
	on = number_of(attrs[type], 1);
	if (is_json_context())
		jsonw_bool_field(get_json_writer(), key, on);
	else
		fprintf(out, "%s %s ", word, on ? "on" : "off");
}

static void print_mark(FILE *out, struct rtattr *attrs[])
{
	uint32_t mark;

	if (!has(attrs, IFLA_FMP_FWMARK, sizeof(mark)))
		return;
	mark = number_of(attrs[IFLA_FMP_FWMARK], sizeof(mark));
	if (is_json_context())
		jsonw_u64_field(get_json_writer(), "fwmark", mark);
	else if (mark)
		fprintf(out, "fwmark 0x%" PRIx32 " ", mark);
}

static void print_local(FILE *out, struct rtattr *attrs[])
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;

	if (has(attrs, IFLA_FMP_LOCAL_IPV4, sizeof(v4))) {
		memcpy(&v4, RTA_DATA(attrs[IFLA_FMP_LOCAL_IPV4]), sizeof(v4));
		if (v4.s_addr && inet_ntop(AF_INET, &v4, text, sizeof(text)))
			print_text(out, "local", "local", text);
	}
	if (has(attrs, IFLA_FMP_LOCAL_IPV6, sizeof(v6))) {
		memcpy(&v6, RTA_DATA(attrs[IFLA_FMP_LOCAL_IPV6]), sizeof(v6));
		if (!IN6_IS_ADDR_UNSPECIFIED(&v6) && inet_ntop(AF_INET6, &v6, text, sizeof(text)))
			print_text(out, "local6", "local", text);
	}
}

static void print_underlay(FILE *out, struct rtattr *attrs[])
{
	char name[IF_NAMESIZE] = "";
	size_t len;

	if (!has(attrs, IFLA_FMP_UNDERLAY, 1))
		return;
	len = strnlen(RTA_DATA(attrs[IFLA_FMP_UNDERLAY]), RTA_PAYLOAD(attrs[IFLA_FMP_UNDERLAY]));
	if (!len || len >= sizeof(name))
		return;
	memcpy(name, RTA_DATA(attrs[IFLA_FMP_UNDERLAY]), len);
	print_text(out, "underlay", "dev", name);
}

static void print_tos(FILE *out, struct rtattr *attrs[])
{
	uint32_t tos;

	if (!has(attrs, IFLA_FMP_TOS, 1))
		return;
	tos = number_of(attrs[IFLA_FMP_TOS], 1);
	if (tos == TOS_INHERIT)
		print_text(out, "tos", "tos", "inherit");
	else if (is_json_context())
		jsonw_u64_field(get_json_writer(), "tos", tos);
	else if (tos)
		fprintf(out, "tos 0x%02" PRIx32 " ", tos);
}

static void print_ttl(FILE *out, struct rtattr *attrs[])
{
	if (has(attrs, IFLA_FMP_TTL, 1) &&
	    (is_json_context() || number_of(attrs[IFLA_FMP_TTL], 1)))
		print_number(out, attrs, IFLA_FMP_TTL, 1, "ttl", "ttl");
}

static void print_mmp(FILE *out, struct rtattr *attrs[])
{
	if (has(attrs, IFLA_FMP_MMP_MODE, 1))
		print_text(out, "mmp_mode", "mmp",
			   mmp_mode_name((uint8_t)number_of(attrs[IFLA_FMP_MMP_MODE], 1)));
}

/* In JSON as fmp has it, otherwise as it is given. */
static void print_threshold(FILE *out, struct rtattr *attrs[], int type, unsigned int one,
			    const char *key, const char *word)
{
	uint32_t value;

	if (!has(attrs, type, sizeof(uint16_t)))
		return;
	value = number_of(attrs[type], sizeof(uint16_t));
	if (is_json_context())
		jsonw_u64_field(get_json_writer(), key, value);
	else if (!value)
		fprintf(out, "%s off ", word);
	else
		fprintf(out, "%s %" PRIu32 ".%0*" PRIu32 " ", word, value / one,
			one == 10 ? 1 : 2, value % one);
}

static void print_opt(struct link_util *self, FILE *out, struct rtattr *attrs[])
{
	(void)self;
	if (!attrs)
		return;
	print_number(out, attrs, IFLA_FMP_PORT, sizeof(uint16_t), "port", "port");
	print_mark(out, attrs);
	print_local(out, attrs);
	print_underlay(out, attrs);
	print_tos(out, attrs);
	print_ttl(out, attrs);
	print_switch(out, attrs, IFLA_FMP_SOURCE_CHECK, "source_check", "source-check");
	print_switch(out, attrs, IFLA_FMP_MULTICAST, "multicast", "multicast");
	print_number(out, attrs, IFLA_FMP_HANDSHAKE_BURST, sizeof(uint32_t), "handshake_burst",
		     "handshake-burst");
	print_number(out, attrs, IFLA_FMP_HANDSHAKE_RATE, sizeof(uint32_t), "handshake_rate",
		     "handshake-rate");
	print_mmp(out, attrs);
	print_switch(out, attrs, IFLA_FMP_ECN, "ecn", "ecn");
	print_threshold(out, attrs, IFLA_FMP_CONGESTION_LOSS, 10, "congestion_loss",
			"congestion-loss");
	print_threshold(out, attrs, IFLA_FMP_CONGESTION_ETX, 100, "congestion_etx",
			"congestion-etx");
	print_switch(out, attrs, IFLA_FMP_TX_BATCH, "tx_batch", "tx-batch");
	print_switch(out, attrs, IFLA_FMP_RX_BATCH, "rx_batch", "rx-batch");
	print_switch(out, attrs, IFLA_FMP_SUSPEND_WIPE, "suspend_wipe", "suspend-wipe");
}

/* --- statistics: counters, each in a nest as in the reply to dev-get */

static void print_counter(FILE *out, struct rtattr *nest, bool *first)
{
	struct rtattr *attr = RTA_DATA(nest);
	int left = (int)RTA_PAYLOAD(nest);
	const char *name = NULL;
	uint64_t value = 0;
	uint32_t u32;

	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		size_t len = RTA_PAYLOAD(attr);

		switch (attr->rta_type & NLA_TYPE_MASK) {
		case FMP_A_COUNTER_NAME:
			if (len && !((const char *)RTA_DATA(attr))[len - 1])
				name = RTA_DATA(attr);
			break;
		case FMP_A_COUNTER_VALUE:
			if (len == sizeof(value)) {
				memcpy(&value, RTA_DATA(attr), sizeof(value));
			} else if (len == sizeof(u32)) {
				memcpy(&u32, RTA_DATA(attr), sizeof(u32));
				value = u32;
			}
			break;
		}
	}
	if (!name)
		return;
	if (is_json_context()) {
		jsonw_u64_field(get_json_writer(), name, value);
	} else if (value) {
		fprintf(out, "%s%s %" PRIu64 " ", *first ? "\n    " : "", name, value);
		*first = false;
	}
}

/* The kernel leaves out those that are zero. */
static void print_xstats(struct link_util *self, FILE *out, struct rtattr *xstats)
{
	struct rtattr *attr = RTA_DATA(xstats);
	int left = (int)RTA_PAYLOAD(xstats);
	bool first = true;

	(void)self;
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if ((attr->rta_type & NLA_TYPE_MASK) == FMP_A_DEV_COUNTER)
			print_counter(out, attr, &first);
}

static void print_help(struct link_util *self, int argc, char **argv, FILE *out)
{
	(void)self;
	(void)argc;
	(void)argv;
	write_help(out);
}

extern struct link_util fmp_link_util;

__attribute__((visibility("default"))) struct link_util fmp_link_util = {
	.id = "fmp",
	.maxattr = IFLA_FMP_MAX,
	.parse_opt = parse_opt,
	.print_opt = print_opt,
	.print_xstats = print_xstats,
	.print_help = print_help,
};
