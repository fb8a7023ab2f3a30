/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink requests that a recipe makes of the specification, right and wrong ones.
 */
#ifndef MUTANT_H
#define MUTANT_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recipe.h"
#include "spec.h"

#define MUTANT_SIZE	(160 << 10)
#define MUTANT_DEVICES	8
#define MUTANT_PEERS	3
#define MUTANT_KEYS	48
#define MUTANT_INDICES	2000
#define MUTANT_LEARNED	4
/* All session keys begin with it; nothing that the kernel sends may have it. */
#define MUTANT_SECRET	"a secret"

/**
 * struct mutant_world - what there is, for requests that lead further
 * @family: number of the netlink family
 * @ifindex: of devices
 * @n: how many there are
 * @learned: indices that the kernel chose
 * @away: file descriptor of another namespace, or -1
 * @lasting: nothing is to change by itself later
 */
struct mutant_world {
	uint16_t family;
	uint32_t ifindex[MUTANT_DEVICES];
	unsigned int n;
	uint32_t learned[MUTANT_LEARNED];
	unsigned int n_learned;
	int away;
	bool lasting;
};

/**
 * enum mutant_link - what is asked for of rtnetlink
 */
enum mutant_link {
	MUTANT_LINK_NEW,
	MUTANT_LINK_CHANGE,
	MUTANT_LINK_UP,
	MUTANT_LINK_DOWN,
	MUTANT_LINK_MOVE,
	MUTANT_LINK_DEL,
	MUTANT_LINK_GET,
	MUTANT_LINK_GETS,
	MUTANT_LINKS,
};

extern const char *const mutant_link_names[MUTANT_LINKS];

/**
 * struct mutant - a request
 * @op: what it asks for, NULL if that is @link, of rtnetlink
 * @kind: number among all of both
 * @faults: how much of it is no request at all
 * @careful: nothing of it is known to be wrong
 * @dump: it asks for a dump
 * @data: its @len bytes
 */
struct mutant {
	const struct spec_op *op;
	enum mutant_link link;
	unsigned int kind;
	unsigned int faults;
	bool careful, dump;
	size_t len;
	uint8_t data[MUTANT_SIZE] __attribute__((aligned(4)));
};

void mutant_make(struct mutant *mutant, const struct recipe *recipe,
		 const struct mutant_world *world);
void mutant_learn(struct mutant_world *world, const struct nlmsghdr *reply);
const char *mutant_name(unsigned int kind);
void mutant_peer_key(uint8_t *key, unsigned int number);
void mutant_session_key(uint8_t *key, unsigned int number);

/* link-mutant.c */
void mutant_make_link(struct mutant *mutant, struct dice *dice, const struct mutant_world *world);

#endif /* MUTANT_H */
