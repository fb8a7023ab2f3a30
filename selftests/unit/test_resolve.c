// SPDX-License-Identifier: GPL-2.0
#include <ares.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "resolve.h"
#include "util.h"

static void names(void)
{
	static const struct {
		const char *name, *host;
		uint16_t port;
	} good[] = {
		{ "peer.example:2121", "peer.example", 2121 },
		{ "a:1", "a", 1 },
		{ "a:65535", "a", 65535 },
		{ "192.0.2.1:2121", "192.0.2.1", 2121 },
		{ "[2001:db8::1]:2121", "2001:db8::1", 2121 },
	};
	static const char *const bad[] = {
		"", ":", "peer", "peer:", ":2121", "peer:0", "peer:65536", "peer:-1", "peer:+1",
		"peer: 1", "peer:1x", "peer:99999999999999999999", "2001:db8::1:2121", "[]:1",
		"a:b:1",
	};
	char host[256], *longest;
	uint16_t port;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		CHECK_FMT(resolve_split(good[i].name, host, &port) &&
			  strcmp(host, good[i].host) == 0 && port == good[i].port, "%s",
			  good[i].name);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_FMT(!resolve_split(bad[i], host, &port), "'%s'", bad[i]);

	longest = xcalloc(300, 1);
	memset(longest, 'a', 255);
	strcpy(longest + 255, ":1");
	CHECK(resolve_split(longest, host, &port) && strlen(host) == 255);
	memset(longest, 'a', 256);
	strcpy(longest + 256, ":1");
	CHECK(!resolve_split(longest, host, &port));
	free(longest);
}

struct answer {
	struct ares_addrinfo info;
	struct ares_addrinfo_node nodes[40];
	struct sockaddr_in v4[40];
	struct sockaddr_in6 v6[40];
	struct ares_addrinfo_cname cname;
	size_t count;
};

static void add(struct answer *answer, const char *address, int ttl)
{
	struct ares_addrinfo_node *node = &answer->nodes[answer->count];
	struct sockaddr_in6 *v6 = &answer->v6[answer->count];
	struct sockaddr_in *v4 = &answer->v4[answer->count];

	node->ai_ttl = ttl;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		node->ai_family = AF_INET;
		node->ai_addr = (struct sockaddr *)v4;
		node->ai_addrlen = sizeof(*v4);
	} else if (CHECK(inet_pton(AF_INET6, address, &v6->sin6_addr) == 1)) {
		node->ai_family = AF_INET6;
		node->ai_addr = (struct sockaddr *)v6;
		node->ai_addrlen = sizeof(*v6);
	}
	if (answer->count)
		answer->nodes[answer->count - 1].ai_next = node;
	answer->info.nodes = answer->nodes;
	answer->count++;
}

static void addresses(void)
{
	struct endpoint out[RESOLVE_ADDRESSES];
	struct answer answer = { 0 };
	uint64_t ttl;

	add(&answer, "192.0.2.1", 300);
	add(&answer, "2001:db8::1", 60);
	CHECK(resolve_take(out, &ttl, &answer.info, 2121) == 2 && ttl == 60000);
	CHECK(out[0].address.family == AF_INET && out[0].port == 2121);
	CHECK(out[0].address.v4.s_addr == answer.v4[0].sin_addr.s_addr);
	CHECK(out[1].address.family == AF_INET6 && out[1].port == 2121);
	CHECK(memcmp(&out[1].address.v6, &answer.v6[1].sin6_addr, 16) == 0);

	/* What the name is an alias of may change earlier. */
	answer.cname.ttl = 5;
	answer.info.cnames = &answer.cname;
	CHECK(resolve_take(out, &ttl, &answer.info, 2121) == 2 && ttl == 5000);
	answer.cname.ttl = -1;
	CHECK(resolve_take(out, &ttl, &answer.info, 2121) == 2 && ttl == 0);
	answer.cname.ttl = 2147483647;
	answer.nodes[1].ai_ttl = answer.nodes[0].ai_ttl = 2147483647;
	CHECK(resolve_take(out, &ttl, &answer.info, 2121) == 2 && ttl == 86400000);
}

/* Nothing that no host can have, however the answer came about. */
static void useless(void)
{
	static const char *const all[] = {
		"0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1", "::ffff:192.0.2.1",
		"fe80::1",
	};
	struct endpoint out[RESOLVE_ADDRESSES];
	struct answer answer = { 0 };
	uint64_t ttl;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		add(&answer, all[i], 10);
	CHECK(resolve_take(out, &ttl, &answer.info, 1) == 0);
	add(&answer, "192.0.2.1", 10);
	answer.nodes[answer.count - 1].ai_addrlen = 4;
	CHECK(resolve_take(out, &ttl, &answer.info, 1) == 0);
	answer.nodes[answer.count - 1].ai_family = AF_UNIX;
	CHECK(resolve_take(out, &ttl, &answer.info, 1) == 0);
	add(&answer, "192.0.2.2", 10);
	CHECK(resolve_take(out, &ttl, &answer.info, 1) == 1);
}

static void bounded(void)
{
	struct endpoint out[RESOLVE_ADDRESSES];
	struct answer answer = { 0 };
	uint64_t ttl;
	unsigned int i;

	for (i = 0; i < 40; i++)
		add(&answer, "192.0.2.1", 10);
	CHECK(resolve_take(out, &ttl, &answer.info, 1) == RESOLVE_ADDRESSES);
	memset(&answer, 0, sizeof(answer));
	CHECK(resolve_take(out, &ttl, &answer.info, 1) == 0);
}

struct heard {
	unsigned int answers, addresses;
	char name[300];
};

static void hear(void *arg, const uint8_t *key, const char *name,
		 const struct endpoint *list, size_t count, uint64_t ttl_ms)
{
	struct heard *heard = arg;

	(void)key;
	(void)ttl_ms;
	heard->answers++;
	heard->addresses += count;
	strcpy(heard->name, name);
	CHECK(!count || list[0].port == 77);
}

/* An address needs no server, and what is no name no library. */
static void literals(void)
{
	static const uint8_t key[32];
	struct resolver *resolver;
	struct heard heard = { 0 };

	if (!CHECK(resolver_new(&resolver, hear, &heard) == 0))
		return;
	resolver_ask(resolver, key, "192.0.2.1:77");
	resolver_ask(resolver, key, "[2001:db8::1]:77");
	CHECK(heard.answers == 2 && heard.addresses == 2);
	resolver_ask(resolver, key, "no port");
	CHECK(heard.answers == 3 && heard.addresses == 2 && strcmp(heard.name, "no port") == 0);
	CHECK(resolver_timeout_ms(resolver) == -1);
	resolver_restart(resolver);
	resolver_ask(resolver, key, "192.0.2.1:77");
	CHECK(heard.answers == 4);
	resolver_work(resolver);
	resolver_free(resolver);
}

const struct test resolve_tests[] = {
	{ "names", names },
	{ "addresses", addresses },
	{ "useless", useless },
	{ "bounded", bounded },
	{ "literals", literals },
	{ 0 },
};
