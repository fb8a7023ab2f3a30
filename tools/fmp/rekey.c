// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "command.h"
#include "fail.h"

struct words {
	struct target target;
	struct peer_change change;
	bool one;
};

static int read_words(struct args *args, struct words *words)
{
	int status = take_target(args, &words->target);

	if (status || !args_peek(args))
		return status;
	words->one = true;
	status = take_peer_key(args, &words->change);
	return status ? status : args_end(args);
}

static int run(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	struct nl *nl;
	int status;

	(void)options;
	status = read_words(args, &words);
	if (!status)
		status = nl_open(&nl);
	if (status)
		return status;

	status = kernel_rekey(nl, &words.target, words.one ? words.change.key : NULL);
	nl_close(nl);
	return status;
}

const struct command command_rekey = {
	.name = "rekey",
	.summary = "ask for new sessions",
	.help =
	"Usage: fmp rekey DEV [KEY]\n"
	"\n"
	"Asks whoever makes the sessions of a device for a new one for the peer, or for\n"
	"all peers, by an event 'rekey-needed'. The sessions that there are stay in use\n"
	"meanwhile.\n"
	"\n"
	"KEY is an npub or 64 hexadecimal digits.\n",
	.run = run,
};
