// SPDX-License-Identifier: GPL-2.0
#include "plan.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "identity.h"
#include "util.h"

void plan_release(struct plan *plan)
{
	free(plan->addresses);
	free(plan->routes);
	memset(plan, 0, sizeof(*plan));
}

bool plan_needs_identity(const struct conf *conf)
{
	return !conf->interface.addresses.count;
}

bool route_equal(const struct route *a, const struct route *b)
{
	if (a->table != b->table || !prefix_equal(&a->to, &b->to) ||
	    a->via.family != b->via.family)
		return false;
	return !a->via.family || address_equal(&a->via, &b->via);
}

/* Whether a peer is to be the next hop of exactly the network of an address. */
static bool is_routed(const struct conf *conf, const struct prefix *prefix)
{
	size_t i, j;

	if (prefix_is_host(prefix) || conf->interface.table == CONF_TABLE_OFF)
		return false;
	for (i = 0; i < conf->peer_count; i++) {
		const struct conf_prefixes *allowed = &conf->peers[i].allowed;

		for (j = 0; j < allowed->count; j++)
			if (allowed->list[j].length == prefix->length &&
			    prefix_contains(prefix, &allowed->list[j].address))
				return true;
	}
	return false;
}

static void add_address(struct plan *plan, const struct conf *conf, const struct prefix *prefix)
{
	struct plan_address *address;

	plan->addresses = grow(plan->addresses, plan->address_count, sizeof(*plan->addresses));
	address = &plan->addresses[plan->address_count++];
	address->prefix = *prefix;
	address->no_route = is_routed(conf, prefix);
}

static bool has_family(const struct plan *plan, int family)
{
	size_t i;

	for (i = 0; i < plan->address_count; i++)
		if (plan->addresses[i].prefix.address.family == family)
			return true;
	return false;
}

/* The kernel has a route to the network of each address. */
static bool is_on_link(const struct plan *plan, const struct address *address)
{
	size_t i;

	for (i = 0; i < plan->address_count; i++)
		if (!plan->addresses[i].no_route &&
		    !prefix_is_host(&plan->addresses[i].prefix) &&
		    prefix_contains(&plan->addresses[i].prefix, address))
			return true;
	return false;
}

static void add_route(struct plan *plan, const struct prefix *to, const struct address *via,
		      uint32_t table)
{
	struct route *route;

	plan->routes = grow(plan->routes, plan->route_count, sizeof(*plan->routes));
	route = &plan->routes[plan->route_count++];
	route->to = *to;
	route->table = table;
	if (via)
		route->via = *via;
}

static void add_host(struct plan *plan, const struct address *host, uint32_t table)
{
	struct prefix to = prefix_of_host(host);

	if (table == RT_TABLE_MAIN && is_on_link(plan, host))
		return;
	add_route(plan, &to, NULL, table);
}

static struct address derived_of(const struct conf_peer *peer)
{
	return (struct address){ .family = AF_INET6, .v6 = address_of_key(peer->key) };
}

static const struct address *first_of(const struct conf_peer *peer, int family)
{
	size_t i;

	for (i = 0; i < peer->allowed.count; i++)
		if (prefix_is_host(&peer->allowed.list[i]) &&
		    peer->allowed.list[i].address.family == family)
			return &peer->allowed.list[i].address;
	return NULL;
}

/*
 * What leads to the peer: an address of the same family if it has one, else one of
 * IPv6, which the address of its key is in any case.
 */
static struct address next_hop(const struct conf_peer *peer, int family)
{
	const struct address *hop = first_of(peer, family);

	if (!hop)
		hop = first_of(peer, AF_INET6);
	return hop ? *hop : derived_of(peer);
}

static void add_network(struct plan *plan, const struct conf *conf, const struct conf_peer *peer,
			const struct prefix *network, uint32_t table)
{
	struct address via = next_hop(peer, network->address.family);

	if (prefix_is_default(network) && conf_routes_by_mark(conf))
		table = conf->interface.mark;
	add_route(plan, network, &via, table);
}

/* Without an address of IPv6 there may be no IPv6 at all. */
static void add_derived(struct plan *plan, const struct conf_peer *peer, uint32_t table)
{
	struct address derived = derived_of(peer);
	struct prefix prefix = prefix_of_host(&derived);
	size_t i;

	if (!has_family(plan, AF_INET6))
		return;
	for (i = 0; i < peer->allowed.count; i++)
		if (prefix_equal(&peer->allowed.list[i], &prefix))
			return;
	add_host(plan, &derived, table);
}

static void add_peer(struct plan *plan, const struct conf *conf, const struct conf_peer *peer,
		     uint32_t table)
{
	const struct conf_prefixes *allowed = &peer->allowed;
	size_t i;

	add_derived(plan, peer, table);
	for (i = 0; i < allowed->count; i++)
		if (prefix_is_host(&allowed->list[i]))
			add_host(plan, &allowed->list[i].address, table);
	for (i = 0; i < allowed->count; i++)
		if (!prefix_is_host(&allowed->list[i]))
			add_network(plan, conf, peer, &allowed->list[i], table);
}

static void add_rules(struct plan *plan, const struct conf *conf, int family)
{
	uint32_t mark = conf->interface.mark;
	size_t i;

	for (i = 0; i < plan->route_count; i++)
		if (prefix_is_default(&plan->routes[i].to) &&
		    plan->routes[i].to.address.family == family)
			break;
	if (i == plan->route_count)
		return;
	plan->rules[plan->rule_count++] = (struct rule){ family, RULE_MAIN, mark };
	plan->rules[plan->rule_count++] = (struct rule){ family, RULE_MARK, mark };
}

void plan_make(struct plan *plan, const struct conf *conf, const struct address *own)
{
	const struct conf_interface *interface = &conf->interface;
	uint32_t table = RT_TABLE_MAIN;
	size_t i;

	memset(plan, 0, sizeof(*plan));
	for (i = 0; i < interface->addresses.count; i++)
		add_address(plan, conf, &interface->addresses.list[i]);
	if (!interface->addresses.count && own) {
		struct prefix prefix = prefix_of_host(own);

		add_address(plan, conf, &prefix);
	}

	if (interface->table == CONF_TABLE_OFF)
		return;
	if (interface->table == CONF_TABLE_NUMBER)
		table = interface->table_number;
	for (i = 0; i < conf->peer_count; i++)
		add_peer(plan, conf, &conf->peers[i], table);
	if (!conf_routes_by_mark(conf))
		return;
	add_rules(plan, conf, AF_INET);
	add_rules(plan, conf, AF_INET6);
}
