// SPDX-License-Identifier: GPL-2.0
#include "hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

static const char *const names[] = {
	[CONF_PRE_UP] = "PreUp",
	[CONF_POST_UP] = "PostUp",
	[CONF_PRE_DOWN] = "PreDown",
	[CONF_POST_DOWN] = "PostDown",
};

static char *with_name(const char *command, const char *name)
{
	char *text = xstrdup(""), *longer;
	const char *mark;

	while ((mark = strstr(command, "%i"))) {
		longer = xasprintf("%s%.*s%s", text, (int)(mark - command), command, name);
		free(text);
		text = longer;
		command = mark + 2;
	}
	longer = xasprintf("%s%s", text, command);
	free(text);
	return longer;
}

static int run_shell(const char *command, int *result)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(child, result, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* A command may have a secret in it, and messages are kept: it is told by its number. */
static int run_one(const char *command, const char *hook, size_t number)
{
	int result = 0, err = run_shell(command, &result);

	if (err)
		return refused("%s, command %zu: does not run: %s", hook, number, strerror(-err));
	if (WIFSIGNALED(result))
		return refused("%s, command %zu: was ended by signal %d", hook, number,
			       WTERMSIG(result));
	if (WEXITSTATUS(result))
		return refused("%s, command %zu: failed with status %d", hook, number,
			       WEXITSTATUS(result));
	return STATUS_OK;
}

static int run_hook(const struct conf *conf, enum conf_hook hook, const char *name, bool all)
{
	const struct conf_commands *commands = &conf->interface.hooks[hook];
	int status = STATUS_OK, one;
	size_t i;

	for (i = 0; i < commands->count && (all || !status); i++) {
		char *command = with_name(commands->list[i], name);

		one = run_one(command, names[hook], i + 1);
		status = status ? status : one;
		free(command);
	}
	return status;
}

int hook_run(const struct conf *conf, enum conf_hook hook, const char *name)
{
	return run_hook(conf, hook, name, false);
}

int hook_run_all(const struct conf *conf, enum conf_hook hook, const char *name)
{
	return run_hook(conf, hook, name, true);
}
