// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "command.h"
#include "fail.h"
#include "print.h"
#include "util.h"
#include "version.h"

#define MODULE_VERSION_FILE "/sys/module/fmp/version"

static const struct command *const commands[] = {
	&command_show,
	&command_set,
	&command_peer,
	&command_session,
	&command_rekey,
	&command_up,
	&command_down,
	&command_reload,
	&command_setconf,
	&command_addconf,
	&command_syncconf,
	&command_showconf,
	&command_checkconf,
	&command_agent,
	&command_monitor,
	&command_top,
	&command_metrics,
	&command_bug_report,
	&command_genkey,
	&command_pubkey,
};

struct request {
	struct options options;
	const char *bad_option;
	bool help;
	bool version;
	char **words;
};

static void print_help(void)
{
	size_t i;

	printf("Usage: fmp [--json] [--color] [COMMAND [WORD]...]\n"
	       "\n"
	       "Commands; without one, 'show':\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n"
	       "Options:\n"
	       "  -j, --json     print JSON\n"
	       "  -c, --color[=always|auto|never]\n"
	       "                 colours, without this option on a terminal only\n"
	       "  -h, --help     print help, about a command when there is one\n"
	       "  -V, --version  print the versions of this program and of the module\n"
	       "\n"
	       "Exit status: 0 done, 1 not understood, 2 refused by the kernel or the system.\n");
}

static void print_version(void)
{
	FILE *file = fopen(MODULE_VERSION_FILE, "re");
	char line[64];

	printf("fmp %s\n", FMP_VERSION);
	if (file && fgets(line, sizeof(line), file))
		printf("module %.*s\n", (int)strcspn(line, "\n"), line);
	else
		printf("module not loaded\n");
	if (file)
		fclose(file);
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* As iproute2 has it: without a word it is always. */
static bool take_color(struct request *request, const char *word)
{
	static const struct { const char *word; enum paint_when when; } known[] = {
		{ "-c", PAINT_ALWAYS }, { "--color", PAINT_ALWAYS },
		{ "-c=always", PAINT_ALWAYS }, { "--color=always", PAINT_ALWAYS },
		{ "-c=auto", PAINT_AUTO }, { "--color=auto", PAINT_AUTO },
		{ "-c=never", PAINT_NEVER }, { "--color=never", PAINT_NEVER },
	};
	size_t i;

	if (strncmp(word, "-c=", 3) != 0 && strncmp(word, "--color", 7) != 0 &&
	    strcmp(word, "-c") != 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(word, known[i].word) != 0)
			continue;
		paint_when(known[i].when);
		return true;
	}
	request->bad_option = word;
	return true;
}

/* Takes the options that all commands have out of the line, wherever they are. */
static bool take_option(struct request *request, const char *word, bool first)
{
	if (strcmp(word, "-j") == 0 || strcmp(word, "--json") == 0)
		request->options.json = true;
	else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		request->help = true;
	else if (first && (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0))
		request->version = true;
	else
		return take_color(request, word);
	return true;
}

static void read_line(struct request *request, char **argv)
{
	size_t kept = 0;

	request->words = argv;
	for (; *argv; argv++)
		if (!take_option(request, *argv, kept == 0))
			request->words[kept++] = *argv;
	request->words[kept] = NULL;
}

static int run(struct request *request)
{
	const struct command *command = &command_show;
	char **words = request->words;
	struct args args;

	if (*words && strcmp(*words, "help") == 0) {
		request->help = true;
		words++;
	}
	if (request->bad_option)
		return usage_word(request->bad_option,
				  "colours are 'always', 'auto' or 'never'");
	if (request->version) {
		print_version();
		return STATUS_OK;
	}
	if (!*words && request->help) {
		print_help();
		return STATUS_OK;
	}

	if (*words) {
		if (**words == '-')
			return usage_word(*words, "unknown option, see 'fmp --help'");
		command = find_command(*words);
		if (!command)
			return usage_word(*words, "unknown command, see 'fmp --help'");
		words++;
	}
	if (request->help) {
		fputs(command->help, stdout);
		return STATUS_OK;
	}
	args = args_of(words, command->name);
	return command->run(&args, &request->options);
}

int main(int argc, char **argv)
{
	struct request request = { 0 };
	int status;

	if (sodium_init() < 0)
		return refused("libsodium does not start");

	read_line(&request, argv + (argc > 0));
	status = run(&request);

	if (fflush(stdout) || ferror(stdout)) {
		report("cannot write the output: %s", strerror(errno));
		return status ? status : STATUS_REFUSED;
	}
	return status;
}
