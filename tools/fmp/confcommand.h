/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_CONFCOMMAND_H
#define FMP_CONFCOMMAND_H

#include "apply.h"
#include "args.h"
#include "command.h"

/* The words DEV FILE, and what the file says put into effect. */
int run_apply(struct args *args, enum apply_mode mode, const struct options *options);

#define CONF_FILE_HELP								\
	"\n"									\
	"FILE is read to its end before anything is changed; '-' is standard input,\n"	\
	"which must not be empty. It is JSON when it begins with '{'. What is for\n"	\
	"'fmp up' in it (addresses, MTU, routes, hooks, the agent) is passed over.\n"	\
	"With --json, what was changed is printed.\n"

#endif /* FMP_CONFCOMMAND_H */
