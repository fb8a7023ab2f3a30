// SPDX-License-Identifier: GPL-2.0
#include "command.h"
#include "confcommand.h"

static int run(struct args *args, const struct options *options)
{
	return run_apply(args, APPLY_SET, options);
}

const struct command command_setconf = {
	.name = "setconf",
	.summary = "make a device what a file says",
	.help =
	"Usage: fmp setconf DEV FILE|-\n"
	"\n"
	"The settings of the device and its peers become what the file says, and only\n"
	"that. All peers are made anew, without sessions; 'fmp syncconf' leaves those\n"
	"alone that the file does not change.\n"
	CONF_FILE_HELP,
	.run = run,
};
