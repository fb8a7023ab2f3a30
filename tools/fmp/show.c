// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fail.h"
#include "json.h"
#include "print.h"

enum view {
	VIEW_ALL,
	VIEW_NAMES,
	VIEW_COUNTERS,
};

static int show_counters(const struct devices *devices, bool json)
{
	struct json_object *list, *item;
	size_t i;

	if (!json) {
		for (i = 0; i < devices->count; i++)
			print_counters(&devices->list[i]);
		return STATUS_OK;
	}

	list = json_object_new_array();
	for (i = 0; i < devices->count; i++) {
		item = json_object_new_object();
		json_object_object_add(item, "name",
				       json_object_new_string(devices->list[i].name));
		json_object_object_add(item, "counters",
				       json_counters(&devices->list[i].counters));
		json_object_array_add(list, item);
	}
	json_print(list);
	return STATUS_OK;
}

static int show_names(const struct devices *devices, bool json)
{
	struct json_object *list;
	size_t i;

	if (!json) {
		for (i = 0; i < devices->count; i++)
			puts(devices->list[i].name);
		return STATUS_OK;
	}

	list = json_object_new_array();
	for (i = 0; i < devices->count; i++)
		json_object_array_add(list, json_object_new_string(devices->list[i].name));
	json_print(list);
	return STATUS_OK;
}

static void print_peers(const struct peers *peers, const struct sessions *sessions)
{
	struct sessions own;
	size_t i;

	for (i = 0; i < peers->count; i++) {
		own = sessions_of(sessions, peers->list[i].public_key);
		putchar('\n');
		print_peer(&peers->list[i], &own);
	}
}

static struct json_object *json_peers(const struct peers *peers, const struct sessions *sessions)
{
	struct json_object *list = json_object_new_array();
	struct sessions own;
	size_t i;

	for (i = 0; i < peers->count; i++) {
		own = sessions_of(sessions, peers->list[i].public_key);
		json_object_array_add(list, json_peer(&peers->list[i], &own));
	}
	return list;
}

/* With json, the device goes to that list instead of to standard output. */
static int show_device(struct nl *nl, const struct device *device, struct json_object *json)
{
	struct target target = { .name = device->name, .ifindex = device->ifindex };
	struct sessions sessions = { 0 };
	struct peers peers = { 0 };
	struct json_object *item;
	int status;

	status = kernel_peers(nl, &target, &peers);
	if (!status && peers.count)
		status = kernel_sessions(nl, &target, &sessions);

	if (!status && json) {
		item = json_device(device);
		json_object_object_add(item, "version", json_object_new_int(JSON_VERSION));
		json_object_object_add(item, "peers", json_peers(&peers, &sessions));
		json_object_array_add(json, item);
	} else if (!json) {
		print_device(device);
		if (!status)
			print_peers(&peers, &sessions);
	}
	peers_release(&peers);
	sessions_release(&sessions);
	return status;
}

static int show_all(struct nl *nl, const struct devices *devices, bool json)
{
	struct json_object *list = json ? json_object_new_array() : NULL;
	int status = STATUS_OK, one;
	size_t i;

	for (i = 0; i < devices->count; i++) {
		if (i && !json)
			putchar('\n');
		one = show_device(nl, &devices->list[i], list);
		status = one ? one : status;
	}
	if (list)
		json_print(list);
	return status;
}

static int show_view(struct nl *nl, const struct devices *devices, enum view view, bool json)
{
	size_t i;

	for (i = 0; i < devices->count; i++)
		if (!devices->list[i].name)
			return refused("the kernel gave a device without a name");

	switch (view) {
	case VIEW_NAMES:
		return show_names(devices, json);
	case VIEW_COUNTERS:
		return show_counters(devices, json);
	case VIEW_ALL:
		break;
	}
	return show_all(nl, devices, json);
}

static int read_words(struct args *args, struct target *target, enum view *view)
{
	const char *word = args_peek(args);
	int status;

	if (!word)
		return STATUS_OK;

	if (strcmp(word, "interfaces") == 0) {
		*view = VIEW_NAMES;
		args_expect(args, word);
		return args_end(args);
	}
	if (strcmp(word, "all") == 0)
		status = args_expect(args, word);
	else
		status = take_target(args, target);
	if (status || !args_peek(args))
		return status;

	*view = VIEW_COUNTERS;
	status = args_expect(args, "counters");
	return status ? status : args_end(args);
}

static int run(struct args *args, const struct options *options)
{
	struct target target = { 0 };
	enum view view = VIEW_ALL;
	struct devices devices;
	struct nl *nl;
	int status;

	status = read_words(args, &target, &view);
	if (status)
		return status;
	status = nl_open(&nl);
	if (status)
		return status;

	if (target.name)
		status = kernel_device(nl, &target, &devices);
	else
		status = kernel_devices(nl, &devices);
	if (!status) {
		status = show_view(nl, &devices, view, options->json);
		devices_release(&devices);
	}
	nl_close(nl);
	return status;
}

const struct command command_show = {
	.name = "show",
	.summary = "show devices, their peers and sessions",
	.help =
	"Usage: fmp show [DEV|all] [counters]\n"
	"       fmp show interfaces\n"
	"\n"
	"Without a word, everything about all devices is shown.\n"
	"\n"
	"  counters     the statistics of the device by name, those of 'ethtool -S'\n"
	"  interfaces   only the names of the devices\n",
	.run = run,
};
