// SPDX-License-Identifier: GPL-2.0
#include "confcommand.h"

#include "command.h"
#include "fail.h"

static int apply_file(const struct target *target, const char *path, enum apply_mode mode)
{
	struct conf conf;
	struct nl *nl;
	int status;

	status = conf_load(&conf, path);
	if (!status)
		status = nl_open(&nl);
	if (!status) {
		status = apply_conf(nl, target, &conf, mode);
		nl_close(nl);
	}
	conf_release(&conf);
	return status;
}

int run_apply(struct args *args, enum apply_mode mode)
{
	struct target target;
	const char *path;
	int status;

	status = take_target(args, &target);
	if (!status)
		status = args_want(args, &path, "a file");
	if (!status)
		status = args_end(args);
	return status ? status : apply_file(&target, path, mode);
}
