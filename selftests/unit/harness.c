// SPDX-License-Identifier: GPL-2.0
#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "fail.h"
#include "scene.h"
#include "util.h"

static const struct test *const suites[] = {
	identity_tests, parse_tests, args_tests, key_tests, message_tests, nl_tests, agent_tests,
	command_tests, handshake_tests, noise_tests,
	engine_initiator_tests, engine_responder_tests, engine_address_tests,
	engine_resync_tests, engine_world_tests, engine_kills_tests, engine_sleep_tests,
	acl_tests, resolve_tests, agent_run_tests, keylog_tests,
	conf_tests, confjson_tests, syncconf_tests, up_tests, metrics_tests, top_tests,
	plugin_tests,
};

static const char *const suite_names[] = {
	"identity", "parse", "args", "key", "message", "nl", "agent",
	"command", "handshake", "noise",
	"engine_initiator", "engine_responder", "engine_address",
	"engine_resync", "engine_world", "engine_kills", "engine_sleep",
	"acl", "resolve", "agent_run", "keylog",
	"conf", "confjson", "syncconf", "up", "metrics", "top",
	"plugin",
};

_Static_assert(ARRAY_SIZE(suites) == ARRAY_SIZE(suite_names), "a name for each suite");

const char *vectors_dir = "../vectors";

static bool failed;
static FILE *messages;
static char *message_text;
static size_t message_len;

bool check(bool passed, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (passed)
		return true;
	failed = true;
	fprintf(stderr, "# %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

void capture_messages(void)
{
	free(captured_messages());
	messages = open_memstream(&message_text, &message_len);
	if (!messages)
		abort();
	fail_stream(messages);
}

char *captured_messages(void)
{
	if (!messages)
		return NULL;
	fail_stream(NULL);
	fclose(messages);
	messages = NULL;
	return message_text;
}

bool said(const char *text)
{
	char *all = captured_messages();
	bool found = all && strstr(all, text);

	if (!found)
		fprintf(stderr, "# wanted: %s\n# said: %s\n", text, all ? all : "nothing");
	free(all);
	capture_messages();
	return found;
}

void from_hex(uint8_t *out, size_t len, const char *digits)
{
	size_t i;

	memset(out, 0, len);
	if (!CHECK_FMT(strlen(digits) == 2 * len, "'%s' is not %zu bytes", digits, len))
		return;
	for (i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_digit(digits[2 * i]) << 4 | hex_digit(digits[2 * i + 1]));
}

/* In a process of its own, so that a crash is a failure of one test and not of all. */
static bool run_test(const struct test *test)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		/* Standard output belongs to the report. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		test->run();
		free(captured_messages());
		exit(failed);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* UNIT_SKIP has suite.test of those, with spaces between them; UNIT_SKIP_REASON says why. */
static bool is_skipped(const char *suite, const char *test)
{
	const char *skip = getenv("UNIT_SKIP"), *at;
	char name[128];
	int len = snprintf(name, sizeof(name), "%s.%s", suite, test);

	for (at = skip; at && (at = strstr(at, name)); at++)
		if ((at == skip || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned int count = 0, number = 0, bad = 0;
	const char *reason = getenv("UNIT_SKIP_REASON");
	const struct test *test;
	size_t i;

	if (!reason)
		reason = "";
	if (sodium_init() < 0)
		return 1;
	if (argc > 2 && strcmp(argv[1], "fmp") == 0)
		return scene_main(argc, argv);
	if (argc > 2 && strcmp(argv[1], "agent") == 0)
		return fake_agent(argc, argv);
	if (argc > 1)
		vectors_dir = argv[1];
	setenv("NO_COLOR", "1", 1);

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		for (test = suites[i]; test->name; test++)
			count++;

	printf("KTAP version 1\n1..%u\n", count);
	for (i = 0; i < ARRAY_SIZE(suites); i++) {
		for (test = suites[i]; test->name; test++) {
			bool skip = is_skipped(suite_names[i], test->name);
			bool ok = skip || run_test(test);

			bad += !ok;
			printf("%sok %u %s.%s%s%s\n", ok ? "" : "not ", ++number, suite_names[i],
			       test->name, skip ? " # SKIP " : "", skip ? reason : "");
		}
	}
	printf("# passed %u failed %u\n", count - bad, bad);
	return bad != 0;
}
