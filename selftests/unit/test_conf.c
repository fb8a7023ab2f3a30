// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf-text.h"
#include "conf.h"
#include "conffile.h"
#include "fail.h"
#include "harness.h"
#include "util.h"

#define NSEC "nsec1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsmhltgl"

static void good(const char *text, int line)
{
	struct conf conf;
	char *messages;
	int status;

	capture_messages();
	status = read_conf_text(&conf, text);
	messages = captured_messages();
	check(status == STATUS_OK && !*messages, "test_conf.c", line, "%s", messages);
	free(messages);
	conf_release(&conf);
}

#define GOOD(text) good(text, __LINE__)
#define BAD(text, want) check_conf_refused(text, strlen(text), want, "test_conf.c", __LINE__)

static bool is_prefix(const struct prefix *prefix, const char *text)
{
	char got[PREFIX_TEXT];

	return CHECK_FMT(strcmp(prefix_text(got, prefix), text) == 0, "%s is not %s", got, text);
}

static const char whole[] =
	"\xef\xbb\xbf# of the host\r\n"
	"[Interface] # ours\n"
	"PrivateKeyFile = /nowhere/fmp0.key\n"
	"  listenport = 2200\n"
	"Address = 10.9.0.1/24, fd09::1/64 # two\n"
	"Address=10.10.0.1\n"
	"MTU = 1300\n"
	"FwMark = 0x10\n"
	"Table = 77\n"
	"SourceCheck = off\n"
	"Local = 192.0.2.1, 2001:db8::1\n"
	"Underlay = eth0\n"
	"Tos = inherit\n"
	"Ttl = 64\n"
	"Multicast = no\n"
	"Allow = allow\n"
	"Deny = /etc/deny\n"
	"HandshakeBurst = 7\n"
	"HandshakeRate = 3\n"
	"PreUp = echo a # b; echo c\n"
	"PostUp = one\n"
	"PostUp = two ; three\n"
	"PreDown = x=y:z\n"
	"PostDown = last\n"
	"\n"
	"[Peer]\n"
	"\tPublicKey = " NPUB " ; alice\n"
	"\tEndpoint = Peer-1.example.org:02121\n"
	"\tAllowedIPs = 10.9.0.2/32, fd09::2\n"
	"\tAllowedIPs = 192.168.0.0/16,10.9.0.2\n"
	"; comment\n"
	"[ peer ]\n"
	"PublicKey=" XONLY2 "\n"
	"Endpoint=[2001:DB8::0:7]:2121\n"
	"AllowedIPs=\n"
	"AutoConnect=off\n"
	"Heartbeat=off";

static void check_interface(const struct conf_interface *interface)
{
	char text[INET6_ADDRSTRLEN];

	CHECK(strcmp(interface->private_key_file, "/nowhere/fmp0.key") == 0);
	CHECK(interface->has_port && interface->port == 2200);
	CHECK(interface->addresses.count == 3);
	is_prefix(&interface->addresses.list[0], "10.9.0.1/24");
	is_prefix(&interface->addresses.list[1], "fd09::1/64");
	is_prefix(&interface->addresses.list[2], "10.10.0.1/32");
	CHECK(interface->mtu == 1300 && interface->mark == 0x10);
	CHECK(interface->table == CONF_TABLE_NUMBER && interface->table_number == 77);
	CHECK(interface->has_source_check && !interface->source_check);
	CHECK(interface->local4.s_addr == htonl(0xc0000201));
	CHECK(strcmp(inet_ntop(AF_INET6, &interface->local6, text, sizeof(text)),
		     "2001:db8::1") == 0);
	CHECK(strcmp(interface->underlay, "eth0") == 0);
	CHECK(interface->tos == 1 && interface->ttl == 64 && !interface->multicast);
	CHECK(strcmp(interface->allow, "allow") == 0);
	CHECK(strcmp(interface->deny, "/etc/deny") == 0);
	CHECK(interface->burst == 7 && interface->rate == 3);
	CHECK(interface->hooks[CONF_PRE_UP].count == 1);
	CHECK(strcmp(interface->hooks[CONF_PRE_UP].list[0], "echo a # b; echo c") == 0);
	CHECK(interface->hooks[CONF_POST_UP].count == 2);
	CHECK(strcmp(interface->hooks[CONF_POST_UP].list[1], "two ; three") == 0);
	CHECK(strcmp(interface->hooks[CONF_PRE_DOWN].list[0], "x=y:z") == 0);
	CHECK(strcmp(interface->hooks[CONF_POST_DOWN].list[0], "last") == 0);
}

static void test_whole(void)
{
	struct conf conf;
	uint8_t key[32];
	int status;

	capture_messages();
	status = read_conf_text(&conf, whole);
	if (!CHECK_FMT(status == STATUS_OK, "%s", captured_messages()))
		return;
	check_interface(&conf.interface);
	CHECK(conf.interface_line == 2 && conf.peer_count == 2);

	from_hex(key, sizeof(key), XONLY);
	CHECK(memcmp(conf.peers[0].key, key, sizeof(key)) == 0 && conf.peers[0].line == 26);
	CHECK(conf_find_peer(&conf, key) == &conf.peers[0]);
	CHECK(strcmp(conf.peers[0].endpoint, "Peer-1.example.org:2121") == 0);
	CHECK(!conf.peers[0].numeric && conf.peers[0].auto_connect);
	CHECK(conf.peers[0].heartbeat == CONF_HEARTBEAT);
	CHECK(conf.peers[0].allowed.count == 3);
	is_prefix(&conf.peers[0].allowed.list[0], "10.9.0.2/32");
	is_prefix(&conf.peers[0].allowed.list[1], "fd09::2/128");
	is_prefix(&conf.peers[0].allowed.list[2], "192.168.0.0/16");

	CHECK(conf.peers[1].numeric && conf.peers[1].line == 32);
	CHECK(strcmp(conf.peers[1].endpoint, "[2001:db8::7]:2121") == 0);
	CHECK(!conf.peers[1].auto_connect && conf.peers[1].heartbeat == 0);
	CHECK(conf.peers[1].has_allowed && conf.peers[1].allowed.count == 0);
	conf_release(&conf);
	free(captured_messages());
}

static void test_defaults(void)
{
	struct conf conf;

	CHECK(read_conf_text(&conf, "\n") == STATUS_OK);
	CHECK(conf.interface.port == FMP_DEFAULT_PORT && !conf.interface.has_port);
	CHECK(conf.interface.source_check && conf.interface.multicast);
	CHECK(conf.interface.burst == 100 && conf.interface.rate == 10);
	CHECK(!conf.interface.has_mark && conf.interface.table == CONF_TABLE_AUTO);
	conf_release(&conf);

	CHECK(read_conf_text(&conf, "[Peer]\nPublicKey = " NPUB "\n") == STATUS_OK);
	CHECK(!conf.peers[0].auto_connect && conf.peers[0].heartbeat == 10);
	CHECK(!conf_has_hooks(&conf));
	conf_release(&conf);

	GOOD("[Interface]\nFwMark = off\nTable = auto\nLocal = any\nUnderlay = any\nTtl = auto\n");
	GOOD("[Interface]\r\nTable = off\r\n[Peer]\r\nPublicKey=" XONLY "\r\nAllowedIPs=0.0.0.0/0\r\n");
}

static void test_default_route(void)
{
	struct conf conf;

	CHECK(read_conf_text(&conf, "[Peer]\nPublicKey = " NPUB "\nAllowedIPs = ::/0\n") == STATUS_OK);
	CHECK(conf_routes_by_mark(&conf));
	CHECK(conf.interface.has_mark && conf.interface.mark == CONF_ROUTED_MARK);
	conf_release(&conf);
	CHECK(read_conf_text(&conf, "[Interface]\nTable = 7\n[Peer]\nPublicKey = " NPUB
			"\nAllowedIPs = ::/0\n") == STATUS_OK);
	CHECK(!conf_routes_by_mark(&conf) && !conf.interface.has_mark);
	conf_release(&conf);

	BAD("[Interface]\nFwMark = off\n[Peer]\nPublicKey = " NPUB "\nAllowedIPs = 0.0.0.0/0\n",
	    "t.conf:1: a default route");
	BAD("[Interface]\nFwMark = 254\n[Peer]\nPublicKey = " NPUB "\nAllowedIPs = 0.0.0.0/0\n",
	    "t.conf:1: a default route");
}

static void test_lines(void)
{
	BAD("[Interface]\n\nnothing\n", "fmp: t.conf:3: 'nothing': a line is written as Key = value\n");
	BAD("[Interface]\nPostUp: do --with secret\n",
	    "fmp: t.conf:2: 'PostUp': a line is written as Key = value\n");
	BAD("[Interface]\nPostUp do --with secret\n",
	    "fmp: t.conf:2: 'PostUp': a line is written as Key = value\n");
	BAD("[Interface]\n= 3\n", "fmp: t.conf:2: a line is written as");
	BAD("[Interface]\nMTU: 7 = 3\n", "t.conf:2: 'MTU': a line is written as");
	BAD("[Interface\n", "t.conf:1: '[Interface': a section is written as [Name]");
	BAD("[Interface] x\n", "t.conf:1: '[Interface] x': a section");
	BAD("\n[Intface]\nMUT = 1\n", "t.conf:2: 'Intface': unknown section");
	BAD("MTU = 1400\n", "t.conf:1: 'MTU': a key before the first section");
	BAD("[Interface]\nMTU = 14\x01" "00\n", "t.conf:2: a control character");
	BAD("[Interface]\nMTU = 14\r00\n", "t.conf:2: a control character");
	BAD("[Interface]\nMTU = 1400\n[Peer]\nPublicKey = " NPUB "\n[interface]\nMTU = 1\n",
	    "t.conf:5: a second [Interface], the first is in line 1");
}

static void test_nul(void)
{
	static const char text[] = "[Interface]\nMTU = 14\0" "00\nMUT = 1\n";
	struct conf conf;

	capture_messages();
	CHECK(read_conf_bytes(&conf, text, sizeof(text) - 1) == STATUS_USAGE);
	CHECK(said("fmp: t.conf:2: a NUL byte: this is no text file\nfmp: t.conf:3: 'MUT': unknown"));
	conf_release(&conf);
}

static void test_keys(void)
{
	BAD("[Interface]\nMUT = 1400\n", "t.conf:2: 'MUT': unknown key in [Interface], is MTU meant?");
	BAD("[Interface]\nListenPrt = 1\n", "'ListenPrt': unknown key in [Interface], is ListenPort meant?");
	BAD("[Peer]\nPublicKey = " NPUB "\nAlowedIP = ::/0\n", "t.conf:3: 'AlowedIP': unknown key in "
	    "[Peer], is AllowedIPs meant?");
	BAD("[Peer]\nPublicKey = " NPUB "\nAddress = ::1\n",
	    "t.conf:3: 'Address': not a key of [Peer], but of [Interface]");
	BAD("[Interface]\nMTU = 1\n\nmtu = 2\n", "t.conf:4: 'MTU': given before, in line 2");
	BAD("[Interface]\nMTU =\n", "t.conf:2: 'MTU': has no value");
	BAD("[Interface]\nMTU = # 1400\n", "t.conf:2: 'MTU': has no value");
	BAD("[Interface]\nAddress = ::1,,::2\n", "t.conf:2: nothing before or after a comma");
	BAD("[Interface]\nAddress = ::1,\n", "t.conf:2: nothing before or after a comma");
	BAD("[Interface]\nA23456789012345678901234567890123456789012345678901 = 1\n",
	    "t.conf:2: the key is too long");
}

static void test_secrets(void)
{
	struct conf conf;
	char *messages;

	capture_messages();
	CHECK(read_conf_text(&conf, "[Interface]\nPrivateKey = " NSEC "\nPrivateKeyFile = " NSEC "\n"
			"PrivateKeyFile = " XONLY "\n[Peer]\nPublicKey = " NSEC "\n") == STATUS_USAGE);
	messages = captured_messages();
	CHECK(strstr(messages, "t.conf:2: a secret key does not belong into this file"));
	CHECK(strstr(messages, "t.conf:3: this is a secret key;"));
	CHECK(strstr(messages, "t.conf:6: 'nsec...': this is a secret key"));
	CHECK_FMT(!strstr(messages, "nsec1qqq") && !strstr(messages, XONLY), "%s", messages);
	free(messages);
	conf_release(&conf);
}

static void test_key_file(void)
{
	char name[] = "/tmp/fmp-conf-XXXXXX";
	int fd = mkstemp(name);
	char *text = xasprintf("[Interface]\nPrivateKeyFile = %s\n", name);
	struct conf conf;

	GOOD(text);
	CHECK(fchmod(fd, 0640) == 0);
	capture_messages();
	CHECK(read_conf_text(&conf, text) == STATUS_OK);
	CHECK(said("t.conf:2: warning: '/tmp/fmp-conf-"));
	conf_release(&conf);
	free(text);
	unlink(name);
	close(fd);
}

static void test_values(void)
{
	BAD("[Interface]\nListenPort = 65536\n", "t.conf:2: '65536': not a port");
	BAD("[Interface]\nAddress = 10.9.0.1/33\n", "t.conf:2: '10.9.0.1/33': the length of the prefix");
	BAD("[Interface]\nAddress = ::/64\n", "'::/64': not an address of one host");
	BAD("[Interface]\nAddress = 10.9.0\n", "'10.9.0': neither an IPv4 nor an IPv6 address");
	BAD("[Interface]\nMTU = 0\n", "'0': not a number from 1");
	BAD("[Interface]\nTable = main\n", "'main': neither 'auto' nor 'off' nor the number");
	BAD("[Interface]\nTable = 0\n", "'0': not a number from 1");
	BAD("[Interface]\nSourceCheck = maybe\n", "'maybe': neither 'on' nor 'off'");
	BAD("[Interface]\nLocal = 192.0.2.1, 192.0.2.2\n", "a second local address of the same family");
	BAD("[Interface]\nUnderlay = a-name-that-is-too-long\n", "not a name of a network device");
	BAD("[Interface]\nTos = 3\n", "'3': has ECN bits");
	BAD("[Interface]\nTtl = 0\n", "'0': neither 'auto' nor");
	BAD("[Interface]\nHandshakeRate = 0\n", "'0': not a number from 1");
	BAD("[Peer]\nHeartbeat = 65536\n", "'65536': neither 'off' nor a number of seconds");
	BAD("[Peer]\nPublicKey = npub1xyz\n", "t.conf:2: 'npub1xyz': ");
}

static void test_endpoints(void)
{
	static const char *const wrong[][2] = {
		{ "example.org", "an endpoint needs a port" },
		{ "example.org:", "an endpoint needs a port" },
		{ "example.org:0", "from 1 to 65535" },
		{ "example.org:x", "from 1 to 65535" },
		{ ":2121", "an endpoint needs a host" },
		{ "exa mple.org:2121", "neither an address nor a name of a host" },
		{ "-x:2121", "neither an address nor a name of a host" },
		{ "10.0.0.300:2121", "neither an IPv4 address nor a name" },
		{ "10.0.0:2121", "neither an IPv4 address nor a name" },
		{ "2001:db8::1:2121", "an IPv6 address needs brackets" },
		{ "[2001:db8::1]", "an IPv6 address needs brackets: [IPV6]:PORT" },
		{ "[fe80::1]:2121", "a link-local address needs an interface" },
		{ "224.0.0.1:2121", "not an address of one host" },
		{ "[ff02::1%lo]:2121", "not an address of one host" },
		{ "0.0.0.0:2121", "not an address of one host" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		char *text = xasprintf("[Peer]\nEndpoint = %s\n", wrong[i][0]);

		BAD(text, wrong[i][1]);
		free(text);
	}
	GOOD("[Peer]\nPublicKey = " NPUB "\nEndpoint = [fe80::1%lo]:2121\n");
	GOOD("[Peer]\nPublicKey = " NPUB "\nEndpoint = 7.example_x:2121\n");
}

static void test_allowed(void)
{
	BAD("[Peer]\nPublicKey = " NPUB "\nAllowedIPs = 10.9.0.1/24\n",
	    "t.conf:3: '10.9.0.1/24': bits are set beyond the length of the prefix, is 10.9.0.0/24 meant?");
	BAD("[Peer]\nPublicKey = " NPUB "\nAllowedIPs = 224.0.0.1\n", "not an address of one host");
	BAD("[Peer]\nPublicKey = " NPUB "\nAllowedIPs = 10.0.0.1\n"
	    "[Peer]\nPublicKey = " XONLY2 "\nAllowedIPs = 10.0.0.1/32\n",
	    "t.conf:4: the peer of line 1 has 10.0.0.1/32 too");
	BAD("[Peer]\nPublicKey = " NPUB "\nAllowedIPs = 10.0.0.0/8\n"
	    "[Peer]\nPublicKey = " XONLY2 "\nAllowedIPs = 10.0.0.0/8\n",
	    "t.conf:4: the peer of line 1 has 10.0.0.0/8 too");
	GOOD("[Peer]\nPublicKey = " NPUB "\nAllowedIPs = 10.0.0.0/8\n"
	     "[Peer]\nPublicKey = " XONLY2 "\nAllowedIPs = 10.0.0.0/9\n");
}

static void test_peers(void)
{
	BAD("[Interface]\n[Peer]\n[Peer]\nPublicKey = " NPUB "\n", "t.conf:2: this peer has no PublicKey");
	BAD("[Peer]\nPublicKey = " NPUB "\n[Peer]\nEndpoint = a:1\n", "t.conf:3: this peer has no PublicKey");
	BAD("[Peer]\nPublicKey = " NPUB "\n[Peer]\nPublicKey = " XONLY "\n",
	    "t.conf:3: the peer of line 1 has the same PublicKey");
}

static char *hosts(unsigned int count)
{
	char *text = xstrdup("[Peer]\nPublicKey = " NPUB "\nAllowedIPs = "), *longer;
	unsigned int i;

	for (i = 1; i <= count; i++) {
		longer = xasprintf("%s%sfd00:1111:2222:3333:4444:5555:6666:%x", text, i > 1 ? ", " : "", i);
		free(text);
		text = longer;
	}
	return text;
}

/* inih would cut them into lines of 200 characters. */
static void test_long_lines(void)
{
	char *text = hosts(63), *end, blank[400], *command;
	struct conf conf;

	CHECK(read_conf_text(&conf, text) == STATUS_OK);
	if (CHECK(conf.peer_count == 1 && conf.peers[0].allowed.count == 63))
		is_prefix(&conf.peers[0].allowed.list[62], "fd00:1111:2222:3333:4444:5555:6666:3f/128");
	conf_release(&conf);
	free(text);

	text = hosts(64);
	BAD(text, "a peer has at most 63 addresses");
	free(text);

	command = xcalloc(CONFFILE_LINE_MAX, 1);
	for (end = command; end < command + 3000; end += 10)
		memcpy(end, "ab # ; = [", 10);
	text = xasprintf("[Interface]\nPostUp = %s\nMUT = 1\n", command);
	capture_messages();
	CHECK(read_conf_text(&conf, text) == STATUS_USAGE);
	CHECK(said("t.conf:3: 'MUT'"));
	if (CHECK(conf.interface.hooks[CONF_POST_UP].count == 1))
		CHECK(strcmp(conf.interface.hooks[CONF_POST_UP].list[0], command) == 0);
	conf_release(&conf);
	free(text);

	memset(command, 'x', CONFFILE_LINE_MAX - 1);
	text = xasprintf("[Interface]\nPostUp = %s\nMUT = 1\n", command);
	BAD(text, "t.conf:2: the line is too long\nfmp: t.conf:3: 'MUT'");
	free(text);
	free(command);

	memset(blank, ' ', sizeof(blank));
	text = xasprintf("[Interface]\nPostUp = a%.*sb\nMUT = 1\n", (int)sizeof(blank), blank);
	BAD(text, "t.conf:2: too many blanks in a row\nfmp: t.conf:3: 'MUT'");
	free(text);
}

/* Every way to cut a long value must give it back as it was. */
static void test_pieces(void)
{
	char value[700], text[900];
	struct conf conf;
	unsigned int i, len, seed = 1;

	for (i = 0; i < 2000; i++) {
		for (len = 0; len < 150 + i % 500; len++) {
			seed = seed * 1103515245 + 12345;
			value[len] = "abc ;#=:[]\t,"[(seed >> 16) % 12];
		}
		value[0] = value[len - 1] = 'x';
		value[len] = '\0';
		snprintf(text, sizeof(text), "[Interface]\n%*sPreUp=%s", (int)(i % 7), "", value);
		if (!CHECK(read_conf_text(&conf, text) == STATUS_OK) ||
		    !CHECK_FMT(strcmp(conf.interface.hooks[CONF_PRE_UP].list[0], value) == 0,
			       "%s is not %s", conf.interface.hooks[CONF_PRE_UP].list[0], value))
			i = 2000;
		conf_release(&conf);
	}
}

static void test_many_errors(void)
{
	char *text = xcalloc(1, 5000), *end = text, *messages;
	struct conf conf;
	unsigned int i, lines = 0;

	for (i = 0; i < 100; i++)
		end += sprintf(end, "x%u\n", i);
	capture_messages();
	CHECK(read_conf_text(&conf, text) == STATUS_USAGE);
	messages = captured_messages();
	for (end = messages; *end; end++)
		lines += *end == '\n';
	CHECK_FMT(lines == CONFFILE_ERRORS_MAX + 1, "%s", messages);
	CHECK(strstr(messages, "t.conf:20: 'x19'") && strstr(messages, "too many errors"));
	free(messages);
	free(text);
	conf_release(&conf);
}

/* The same of what only the whole file shows. */
static void test_many_errors_of_all(void)
{
	char *text = xcalloc(1, 5000), *end = text, *messages;
	struct conf conf;
	unsigned int i, lines = 0;

	for (i = 0; i < 100; i++)
		end += sprintf(end, "[Peer]\n");
	capture_messages();
	CHECK(read_conf_text(&conf, text) == STATUS_USAGE);
	messages = captured_messages();
	for (end = messages; *end; end++)
		lines += *end == '\n';
	CHECK_FMT(lines == CONFFILE_ERRORS_MAX + 1, "%s", messages);
	CHECK(strstr(messages, "fmp: t.conf: too many errors, the rest is not told\n"));
	free(messages);
	free(text);
	conf_release(&conf);
}

static void test_paths(void)
{
	char directory[] = "/tmp/fmp-conf-XXXXXX";
	struct conf conf;
	char *path, *want;
	FILE *file;

	if (!CHECK(mkdtemp(directory) != NULL))
		return;
	path = xasprintf("%s/a.conf", directory);
	file = fopen(path, "w");
	if (!file)
		abort();
	fputs("[Interface]\nPrivateKeyFile = a.key\nAllow=/b\n", file);
	fclose(file);
	want = xasprintf("%s/a.key", directory);
	CHECK(conf_load(&conf, path) == STATUS_OK);
	CHECK(strcmp(conf.interface.private_key_file, want) == 0);
	CHECK(strcmp(conf.interface.allow, "/b") == 0);
	conf_release(&conf);

	capture_messages();
	CHECK(conf_load(&conf, directory) == STATUS_REFUSED);
	CHECK(said("cannot be read: Is a directory"));
	conf_release(&conf);
	unlink(path);
	CHECK(conf_load(&conf, path) == STATUS_REFUSED);
	CHECK(said("a.conf': cannot open the configuration: No such file"));
	conf_release(&conf);
	rmdir(directory);
	free(path);
	free(want);
}

const struct test conf_tests[] = {
	{ "whole", test_whole },
	{ "defaults", test_defaults },
	{ "default_route", test_default_route },
	{ "lines", test_lines },
	{ "nul", test_nul },
	{ "keys", test_keys },
	{ "secrets", test_secrets },
	{ "key_file", test_key_file },
	{ "values", test_values },
	{ "endpoints", test_endpoints },
	{ "allowed", test_allowed },
	{ "peers", test_peers },
	{ "long_lines", test_long_lines },
	{ "pieces", test_pieces },
	{ "many_errors", test_many_errors },
	{ "many_errors_of_all", test_many_errors_of_all },
	{ "paths", test_paths },
	{ 0 },
};
