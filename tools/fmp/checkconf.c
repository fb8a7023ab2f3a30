// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "conf.h"
#include "fail.h"
#include "tunnel.h"
#include "util.h"

static bool ends_with(const char *word, const char *end)
{
	size_t len = strlen(word);

	return len >= strlen(end) && strcmp(word + len - strlen(end), end) == 0;
}

/* A name without a path is that of a device, as for 'fmp up'. */
static bool is_file(const char *word)
{
	return strcmp(word, "-") == 0 || strchr(word, '/') || ends_with(word, ".conf") ||
	       ends_with(word, ".json");
}

static int run(struct args *args, const struct options *options)
{
	struct conf conf;
	const char *word;
	char *path;
	int status;

	(void)options;
	status = args_want(args, &word, "a file, or the name of a device");
	if (!status)
		status = args_end(args);
	if (status)
		return status;
	path = is_file(word) ? xstrdup(word) : xasprintf(TUNNEL_CONF_DIR "/%s.conf", word);
	status = conf_load(&conf, path);
	conf_release(&conf);
	free(path);
	return status;
}

const struct command command_checkconf = {
	.name = "checkconf",
	.summary = "check a file for errors",
	.help =
	"Usage: fmp checkconf FILE|-|DEV\n"
	"\n"
	"Reads a file as 'fmp setconf' and 'fmp up' do, and says what is wrong in it, with\n"
	"the line and, in JSON, the key. A name without '/' that does not end in .conf or\n"
	".json is that of a device, whose file is /etc/fmp/DEV.conf. Nothing is changed, no\n"
	"device is needed, and files that are named in it need not be there.\n",
	.run = run,
};
