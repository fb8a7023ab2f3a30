// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "apply.h"
#include "command.h"
#include "fail.h"
#include "background.h"
#include "tunnel.h"

/* --- addresses */

static bool same_address(const struct plan_address *a, const struct plan_address *b)
{
	return a->no_route == b->no_route && prefix_equal(&a->prefix, &b->prefix);
}

static bool has_address(const struct plan_address *list, size_t count,
			const struct plan_address *one)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (same_address(&list[i], one))
			return true;
	return false;
}

static int add_missing(struct tunnel *t)
{
	struct address_list now;
	int status = rtnl_addresses(t->route, t->target.ifindex, &now);
	size_t i;

	for (i = 0; i < t->plan.address_count && !status; i++)
		if (!has_address(now.list, now.count, &t->plan.addresses[i]))
			status = rtnl_add_address(t->route, t->target.ifindex,
						  &t->plan.addresses[i]);
	free(now.list);
	return status;
}

static int remove_surplus(struct tunnel *t)
{
	struct address_list now;
	int status = rtnl_addresses(t->route, t->target.ifindex, &now);
	size_t i;

	for (i = 0; i < now.count && !status; i++)
		if (!has_address(t->plan.addresses, t->plan.address_count, &now.list[i]))
			status = rtnl_delete_address(t->route, t->target.ifindex, &now.list[i]);
	free(now.list);
	return status;
}

/*
 * New ones come first, so that there is one at any time; removing the first of a
 * network may have taken others of it along.
 */
static int change_addresses(struct tunnel *t)
{
	int status = add_missing(t);

	if (!status)
		status = remove_surplus(t);
	return status ? status : add_missing(t);
}

static int change_mtu(struct tunnel *t)
{
	const struct conf_interface *conf = &t->conf.interface;
	uint32_t now, wanted = conf->has_mtu ? conf->mtu : PLAN_DEFAULT_MTU;
	int status = rtnl_get_mtu(t->route, t->target.ifindex, &now);

	if (status || now == wanted)
		return status;
	return rtnl_set_mtu(t->route, t->target.ifindex, wanted);
}

/* --- routes */

static bool has_route(const struct route *list, size_t count, const struct route *one)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (route_equal(&list[i], one))
			return true;
	return false;
}

/* Whether something leads to the same network, whichever way. */
static bool leads_to(const struct route *list, size_t count, const struct route *one)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].table == one->table && prefix_equal(&list[i].to, &one->to))
			return true;
	return false;
}

/* One that leads elsewhere is replaced, so that there is one at any time. */
static int change_routes(struct tunnel *t)
{
	const struct plan *plan = &t->plan;
	struct route_list now;
	int status = rtnl_routes(t->route, t->target.ifindex, &now);
	size_t i;

	for (i = 0; i < plan->route_count && !status; i++) {
		const struct route *route = &plan->routes[i];

		if (!has_route(now.list, now.count, route))
			status = rtnl_add_route(t->route, t->target.ifindex, route,
						leads_to(now.list, now.count, route));
	}
	for (i = 0; i < now.count && !status; i++)
		if (!leads_to(plan->routes, plan->route_count, &now.list[i]))
			status = rtnl_delete_route(t->route, t->target.ifindex, &now.list[i]);
	free(now.list);
	return status;
}

/* --- rules */

static bool has_rule(const struct rule *list, size_t count, const struct rule *one)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].kind == RULE_MARK && list[i].family == one->family &&
		    list[i].mark == one->mark)
			return true;
	return false;
}

static int add_pair(struct tunnel *t, struct rule rule)
{
	int status;

	rule.kind = RULE_MAIN;
	status = rtnl_add_rule(t->route, &rule);
	if (status)
		return status;
	rule.kind = RULE_MARK;
	return rtnl_add_rule(t->route, &rule);
}

static int delete_pair(struct tunnel *t, struct rule rule)
{
	int status;

	rule.kind = RULE_MARK;
	status = rtnl_delete_rule(t->route, &rule);
	if (status)
		return status;
	rule.kind = RULE_MAIN;
	return rtnl_delete_rule(t->route, &rule);
}

static bool has_family(const struct plan *plan, int family)
{
	size_t i;

	for (i = 0; i < plan->rule_count; i++)
		if (plan->rules[i].family == family)
			return true;
	return false;
}

/*
 * A family without a default route from now on: the rule must go before the mark, or
 * encrypted packets are routed into the device.
 */
static int drop_rules(struct tunnel *t, uint32_t old_mark)
{
	struct rule_list now;
	int status = rtnl_rules(t->route, &now);
	size_t i;

	for (i = 0; i < now.count && !status; i++)
		if (now.list[i].kind == RULE_MARK && now.list[i].mark == old_mark &&
		    !has_family(&t->plan, now.list[i].family))
			status = delete_pair(t, now.list[i]);
	free(now.list);
	return status;
}

/* Rules of other marks are those of other devices. */
static int change_rules(struct tunnel *t, uint32_t old_mark)
{
	const struct plan *plan = &t->plan;
	struct rule_list now;
	int status = rtnl_rules(t->route, &now);
	size_t i;

	for (i = 0; i < plan->rule_count && !status; i++)
		if (plan->rules[i].kind == RULE_MARK &&
		    !has_rule(now.list, now.count, &plan->rules[i]))
			status = add_pair(t, plan->rules[i]);
	for (i = 0; i < now.count && !status; i++)
		if (now.list[i].kind == RULE_MARK && now.list[i].mark == old_mark &&
		    !has_rule(plan->rules, plan->rule_count, &now.list[i]))
			status = delete_pair(t, now.list[i]);
	free(now.list);
	return status;
}

static int read_mark(struct tunnel *t, uint32_t *mark)
{
	struct devices devices;
	int status = nl_open(&t->nl);

	if (!status)
		status = kernel_device(t->nl, &t->target, &devices);
	if (status)
		return status;
	*mark = devices.list->fwmark;
	devices_release(&devices);
	return STATUS_OK;
}

/* Peers before the routes that lead to them; the agent last, when all is there. */
static int change(struct tunnel *t)
{
	uint32_t old_mark;
	int status;

	status = read_mark(t, &old_mark);
	if (!status)
		status = drop_rules(t, old_mark);
	if (!status)
		status = apply_conf(t->nl, &t->target, &t->conf, APPLY_SYNC, NULL);
	if (!status)
		status = change_mtu(t);
	if (!status)
		status = change_addresses(t);
	if (!status)
		status = change_routes(t);
	if (!status)
		status = change_rules(t, old_mark);
	return status ? status : background_reload(t->name, &t->conf);
}

static int run(struct args *args, const struct options *options)
{
	struct tunnel tunnel = { 0 };
	int status;

	(void)options;
	status = tunnel_take_name(args, &tunnel);
	if (!status)
		status = args_end(args);
	if (!status)
		status = tunnel_load(&tunnel);
	if (!status)
		status = tunnel_open(&tunnel);
	if (!status && !tunnel_exists(&tunnel))
		status = refused_word(tunnel.name, "no such network device, see 'fmp up'");
	if (!status)
		status = change(&tunnel);
	tunnel_release(&tunnel);
	return status;
}

const struct command command_reload = {
	.name = "reload",
	.summary = "change a device as its configuration file did",
	.help =
	"Usage: fmp reload NAME|FILE\n"
	"\n"
	"Makes the device what the file says now: what 'fmp syncconf' does, and its\n"
	"addresses, MTU, routes and rules. The agent reads its files again. What did not\n"
	"change is not touched, and no packet is lost. Hooks are not run.\n",
	.run = run,
};
