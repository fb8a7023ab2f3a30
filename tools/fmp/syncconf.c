// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "confcommand.h"

static int run(struct args *args, const struct options *options)
{
	return run_apply(args, APPLY_SYNC, options);
}

const struct command command_syncconf = {
	.name = "syncconf",
	.summary = "change of a device what a file says otherwise",
	.help =
	"Usage: fmp syncconf DEV FILE|-\n"
	"\n"
	"The settings of the device and its peers become what the file says, and only\n"
	"that. What is so already is not touched: peers that did not change keep their\n"
	"sessions, and no packet is lost. Peers that the agent let in by itself stay.\n"
	CONF_FILE_HELP,
	.run = run,
};
