// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "command.h"
#include "fail.h"
#include "hook.h"
#include "background.h"
#include "tunnel.h"

struct state {
	struct tunnel tunnel;
	bool has_conf;
	bool exists;
	uint32_t mark;		/* of the device */
	int status;		/* the first that was not good */
};

static void note(struct state *s, int status)
{
	if (!s->status)
		s->status = status;
}

/* A file that cannot be read must not keep the device up. */
static void read_conf(struct state *s)
{
	int status = conf_load(&s->tunnel.conf, s->tunnel.file);

	s->has_conf = !status;
	note(s, status);
	if (status)
		warning_word(s->tunnel.name, "is taken down without what its file says");
}

static int read_device(struct state *s)
{
	struct devices devices;
	int status;

	s->exists = tunnel_exists(&s->tunnel);
	if (!s->exists)
		return STATUS_OK;
	status = nl_open(&s->tunnel.nl);
	if (!status)
		status = kernel_device(s->tunnel.nl, &s->tunnel.target, &devices);
	if (status)
		return status;
	s->mark = devices.list->fwmark;
	devices_release(&devices);
	return STATUS_OK;
}

static void run_hook(struct state *s, enum conf_hook hook)
{
	if (s->has_conf)
		note(s, hook_run_all(&s->tunnel.conf, hook, s->tunnel.name));
}

static void remove_rules(struct state *s)
{
	uint32_t configured = s->has_conf && conf_routes_by_mark(&s->tunnel.conf) ?
			      s->tunnel.conf.interface.mark : 0;

	note(s, tunnel_remove_rules(&s->tunnel, s->mark));
	if (configured != s->mark)
		note(s, tunnel_remove_rules(&s->tunnel, configured));
}

/* Whatever fails, the rest is done. */
static void take_down(struct state *s)
{
	run_hook(s, CONF_PRE_DOWN);
	note(s, background_stop(s->tunnel.name));
	remove_rules(s);
	if (s->exists)
		note(s, rtnl_delete_link(s->tunnel.route, s->tunnel.target.ifindex));
	run_hook(s, CONF_POST_DOWN);
}

static int work(struct state *s)
{
	int status = tunnel_open(&s->tunnel);

	if (!status)
		status = read_device(s);
	if (status)
		return status;
	read_conf(s);
	if (!s->exists && !background_is_running(s->tunnel.name)) {
		remove_rules(s);
		return refused_word(s->tunnel.name, "no such network device");
	}
	take_down(s);
	return s->status;
}

static int run(struct args *args, const struct options *options)
{
	struct state state = { 0 };
	int status;

	(void)options;
	status = tunnel_take_name(args, &state.tunnel);
	if (!status)
		status = args_end(args);
	if (!status)
		status = work(&state);
	tunnel_release(&state.tunnel);
	return status;
}

const struct command command_down = {
	.name = "down",
	.summary = "take down what 'fmp up' made",
	.help =
	"Usage: fmp down NAME|FILE\n"
	"\n"
	"Stops the agent of the device, and removes the device with its peers, sessions,\n"
	"addresses, routes and rules. Commands of PreDown and PostDown are run. Whatever\n"
	"fails, the rest is done.\n",
	.run = run,
};
