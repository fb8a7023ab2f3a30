/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_CONFCOMMAND_H
#define FMP_CONFCOMMAND_H

#include "apply.h"
#include "args.h"

/* The words DEV FILE, and what the file says put into effect. */
int run_apply(struct args *args, enum apply_mode mode);

#define CONF_FILE_HELP								\
	"\n"									\
	"FILE is read to its end before anything is changed; '-' is standard input.\n"	\
	"What is for 'fmp up' in it (addresses, MTU, routes, hooks, the agent) is\n"	\
	"passed over.\n"

#endif /* FMP_CONFCOMMAND_H */
