// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "exposition.h"
#include "fail.h"

struct words {
	struct target target;	/* nameless for all devices */
	bool http;
};

static int read_words(struct args *args, struct words *words)
{
	const char *word;
	int status = STATUS_OK;

	while (!status && (word = args_peek(args))) {
		if (strcmp(word, "--http") == 0) {
			words->http = true;
			status = args_expect(args, word);
		} else if (*word == '-') {
			status = usage_word(word, "unknown option");
		} else if (words->target.name) {
			status = args_end(args);
		} else {
			status = take_target(args, &words->target);
		}
	}
	return status;
}

static int write_all(const struct target *target, FILE *out)
{
	struct survey survey;
	int status = survey_take(&survey, target);

	if (status)
		return status;
	exposition_write(out, &survey);
	survey_release(&survey);
	return STATUS_OK;
}

#define REQUEST_MAX	8192
#define REQUEST_MS	5000

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_until(int64_t end)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left = end - now_ms();

	return left > 0 && poll(&in, 1, (int)left) > 0;
}

/*
 * The request is read up to its empty line, whatever it asks for: a socket that is
 * closed with something unread takes the answer along. There is one end for all of it,
 * however slowly it comes.
 */
static void skip_request(void)
{
	int64_t end = now_ms() + REQUEST_MS;
	unsigned int line = 1;
	size_t len = 0;
	char c;

	while (len++ < REQUEST_MAX && wait_until(end) && read(STDIN_FILENO, &c, 1) == 1) {
		if (c == '\n' && !line)
			return;
		if (c != '\r')
			line = c != '\n';
	}
}

static void answer(const char *text, size_t len)
{
	if (len)
		printf("HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
		       "Content-Length: %zu\r\nConnection: close\r\n\r\n", len);
	else
		printf("HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n");
	if (len)
		fwrite(text, 1, len, stdout);
}

/* All or nothing: half a text looks like peers that went. */
static int take_text(const struct target *target, char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);
	bool failed;
	int status;

	if (!out)
		return refused("out of memory");
	status = write_all(target, out);
	failed = ferror(out);
	if ((fclose(out) || failed) && !status)
		status = refused("out of memory");
	return status;
}

static int run(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	char *text = NULL;
	size_t len = 0;
	int status;

	if (options->json)
		return usage_word("--json", "a text for Prometheus; 'fmp --json show' has the same");
	status = read_words(args, &words);
	if (status)
		return status;
	if (words.http)
		skip_request();

	status = take_text(&words.target, &text, &len);
	if (words.http)
		answer(text, status ? 0 : len);
	else if (!status)
		fwrite(text, 1, len, stdout);
	free(text);
	return status;
}

const struct command command_metrics = {
	.name = "metrics",
	.summary = "print everything that is measured for Prometheus",
	.help =
	"Usage: fmp metrics [--http] [DEV]\n"
	"\n"
	"Prints numbers about all devices, or one, and their peers, in the text format\n"
	"that Prometheus reads, once. docs/metrics-operator.md has the names.\n"
	"\n"
	"  --http   read a request from standard input first, and answer in HTTP:\n"
	"           for a socket of systemd or inetd\n",
	.run = run,
};
