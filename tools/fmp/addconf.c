// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "confcommand.h"

static int run(struct args *args, const struct options *options)
{
	return run_apply(args, APPLY_ADD, options);
}

const struct command command_addconf = {
	.name = "addconf",
	.summary = "add to a device what a file says",
	.help =
	"Usage: fmp addconf DEV FILE|-\n"
	"\n"
	"Changes the settings that the file names, adds its peers, and its addresses to\n"
	"those peers that there are. Nothing is taken away.\n"
	CONF_FILE_HELP,
	.run = run,
};
