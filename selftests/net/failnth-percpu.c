// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for each CPU, of which failnth lets there be no more.
 *
 * Its allocator takes what it has at hand, and never fails for a test's sake. But it runs out
 * when it cannot get more pages.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failnth.h"

/* The allocator's functions are between these. */
#define FIRST_FUNCTION	"pcpu_create_chunk"
#define BEHIND_LAST	"pcpu_nr_pages"
#define PEERS_MAX	4000
#define DEVICES_MAX	64

static int add_peer(unsigned int n)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE] = { 0xee, n >> 8, n };
	struct request r;

	begin_request(&r, FMP_CMD_PEER_NEW, 0);
	mnl_attr_put(r.head, FMP_A_PEER_PUBLIC_KEY, sizeof(key), key);
	mnl_attr_put_u32(r.head, FMP_A_PEER_ENDPOINT_IPV4, HERE);
	mnl_attr_put_u16(r.head, FMP_A_PEER_ENDPOINT_PORT, PORT);
	return send_request(&r);
}

static int del_peer_at(unsigned int n)
{
	uint8_t key[FMP_PUBLIC_KEY_SIZE] = { 0xee, n >> 8, n };
	struct request r;

	begin_request(&r, FMP_CMD_PEER_DEL, 0);
	mnl_attr_put(r.head, FMP_A_PEER_PUBLIC_KEY, sizeof(key), key);
	return send_request(&r);
}

static int add_device(unsigned int n)
{
	return add_link_at(NEW_IFINDEX + 1 + n);
}

static int del_device(unsigned int n)
{
	return del_link_at(NEW_IFINDEX + 1 + n);
}

/* Returns false if it never did, or as it must not. */
static bool runs_out(const char *what, int (*add)(unsigned int), int (*del)(unsigned int),
		     unsigned int max)
{
	char *before = read_state(), *after;
	unsigned int n = 0, i;
	bool same;
	int err;

	do {
		err = add(n);
	} while (!err && ++n < max);
	for (i = 0; i < n; i++)
		must_be(0, del(i), what);
	after = read_state();
	same = !strcmp(before, after);
	if (err != ENOMEM || !same)
		printf("# %u %s, then: %s; %s\n", n, what, strerror(err),
		       same ? "as before" : "something is left");
	free(before);
	free(after);
	return err == ENOMEM && same;
}

/**
 * walk_percpu() - have memory for each CPU run out
 */
void walk_percpu(void)
{
	unsigned long first, behind;
	bool good;

	if (!find_functions(FIRST_FUNCTION, BEHIND_LAST, &first, &behind)) {
		puts("# no pcpu_alloc() in /proc/kallsyms");
		puts("not ok memory for each CPU runs out");
		return;
	}
	watch(false);
	del_peer(PEER_FRESH);
	del_peer(PEER_MUTE);
	all_fail_within(first, behind);
	good = runs_out("devices", add_device, del_device, DEVICES_MAX) &&
	       runs_out("peers", add_peer, del_peer_at, PEERS_MAX);
	/* Where that leaves it, the next one fails elsewhere. */
	good = good && runs_out("devices", add_device, del_device, DEVICES_MAX);
	all_fail_within(0, 0);
	watch(true);
	good = good && !add_peer(0) && !del_peer_at(0);
	printf("%s memory for each CPU runs out\n", good ? "ok" : "not ok");
}
