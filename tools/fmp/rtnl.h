/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_RTNL_H
#define FMP_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nl.h"
#include "plan.h"

/*
 * Links, addresses, routes and rules, over the socket of nl_open_route().  Changes
 * return a status after having said what went wrong.  What we make carries our
 * protocol number, by which we find it again.
 */
#define RTNL_PROTOCOL 121

/* Of our rules; the main table's is 32766. */
#define RTNL_RULE_MAIN_PRIORITY 32764
#define RTNL_RULE_MARK_PRIORITY 32765

/* mtu may be 0. */
int rtnl_create_link(struct nl *nl, const char *name, uint32_t mtu);
int rtnl_delete_link(struct nl *nl, uint32_t ifindex);
int rtnl_set_mtu(struct nl *nl, uint32_t ifindex, uint32_t mtu);
int rtnl_set_up(struct nl *nl, uint32_t ifindex);
int rtnl_get_mtu(struct nl *nl, uint32_t ifindex, uint32_t *mtu);

int rtnl_add_address(struct nl *nl, uint32_t ifindex, const struct plan_address *address);
int rtnl_delete_address(struct nl *nl, uint32_t ifindex, const struct plan_address *address);

/* With replace, in the place of one to the same network; else there must be none. */
int rtnl_add_route(struct nl *nl, uint32_t ifindex, const struct route *route, bool replace);
int rtnl_delete_route(struct nl *nl, uint32_t ifindex, const struct route *route);

int rtnl_add_rule(struct nl *nl, const struct rule *rule);
int rtnl_delete_rule(struct nl *nl, const struct rule *rule);

/* Ours only; the lists are freed by free(). */
struct address_list {
	struct plan_address *list;
	size_t count;
};

struct route_list {
	struct route *list;
	size_t count;
};

struct rule_list {
	struct rule *list;
	size_t count;
};

int rtnl_addresses(struct nl *nl, uint32_t ifindex, struct address_list *out);
int rtnl_routes(struct nl *nl, uint32_t ifindex, struct route_list *out);
int rtnl_rules(struct nl *nl, struct rule_list *out);

#endif /* FMP_RTNL_H */
