// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "harness.h"
#include "parse.h"
#include "print.h"
#include "units.h"
#include "util.h"

static void test_numbers(void)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x", "0xg", "4294967296", "0x100000000", "1e3", "x1",
		"99999999999999999999999999", "1a",
	};
	uint32_t value;
	size_t i;

	capture_messages();
	CHECK(parse_u32(&value, "0") == STATUS_OK && value == 0);
	CHECK(parse_u32(&value, "010") == STATUS_OK && value == 10);
	CHECK(parse_u32(&value, "4294967295") == STATUS_OK && value == UINT32_MAX);
	CHECK(parse_u32(&value, "0xFFFFffff") == STATUS_OK && value == UINT32_MAX);
	CHECK(parse_u32(&value, "0X1a") == STATUS_OK && value == 26);

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *quoted = xasprintf("fmp: '%s': ", bad[i]);

		CHECK_FMT(parse_u32(&value, bad[i]) == STATUS_USAGE, "%s", bad[i]);
		CHECK(said(quoted));
		free(quoted);
	}
}

static void test_device_words(void)
{
	uint32_t mark, ifindex;
	struct address address;
	const char *name;
	uint8_t byte;
	uint16_t port;
	bool on;

	capture_messages();
	CHECK(parse_port(&port, "0") == STATUS_OK && port == 0);
	CHECK(parse_port(&port, "65535") == STATUS_OK && port == 65535);
	CHECK(parse_port(&port, "65536") == STATUS_USAGE);
	CHECK(said("'65536'"));
	CHECK(parse_mark(&mark, "off") == STATUS_OK && mark == 0);
	CHECK(parse_mark(&mark, "0x1234") == STATUS_OK && mark == 0x1234);
	CHECK(parse_mark(&mark, "on") == STATUS_USAGE);
	CHECK(said("'on'"));
	CHECK(parse_switch(&on, "on") == STATUS_OK && on);
	CHECK(parse_switch(&on, "off") == STATUS_OK && !on);
	CHECK(parse_switch(&on, "ON") == STATUS_USAGE);
	CHECK(said("'ON'"));
	CHECK(parse_tos(&byte, "0xb8") == STATUS_OK && byte == 0xb8);
	CHECK(parse_tos(&byte, "inherit") == STATUS_OK && byte == 1);
	CHECK(parse_tos(&byte, "1") == STATUS_USAGE);
	CHECK(said("'1': has ECN bits"));
	CHECK(parse_tos(&byte, "0xb9") == STATUS_USAGE);
	CHECK(parse_tos(&byte, "256") == STATUS_USAGE);
	CHECK(said("'256'"));
	CHECK(parse_ttl(&byte, "255") == STATUS_OK && byte == 255);
	CHECK(parse_ttl(&byte, "auto") == STATUS_OK && byte == 0);
	CHECK(parse_ttl(&byte, "0") == STATUS_USAGE);
	CHECK(said("'0'"));
	CHECK(parse_ttl(&byte, "") == STATUS_USAGE);
	CHECK(parse_underlay(&name, "eth0") == STATUS_OK && strcmp(name, "eth0") == 0);
	CHECK(parse_underlay(&name, "any") == STATUS_OK && !*name);
	CHECK(parse_underlay(&name, "") == STATUS_USAGE);
	CHECK(parse_underlay(&name, "a/b") == STATUS_USAGE);
	CHECK(said("'a/b'"));
	CHECK(parse_local(&address, "10.0.0.1") == STATUS_OK && address.family == AF_INET);
	CHECK(parse_local(&address, "fd00::1") == STATUS_OK && address.family == AF_INET6);
	CHECK(parse_local(&address, "224.0.0.1") == STATUS_USAGE);
	CHECK(said("'224.0.0.1': not an address of one host"));
	CHECK(parse_local(&address, "255.255.255.255") == STATUS_USAGE);
	CHECK(parse_local(&address, "ff02::1") == STATUS_USAGE);
	CHECK(parse_local(&address, "::ffff:10.0.0.1") == STATUS_USAGE);
	CHECK(parse_local(&address, "host") == STATUS_USAGE);
	CHECK(said("'host': neither 'any'"));
	CHECK(parse_device(&ifindex, "") == STATUS_USAGE);
	CHECK(parse_device(&ifindex, "a-name-that-is-too-long") == STATUS_USAGE);
	CHECK(said("'a-name-that-is-too-long'"));
}

static void test_addresses(void)
{
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.256", "fd00::g", "fd00::1%eth0", "name", "10.0.0.1/24",
	};
	struct address address;
	size_t i;

	capture_messages();
	CHECK(parse_address(&address, "10.0.0.1") == STATUS_OK);
	CHECK(address.family == AF_INET && address.v4.s_addr == htonl(0x0a000001));
	CHECK(parse_address(&address, "fd00::1") == STATUS_OK);
	CHECK(address.family == AF_INET6 && address.v6.s6_addr[15] == 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_FMT(parse_address(&address, bad[i]) == STATUS_USAGE, "%s", bad[i]);
	CHECK(said("'10.0.0.1/24': an overlay address has no prefix length"));
}

static void check_endpoint(const char *word, const char *shown)
{
	char text[ENDPOINT_TEXT];
	struct endpoint endpoint;

	if (CHECK_FMT(parse_endpoint(&endpoint, word) == STATUS_OK, "%s", word))
		CHECK_FMT(strcmp(endpoint_text(text, &endpoint), shown) == 0, "%s: %s", word, text);
}

static void test_endpoints(void)
{
	capture_messages();
	check_endpoint("192.0.2.1:2121", "192.0.2.1:2121");
	check_endpoint("192.0.2.1:0x849", "192.0.2.1:2121");
	check_endpoint("[2001:db8::1]:1", "[2001:db8::1]:1");
	check_endpoint("[2001:DB8:0::1]:65535", "[2001:db8::1]:65535");
	check_endpoint("[fe80::1%lo]:2121", "[fe80::1%lo]:2121");
	free(captured_messages());
}

static void test_bad_endpoints(void)
{
	static const char *const bad[] = {
		"", ":", "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", ":2121",
		"[]:2121", "[2001:db8::1]", "2001:db8::1:2121", "[2001:db8::1:2121", "[::1]x:2121",
		"[192.0.2.1]:2121", "[name]:2121", "[fe80::1]:2121", "[::ffff:192.0.2.1]:2121",
		"[fe80::1%no-such-device]:2121", "192.0.2.1:2121x", "[", "]:1", "[]", "a]:1",
	};
	struct endpoint endpoint;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *quoted = xasprintf("fmp: '%s': ", bad[i]);

		capture_messages();
		CHECK_FMT(parse_endpoint(&endpoint, bad[i]) == STATUS_USAGE, "%s", bad[i]);
		CHECK(said(quoted));
		free(quoted);
	}
}

static void test_names(void)
{
	static const char *const good[] = {
		"localhost:2121", "a:1", "b.example:2121", "B-1.example.:65535", "_fmp.example:7",
		"1a.2b:1", "3.example:1",
	};
	static const char *const bad[] = {
		"10.0.1:2121", "192.0.2.300:2121", "1:2121", "a..b:1", ".a:1", "-a.b:1", "a-:1",
		"a b:1", "a/b:1", "[a]:1", "a:0", "a:65536", "a:", "a", ".:1", "..:1", "a.5.:1",
	};
	char *longest = xasprintf("%063d.%063d.%063d.%061d:65535", 0, 0, 0, 0);
	char *longer = xasprintf("%063d.%063d.%063d.%062d:1", 0, 0, 0, 0);
	char *label = xasprintf("a%063d.b:1", 0);
	struct endpoint endpoint;
	const char *name;
	size_t i;

	capture_messages();
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK_FMT(parse_endpoint_or_name(&endpoint, &name, good[i]) == STATUS_OK, "%s", good[i]);
		CHECK(name == good[i]);
		CHECK_FMT(parse_endpoint(&endpoint, good[i]) == STATUS_USAGE, "%s", good[i]);
	}
	longest[63 + 1 + 63 + 1 + 63 + 1] = 'x';
	longer[63 + 1 + 63 + 1 + 63 + 1] = 'x';
	CHECK(parse_endpoint_or_name(&endpoint, &name, longest) == STATUS_OK);
	CHECK(strlen(longest) <= FMP_ENDPOINT_NAME_MAX);
	CHECK(parse_endpoint_or_name(&endpoint, &name, longer) == STATUS_USAGE);
	CHECK(parse_endpoint_or_name(&endpoint, &name, label) == STATUS_USAGE);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_FMT(parse_endpoint_or_name(&endpoint, &name, bad[i]) == STATUS_USAGE, "%s", bad[i]);
	CHECK(parse_endpoint_or_name(&endpoint, &name, "[fd00::1]:5") == STATUS_OK);
	CHECK(!name && endpoint.port == 5 && endpoint.address.family == AF_INET6);
	free(captured_messages());
	free(longest);
	free(longer);
	free(label);
}

static void test_limits(void)
{
	uint16_t seconds = 1;
	uint32_t limit;

	capture_messages();
	CHECK(parse_limit(&limit, "1") == STATUS_OK && limit == 1);
	CHECK(parse_limit(&limit, "4294967295") == STATUS_OK && limit == UINT32_MAX);
	CHECK(parse_limit(&limit, "0") == STATUS_USAGE);
	CHECK(parse_limit(&limit, "4294967296") == STATUS_USAGE);
	CHECK(parse_seconds(&seconds, "off") == STATUS_OK && seconds == 0);
	CHECK(parse_seconds(&seconds, "65535") == STATUS_OK && seconds == 65535);
	CHECK(parse_seconds(&seconds, "0") == STATUS_USAGE);
	CHECK(parse_seconds(&seconds, "65536") == STATUS_USAGE);
	free(captured_messages());
}

static void test_keys(void)
{
	const char *nsec = "nsec1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsmhltgl";
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	char *all;

	capture_messages();
	CHECK(parse_public_key(key, nsec) == STATUS_USAGE);
	all = captured_messages();
	CHECK(!strstr(all, "qqqq") && strstr(all, "secret key"));
	free(all);

	capture_messages();
	CHECK(parse_public_key(key, "npub1typo") == STATUS_USAGE);
	CHECK(said("'npub1typo'"));
}

static void check_shown(const char *word, const char *shown)
{
	char *text = shown_word(word);

	CHECK_FMT(strcmp(text, shown) == 0, "%s", text);
	free(text);
}

static void test_secrets_are_not_shown(void)
{
	check_shown("eth0", "eth0");
	check_shown("", "");
	check_shown("a\033[31mb\n", "a?[31mb?");
	check_shown("npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d",
		    "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d");
	check_shown("nsec1qqqqqqqqqq", "nsec...");
	check_shown("NSEC1QQQQQQQQQQ", "NSEC...");
	check_shown(" nsec1qqqqqqqqq", " nse...");
	check_shown("0000000000000000000000000000000000000000000000000000000000000001", "0000...");
	check_shown("000000000000000000000000000000000000000000000000000000000000001", "0000...");
	check_shown("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAA...");
	check_shown("/etc/fmp/keys/of/a/peer/with-a-long-name.key",
		    "/etc/fmp/keys/of/a/peer/with-a-long-name.key");
}

static void test_texts(void)
{
	char text[UNIT_TEXT];

	CHECK(strcmp(bytes_text(text, 0), "0 B") == 0);
	CHECK(strcmp(bytes_text(text, 1023), "1023 B") == 0);
	CHECK(strcmp(bytes_text(text, 1536), "1.50 KiB") == 0);
	CHECK(strcmp(bytes_text(text, UINT64_MAX), "16.00 EiB") == 0);
	CHECK(strcmp(duration_text(text, 999), "0 s") == 0);
	CHECK(strcmp(duration_text(text, 61000), "1 min 1 s") == 0);
	CHECK(strcmp(duration_text(text, 3660000), "1 h 1 min") == 0);
	CHECK(strcmp(duration_text(text, 90000000), "1 d 1 h") == 0);
	CHECK(strlen(duration_text(text, UINT64_MAX)) < sizeof(text));
	CHECK(strcmp(rate_text(text, UINT64_MAX), "16.00 EiB/s") == 0);
	CHECK(strcmp(micros_text(text, 0), "0 us") == 0);
	CHECK(strcmp(micros_text(text, 999), "999 us") == 0);
	CHECK(strcmp(micros_text(text, 1250), "1.25 ms") == 0);
	CHECK(strcmp(micros_text(text, 20100), "20.1 ms") == 0);
	CHECK(strcmp(micros_text(text, 2500000), "2.50 s") == 0);
	CHECK(strlen(micros_text(text, UINT64_MAX)) < sizeof(text));
	CHECK(strcmp(share_text(text, 0), "0 %") == 0);
	CHECK(strcmp(share_text(text, 1), "<0.01 %") == 0);
	CHECK(strcmp(share_text(text, 1200), "0.12 %") == 0);
	CHECK(strcmp(share_text(text, 1000000), "100.0 %") == 0);
	CHECK(strcmp(factor_text(text, 1012), "1.01") == 0);
	CHECK(strlen(factor_text(text, UINT64_MAX)) < sizeof(text));
}

const struct test parse_tests[] = {
	{ "numbers", test_numbers },
	{ "words_of_a_device", test_device_words },
	{ "addresses", test_addresses },
	{ "endpoints", test_endpoints },
	{ "bad_endpoints", test_bad_endpoints },
	{ "names", test_names },
	{ "limits", test_limits },
	{ "public_keys", test_keys },
	{ "secrets_are_not_shown", test_secrets_are_not_shown },
	{ "texts", test_texts },
	{ 0 },
};
