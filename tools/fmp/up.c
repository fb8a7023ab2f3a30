// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "command.h"
#include "fail.h"
#include "hook.h"
#include "ladder.h"
#include "background.h"
#include "tunnel.h"
#include "util.h"

#define IPV4_CONF "/proc/sys/net/ipv4/conf"

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* --- the steps */

static int pre_up(void *ctx)
{
	struct tunnel *t = ctx;

	return hook_run(&t->conf, CONF_PRE_UP, t->name);
}

static void post_down(void *ctx)
{
	struct tunnel *t = ctx;

	hook_run_all(&t->conf, CONF_POST_DOWN, t->name);
}

static int make_link(void *ctx)
{
	struct tunnel *t = ctx;
	int status = rtnl_create_link(t->route, t->name, t->conf.interface.mtu);

	if (!status && !tunnel_exists(t))
		status = refused_word(t->name, "went as soon as it was made");
	return status;
}

static void remove_link(void *ctx)
{
	struct tunnel *t = ctx;

	rtnl_delete_link(t->route, t->target.ifindex);
}

/* The family may not have been there before the first device. */
static int configure(void *ctx)
{
	struct tunnel *t = ctx;
	int status = nl_open(&t->nl);

	return status ? status : apply_conf(t->nl, &t->target, &t->conf, APPLY_SYNC, NULL);
}

static int add_addresses(void *ctx)
{
	struct tunnel *t = ctx;
	int status = STATUS_OK;
	size_t i;

	for (i = 0; i < t->plan.address_count && !status; i++)
		status = rtnl_add_address(t->route, t->target.ifindex, &t->plan.addresses[i]);
	return status;
}

static int bring_up(void *ctx)
{
	struct tunnel *t = ctx;

	return rtnl_set_up(t->route, t->target.ifindex);
}

static int add_routes(void *ctx)
{
	struct tunnel *t = ctx;
	int status = STATUS_OK;
	size_t i;

	for (i = 0; i < t->plan.route_count && !status; i++)
		status = rtnl_add_route(t->route, t->target.ifindex, &t->plan.routes[i], false);
	return status;
}

static int add_rules(void *ctx)
{
	struct tunnel *t = ctx;
	int status = STATUS_OK;

	while (t->rules_made < t->plan.rule_count && !status) {
		status = rtnl_add_rule(t->route, &t->plan.rules[t->rules_made]);
		t->rules_made += !status;
	}
	return status;
}

/* Another device may have rules of the same kind: only as many as were made. */
static void remove_rules(void *ctx)
{
	struct tunnel *t = ctx;

	while (t->rules_made)
		rtnl_delete_rule(t->route, &t->plan.rules[--t->rules_made]);
}

static int is_ready(void *arg)
{
	struct tunnel *t = arg;
	struct devices devices;
	int ready;

	if (interrupted)
		return -EINTR;
	if (kernel_device(t->nl, &t->target, &devices))
		return -ENODEV;
	ready = devices.list->agent;
	devices_release(&devices);
	return ready;
}

static int start_agent(void *ctx)
{
	struct tunnel *t = ctx;

	return t->with_agent ? background_start(t->name, &t->conf, is_ready, t) : STATUS_OK;
}

static void stop_agent(void *ctx)
{
	struct tunnel *t = ctx;

	if (t->with_agent)
		background_stop(t->name);
}

static int post_up(void *ctx)
{
	struct tunnel *t = ctx;

	return hook_run(&t->conf, CONF_POST_UP, t->name);
}

static void pre_down(void *ctx)
{
	struct tunnel *t = ctx;

	hook_run_all(&t->conf, CONF_PRE_DOWN, t->name);
}

/* Addresses and routes go with the device. */
static const struct rung rungs[] = {
	{ pre_up, post_down, true },
	{ make_link, remove_link, false },
	{ configure, NULL, false },
	{ add_addresses, NULL, false },
	{ bring_up, NULL, false },
	{ add_routes, NULL, false },
	{ add_rules, remove_rules, true },
	{ start_agent, stop_agent, false },
	{ post_up, pre_down, true },
};

/* --- what is in the way of a default route */

static int read_filter(const char *device)
{
	char *path = xasprintf(IPV4_CONF "/%s/rp_filter", device);
	FILE *file = fopen(path, "re");
	int value = 0;

	free(path);
	if (!file)
		return 0;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/*
 * Encrypted packets carry no mark when they arrive: they come from where nothing
 * would be sent to, which the strict filter does not let through.
 */
static void warn_of_filter(const struct tunnel *t)
{
	int all = read_filter("all");
	struct dirent *entry;
	DIR *dir;

	dir = all < 2 ? opendir(IPV4_CONF) : NULL;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "all") == 0 ||
		    strcmp(entry->d_name, "default") == 0 || strcmp(entry->d_name, "lo") == 0 ||
		    strcmp(entry->d_name, t->name) == 0)
			continue;
		if (read_filter(entry->d_name) == 2 || (!all && !read_filter(entry->d_name)))
			continue;
		warning_word(entry->d_name, "net.ipv4.conf.%s.rp_filter is 1 or that of all is, which drops "
			     "the encrypted packets of a default route; 2 does not", entry->d_name);
		break;
	}
	if (dir)
		closedir(dir);
}

static void warn_of_default_route(const struct tunnel *t)
{
	size_t i;

	for (i = 0; i < t->plan.rule_count; i++)
		if (t->plan.rules[i].family == AF_INET && t->plan.rules[i].kind == RULE_MARK)
			warn_of_filter(t);
}

static int read_words(struct args *args, struct tunnel *t)
{
	int status = tunnel_take_name(args, t);

	t->with_agent = true;
	if (status || !args_peek(args))
		return status;
	t->with_agent = false;
	status = args_expect(args, "--no-agent");
	return status ? status : args_end(args);
}

static int climb(struct tunnel *t)
{
	struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	return ladder_climb(rungs, ARRAY_SIZE(rungs), t, &interrupted);
}

static int run(struct args *args, const struct options *options)
{
	struct tunnel tunnel = { 0 };
	int status;

	(void)options;
	status = read_words(args, &tunnel);
	if (!status)
		status = tunnel_load(&tunnel);
	if (!status)
		status = tunnel_open(&tunnel);
	if (!status && tunnel_exists(&tunnel))
		status = refused_word(tunnel.name, "is there already, see 'fmp reload' and 'fmp down'");
	if (!status)
		status = climb(&tunnel);
	if (!status)
		warn_of_default_route(&tunnel);
	tunnel_release(&tunnel);
	return status;
}

const struct command command_up = {
	.name = "up",
	.summary = "make a device out of a configuration file",
	.help =
	"Usage: fmp up NAME|FILE [--no-agent]\n"
	"\n"
	"Makes the device NAME as /etc/fmp/NAME.conf says, or as FILE says, whose name\n"
	"without .conf or .json is that of the device: its settings and peers, addresses,\n"
	"routes and rules, and an agent in the background. Commands of PreUp and PostUp\n"
	"are run. When a step fails, those before it are taken back.\n"
	"\n"
	"  --no-agent   start no agent; sessions come from elsewhere\n",
	.run = run,
};
