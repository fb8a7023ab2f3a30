// SPDX-License-Identifier: GPL-2.0
/* Configurations as JSON: they say what the other form says, or are refused. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf-text.h"
#include "conf.h"
#include "conffile.h"
#include "fail.h"
#include "harness.h"
#include "util.h"

#define BAD_BYTES(text, len, want) \
	check_conf_refused(text, len, want, "test_confjson.c", __LINE__)
#define BAD(text, want) BAD_BYTES(text, strlen(text), want)

/* In an interface, and in the second of two peers. */
#define BAD_INTERFACE(members, want) \
	BAD("{\"interface\": {" members "}, \"peers\": []}", want)
#define BAD_PEER(members, want) \
	BAD("{\"interface\": {}, \"peers\": [{\"public_key\": \"" XONLY "\"},\n" \
	    "{\"public_key\": \"" XONLY2 "\", " members "}]}", want)

/* --- the same as a file of lines */

static void write_prefixes(FILE *out, const char *name, const struct conf_prefixes *prefixes)
{
	char text[PREFIX_TEXT];
	size_t i;

	for (i = 0; i < prefixes->count; i++)
		fprintf(out, "%s %s\n", name, prefix_text(text, &prefixes->list[i]));
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

static void write_settings(FILE *out, const struct conf_interface *c)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, "%s %s %s '%s'\n", or_none(c->private_key_file), or_none(c->allow),
		or_none(c->deny), or_none(c->underlay));
	fprintf(out, "%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d\n", c->has_port, c->has_mark,
		c->has_source_check, c->has_tos, c->has_ttl, c->has_multicast, c->has_burst,
		c->has_rate, c->has_local, c->has_mtu, c->has_mmp, c->has_ecn, c->has_loss,
		c->has_etx, c->has_tx_batch, c->has_rx_batch, c->has_suspend_wipe);
	fprintf(out, "port %u mark %u tos %u ttl %u burst %u rate %u mmp %u mtu %u\n", c->port,
		c->mark, c->tos, c->ttl, c->burst, c->rate, c->mmp_mode, c->mtu);
	fprintf(out, "check %d multicast %d ecn %d loss %u etx %u batch %d %d wipe %d table %d %u\n",
		c->source_check, c->multicast, c->ecn, c->congestion_loss, c->congestion_etx,
		c->tx_batch, c->rx_batch, c->suspend_wipe, c->table, c->table_number);
	fprintf(out, "local %s", inet_ntop(AF_INET, &c->local4, text, sizeof(text)));
	fprintf(out, " %s\n", inet_ntop(AF_INET6, &c->local6, text, sizeof(text)));
}

static char *summary(const struct conf *conf)
{
	size_t i, j, len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	write_settings(out, &conf->interface);
	write_prefixes(out, "address", &conf->interface.addresses);
	for (i = 0; i < CONF_HOOKS; i++)
		for (j = 0; j < conf->interface.hooks[i].count; j++)
			fprintf(out, "hook %zu %s\n", i, conf->interface.hooks[i].list[j]);
	for (i = 0; i < conf->peer_count; i++) {
		const struct conf_peer *p = &conf->peers[i];

		fprintf(out, "peer %02x%02x %s %d allowed %d auto %d %d beat %d %u dead %d %u mmp %d %u\n",
			p->key[0], p->key[31], or_none(p->endpoint), p->numeric, p->has_allowed,
			p->has_auto_connect, p->auto_connect, p->has_heartbeat, p->heartbeat,
			p->has_dead_timeout, p->dead_timeout, p->has_mmp, p->mmp_mode);
		write_prefixes(out, "allowed", &p->allowed);
	}
	fclose(out);
	return text;
}

static void same(const char *lines, const char *json, int line)
{
	struct conf a, b;
	char *x, *y;

	check(read_conf_text(&a, lines) == STATUS_OK, "test_confjson.c", line, "lines");
	check(read_conf_text(&b, json) == STATUS_OK, "test_confjson.c", line, "JSON");
	check(!a.json && b.json, "test_confjson.c", line, "taken for the other form");
	x = summary(&a);
	y = summary(&b);
	check(strcmp(x, y) == 0, "test_confjson.c", line, "lines:\n%sJSON:\n%s", x, y);
	free(x);
	free(y);
	conf_release(&a);
	conf_release(&b);
}

#define SAME(lines, json) same(lines, json, __LINE__)

static void test_whole(void)
{
	SAME("[Interface]\nPrivateKeyFile = /nowhere/fmp0.key\nListenPort = 2200\n"
	     "Address = 10.9.0.1/24, fd09::1/64\nMTU = 1300\nFwMark = 16\nTable = 77\n"
	     "SourceCheck = off\nLocal = 192.0.2.1, 2001:db8::1\nUnderlay = eth0\nTos = inherit\n"
	     "Ttl = 64\nMulticast = off\nAllow = /a\nDeny = /d\nHandshakeBurst = 7\n"
	     "HandshakeRate = 3\nMetrics = minimal\nEcn = off\nCongestionLoss = 12.5\n"
	     "CongestionEtx = 1.01\nTxBatch = off\nRxBatch = off\nSuspendWipe = off\n"
	     "PreUp = a # b, c\nPostUp = one\nPostUp = two\nPreDown = x\nPostDown = y\n"
	     "[Peer]\nPublicKey = " NPUB "\nEndpoint = a.example:2121\n"
	     "AllowedIPs = 10.9.0.2, 192.168.0.0/16\nAutoConnect = off\nHeartbeat = 3\n"
	     "DeadTimeout = off\nMetrics = device\n"
	     "[Peer]\nPublicKey = " XONLY2 "\nEndpoint = [2001:db8::7]:2121\nAllowedIPs =\n"
	     "Heartbeat = off\n",
	     " \n\t{\"interface\": {\"private_key_file\": \"/nowhere/fmp0.key\", \"port\": 2200,\n"
	     "\"addresses\": [\"10.9.0.1/24\", \"fd09::1/64\"], \"mtu\": 1300, \"fwmark\": 16, \"table\": 77,\n"
	     "\"source_check\": false, \"local\": [\"192.0.2.1\", \"2001:db8::1\"], \"underlay\": \"eth0\",\n"
	     "\"tos\": \"inherit\", \"ttl\": 64, \"multicast\": false, \"allow\": \"/a\", \"deny\": \"/d\",\n"
	     "\"handshake_burst\": 7, \"handshake_rate\": 3, \"mmp_mode\": \"minimal\", \"ecn\": false,\n"
	     "\"congestion_loss\": 125, \"congestion_etx\": 101, \"tx_batch\": false, \"rx_batch\": false,\n"
	     "\"suspend_wipe\": false, \"pre_up\": [\"a # b, c\"], \"post_up\": [\"one\", \"two\"],\n"
	     "\"pre_down\": [\"x\"], \"post_down\": [\"y\"]},\n"
	     "\"peers\": [{\"public_key\": \"" NPUB "\", \"endpoint\": \"a.example:2121\",\n"
	     "\"allowed_ips\": [\"10.9.0.2\", \"192.168.0.0/16\"], \"auto_connect\": false,\n"
	     "\"heartbeat\": 3, \"dead_timeout\": 0, \"mmp_mode\": \"device\"},\n"
	     "{\"heartbeat\": 0, \"endpoint\": \"[2001:db8::7]:2121\", \"allowed_ips\": [],\n"
	     "\"public_key\": \"" XONLY2 "\"}]} \n");
}

/* Zero is what "off", "auto" and "any" are. */
static void test_zeros(void)
{
	SAME("[Interface]\n", "{\"interface\": {}, \"peers\": []}");
	SAME("[Interface]\nListenPort = 0\nFwMark = off\nLocal = any\nUnderlay = any\nTos = 0\nTtl = auto\n"
	     "CongestionLoss = off\nCongestionEtx = off\nTable = off\nEcn = on\n",
	     "\xef\xbb\xbf{\"peers\": [], \"interface\": {\"port\": 0, \"fwmark\": 0, \"local\": [],"
	     "\"underlay\": \"\", \"tos\": 0, \"ttl\": 0, \"congestion_loss\": 0, \"congestion_etx\": 0,"
	     "\"table\": \"off\", \"ecn\": true}}");
	SAME("[Interface]\nFwMark = 0xffffffff\nTable = auto\nCongestionLoss = 100\nCongestionEtx = 100\n"
	     "ListenPort = 65535\n",
	     "{\"interface\": {\"fwmark\": 4294967295, \"table\": \"auto\", \"congestion_loss\": 1000,"
	     "\"congestion_etx\": 10000, \"port\": 65535}, \"peers\": []}");
}

/* --- what is refused */

static void test_syntax(void)
{
	char *deep;
	size_t i;

	BAD("{", "t.conf:1: not JSON");
	BAD("{\"interface\": {},\n\"peers\": [}", "t.conf:2: not JSON");
	BAD("{\"interface\": {}, \"peers\": []} x", "t.conf:1: not JSON");
	BAD("{\"interface\": {}, \"peers\": []}{}", "t.conf:1: not JSON");
	BAD("{\"interface\": {}, \"peers\": [],}", "not JSON");
	BAD("{\"interface\": {'port': 1}, \"peers\": []}", "not JSON: strings are written with '\"'");
	BAD("{\"interface\": {\"underlay\": 'x'}, \"peers\": []}", "not JSON");
	BAD("{\"interface\": {\"underlay\": \"a\nb\"}, \"peers\": []}", "not JSON: a control character");
	BAD("{\"interface\": {\"underlay\": \"\xff\"}, \"peers\": []}", "not JSON: invalid utf-8");
	BAD("{/* */}", "not JSON");
	BAD("{\"interface\": {\"port\": 007}, \"peers\": []}", "not JSON");
	BAD("{\"a\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}", "nesting too deep");
	BAD_BYTES("{\"interface\": {}, \"peers\": []}\0{}", 33, "something follows");
	BAD_BYTES("{\"interface\"\0: {}, \"peers\": []}", 31, "not JSON");

	deep = xcalloc(CONFFILE_SIZE_MAX + 2, 1);
	memset(deep, ' ', CONFFILE_SIZE_MAX + 1);
	deep[0] = '{';
	BAD_BYTES(deep, CONFFILE_SIZE_MAX + 1, "t.conf: the file is too long");

	/* The parser would take a hundred times the memory. */
	for (i = 1; i + 3 < CONFFILE_SIZE_MAX; i += 3)
		memcpy(deep + i, "{},", 3);
	BAD_BYTES(deep, CONFFILE_SIZE_MAX, "too many objects and lists");
	memset(deep + 1, ',', CONFFILE_SIZE_MAX - 1);
	BAD_BYTES(deep, CONFFILE_SIZE_MAX, "too many values");
	free(deep);
}

/* json-c keeps the last one and says nothing. */
static void test_duplicates(void)
{
	BAD_INTERFACE("\"port\": 1,\n\"port\": 1", "t.conf:2: interface: 'port': given more than once");
	BAD_PEER("\"endpoint\": \"a.example:1\", \"endpoint\": \"a.example:1\"",
		 "t.conf:2: peers[1]: 'endpoint': given more than once");
	BAD("{\"interface\": {}, \"peers\": [], \"peers\": []}", "'peers': given more than once");
	BAD_INTERFACE("\"port\": 1, \"p\\u006frt\": 2", "written without '\\'");
	BAD("{\"interface\": {}, \"peers\": [{\"public_key\": \"" XONLY "\"},\n{\"public_key\": \"" NPUB "\"}]}",
	    "t.conf:2: peers[1]: peers[0] has the same public_key");
	BAD("{\"interface\": {}, \"peers\": [{\"public_key\": \"" XONLY "\", \"allowed_ips\": [\"10.0.0.1\"]},"
	    "{\"public_key\": \"" XONLY2 "\", \"allowed_ips\": [\"10.0.0.1/32\"]}]}",
	    "t.conf:1: peers[1]: peers[0] has 10.0.0.1/32 too");
}

static void test_keys(void)
{
	BAD("{\"interface\": {}}", "'peers' is missing");
	BAD("{\"peers\": []}", "'interface' is missing");
	BAD("{\"interface\": {}, \"peers\": [], \"version\": 1}", "'version': unknown key");
	BAD("{\"interface\": {}, \"peers\": [], \"a123456789b123456789c123456789d123456789e\": 1}",
	    "t.conf: the key is too long");
	BAD_INTERFACE("\"mtu\": 99999999999999999999", "interface.mtu: too large a number");
	BAD("{\"interface\": [], \"peers\": []}", "interface: an object belongs here");
	BAD("{\"interface\": {}, \"peers\": {}}", "peers: a list of objects belongs here");
	BAD("{\"interface\": {}, \"peers\": [null]}", "peers[0]: an object belongs here");
	BAD_INTERFACE("\"prot\": 1", "interface: 'prot': unknown key, is port meant?");
	BAD_INTERFACE("\"ListenPort\": 1", "'ListenPort': unknown key");
	BAD_INTERFACE("\"heartbeat\": 1", "'heartbeat': not a key of 'interface', but of a peer");
	BAD_PEER("\"port\": 1", "peers[1]: 'port': not a key of a peer, but of 'interface'");
	BAD("{\"interface\": {}, \"peers\": [{\"endpoint\": \"a.example:1\"}]}",
	    "peers[0]: this peer has no public_key");
	BAD_INTERFACE("\"private_key\": \"x\"", "name that with private_key_file");
}

static void test_types(void)
{
	static const char *const others[] = { "null", "1.0", "1e2", "NaN", "-Infinity", "{}", "[1]" };
	static const char *const members[] = { "port", "ecn", "underlay", "local", "tos", "table" };
	struct conf conf;
	size_t i, j;
	char *text;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		for (j = 0; j < ARRAY_SIZE(others); j++) {
			text = xasprintf("{\"interface\": {\"%s\": %s}, \"peers\": []}", members[i], others[j]);
			capture_messages();
			CHECK_FMT(read_conf_text(&conf, text) == STATUS_USAGE, "%s", text);
			conf_release(&conf);
			free(captured_messages());
			free(text);
		}
	}
	BAD_INTERFACE("\"port\": \"1\"", "interface.port: a whole number belongs here");
	BAD_INTERFACE("\"port\": true", "interface.port: a whole number belongs here");
	BAD_INTERFACE("\"ecn\": 1", "interface.ecn: true or false belongs here");
	BAD_INTERFACE("\"ecn\": \"on\"", "interface.ecn: true or false belongs here");
	BAD_INTERFACE("\"underlay\": 1", "interface.underlay: a string belongs here");
	BAD_INTERFACE("\"local\": \"192.0.2.1\"", "interface.local: a list of strings belongs here");
	BAD_PEER("\"allowed_ips\": [\"10.0.0.1\", 7]", "peers[1].allowed_ips[1]: a string belongs here");
}

static void test_values(void)
{
	BAD_INTERFACE("\"port\": 65536", "'65536': not a number from 0 to 65535");
	BAD_INTERFACE("\"port\": -1", "'-1': not a number from 0 to 65535");
	BAD_INTERFACE("\"port\": 18446744073709551617", "not a number from 0 to 65535");
	BAD_INTERFACE("\"ttl\": 256", "interface.ttl: '256': neither 0 nor a number from 1 to 255");
	BAD_INTERFACE("\"mtu\": 0", "interface.mtu: '0': not a number from 1");
	BAD_INTERFACE("\"congestion_etx\": 100", "neither 0 nor a number from 101 to 10000");
	BAD_INTERFACE("\"congestion_loss\": 1001", "neither 0 nor a number from 1 to 1000");
	BAD_INTERFACE("\"tos\": 1", "interface.tos: '1': has ECN bits");
	BAD_INTERFACE("\"tos\": \"Inherit\"", "'Inherit': no number, and none of 'inherit'");
	BAD_INTERFACE("\"table\": \"off \"", "'off ': no number, and none of 'auto', 'off'");
	BAD_INTERFACE("\"mmp_mode\": \"FULL\"", "'FULL': none of 'full', 'lightweight', 'minimal'");
	BAD_INTERFACE("\"mmp_mode\": \"device\"", "'device': none of");
	BAD_INTERFACE("\"local\": [\"any\"]", "interface.local[0]: 'any': an empty list is for that");
	BAD_INTERFACE("\"local\": [\"192.0.2.1\", \"192.0.2.2\"]", "interface.local[1]: '192.0.2.2': a second");
	BAD_INTERFACE("\"pre_up\": [\"a\\nb\"]", "interface.pre_up[0]: a control character");
	BAD_INTERFACE("\"pre_up\": [\"a\\u0000b\"]", "interface.pre_up[0]: a control character");
	BAD_INTERFACE("\"pre_up\": [\"\"]", "interface.pre_up[0]: has no value");
	BAD_INTERFACE("\"private_key_file\": \"\"", "interface.private_key_file: has no value");
	BAD_INTERFACE("\"addresses\": [\"10.0.0.1/8, 10.0.0.2/8\"]", "interface.addresses[0]: ");
	BAD_PEER("\"heartbeat\": 65536", "peers[1].heartbeat: '65536': neither 0 nor");
	BAD_PEER("\"endpoint\": \"a.example\"", "peers[1].endpoint: 'a.example': an endpoint needs a port");
	BAD_PEER("\"allowed_ips\": [\"10.0.0.1 # x\"]", "peers[1].allowed_ips[0]: ");
	BAD_PEER("\"allowed_ips\": [\"\"]", "peers[1].allowed_ips[0]: has no value");
}

static void test_secrets(void)
{
	static const char text[] =
		"{\"interface\": {\"private_key_file\": \"" XONLY "\", \"" XONLY "\": 1,"
		"\"table\": \"" XONLY "\"}, \"peers\": [{\"public_key\": \"" XONLY "0\"}]}";
	struct conf conf;
	char *messages;

	capture_messages();
	CHECK(read_conf_text(&conf, text) == STATUS_USAGE);
	conf_release(&conf);
	messages = captured_messages();
	CHECK_FMT(!strstr(messages, XONLY), "%s", messages);
	CHECK(strstr(messages, "interface.private_key_file: this is a secret key"));
	free(messages);
}

static void test_many_errors(void)
{
	char *text = xcalloc(1, 5000), *end = text, *messages;
	unsigned int i, lines = 0;
	struct conf conf;

	end += sprintf(end, "{\"interface\": {}, \"peers\": [");
	for (i = 0; i < 100; i++)
		end += sprintf(end, "%s%u", i ? "," : "", i);
	sprintf(end, "]}");
	capture_messages();
	CHECK(read_conf_text(&conf, text) == STATUS_USAGE);
	messages = captured_messages();
	for (end = messages; *end; end++)
		lines += *end == '\n';
	CHECK_FMT(lines == CONFFILE_ERRORS_MAX + 1, "%s", messages);
	CHECK(strstr(messages, "peers[19]: ") && strstr(messages, "too many errors"));
	free(messages);
	free(text);
	conf_release(&conf);
}

const struct test confjson_tests[] = {
	{ "whole", test_whole },
	{ "zeros", test_zeros },
	{ "syntax", test_syntax },
	{ "duplicates", test_duplicates },
	{ "keys", test_keys },
	{ "types", test_types },
	{ "values", test_values },
	{ "secrets", test_secrets },
	{ "many_errors", test_many_errors },
	{ 0 },
};
