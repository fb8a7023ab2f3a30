// SPDX-License-Identifier: GPL-2.0
#include "confcommand.h"

#include "fail.h"
#include "json.h"

static void print_applied(const struct applied *applied)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "device_changed", json_object_new_boolean(applied->device));
	json_object_object_add(object, "peers_added", json_object_new_uint64(applied->added));
	json_object_object_add(object, "peers_changed", json_object_new_uint64(applied->changed));
	json_object_object_add(object, "peers_removed", json_object_new_uint64(applied->removed));
	json_print_line(object);
}

static int apply_file(const struct target *target, const char *path, enum apply_mode mode,
		      const struct options *options)
{
	struct applied applied = { 0 };
	struct conf conf;
	struct nl *nl;
	int status;

	status = conf_load(&conf, path);
	if (!status)
		status = nl_open(&nl);
	if (!status) {
		status = apply_conf(nl, target, &conf, mode, &applied);
		nl_close(nl);
	}
	if (!status && options->json)
		print_applied(&applied);
	conf_release(&conf);
	return status;
}

int run_apply(struct args *args, enum apply_mode mode, const struct options *options)
{
	struct target target;
	const char *path;
	int status;

	status = take_target(args, &target);
	if (!status)
		status = args_want(args, &path, "a file");
	if (!status)
		status = args_end(args);
	return status ? status : apply_file(&target, path, mode, options);
}
