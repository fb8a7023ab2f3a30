/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_PLAN_H
#define FMP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/* What a configuration means for the network stack: addresses, routes and rules. */

/* Of a device of ours, when the file does not say. */
#define PLAN_DEFAULT_MTU 1412

struct plan_address {
	struct prefix prefix;
	bool no_route;		/* its network is routed otherwise */
};

struct route {
	struct prefix to;
	struct address via;	/* family 0 for none */
	uint32_t table;
};

enum rule_kind {
	RULE_MAIN,		/* the main table, but for its default route */
	RULE_MARK,		/* the table, for all that does not carry the mark */
};

/* A default route in a table of its own needs both kinds, for its family. */
struct rule {
	int family;
	enum rule_kind kind;
	uint32_t mark;		/* and number of the table, of RULE_MARK */
};

struct plan {
	struct plan_address *addresses;
	size_t address_count;
	struct route *routes;
	size_t route_count;
	struct rule rules[4];
	size_t rule_count;
};

/* own is the address that belongs to our identity; NULL when the file has others. */
void plan_make(struct plan *plan, const struct conf *conf, const struct address *own);
void plan_release(struct plan *plan);

/* Whether it is own that the plan is made with. */
bool plan_needs_identity(const struct conf *conf);

bool route_equal(const struct route *a, const struct route *b);

#endif /* FMP_PLAN_H */
