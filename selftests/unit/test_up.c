// SPDX-License-Identifier: GPL-2.0
/*
 * What 'fmp up' plans, the steps that it can take back, hooks, and the agent as a
 * process: this program plays that, see fake_agent().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf-text.h"
#include "fail.h"
#include "harness.h"
#include "hook.h"
#include "ladder.h"
#include "plan.h"
#include "print.h"
#include "background.h"
#include "util.h"

#define KEY_0 "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define KEY_1 "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
#define DERIVED_0 "fd13:2f39:a98c:31ba:addb:a652:5f5d:43f2"
#define PEER(n, text) "[Peer]\nPublicKey = " KEY_##n "\n" text

static void read_text(struct conf *conf, const char *text)
{
	CHECK(read_conf_text(conf, text) == STATUS_OK);
}

/* --- plan */

static void write_plan(FILE *out, const struct plan *plan)
{
	char to[PREFIX_TEXT], via[ADDRESS_TEXT];
	size_t i;

	for (i = 0; i < plan->address_count; i++)
		fprintf(out, "address %s%s\n", prefix_text(to, &plan->addresses[i].prefix),
			plan->addresses[i].no_route ? " no route" : "");
	for (i = 0; i < plan->route_count; i++) {
		const struct route *route = &plan->routes[i];

		fprintf(out, "route %s", prefix_text(to, &route->to));
		if (route->via.family)
			fprintf(out, " via %s", address_text(via, &route->via));
		if (route->table != 254)
			fprintf(out, " table %u", route->table);
		fprintf(out, "\n");
	}
	for (i = 0; i < plan->rule_count; i++)
		fprintf(out, "rule %d %s %u\n", plan->rules[i].family == AF_INET ? 4 : 6,
			plan->rules[i].kind == RULE_MAIN ? "main" : "mark", plan->rules[i].mark);
}

static void expect_plan(const char *text, const char *want, int line)
{
	struct address own = { .family = AF_INET6 };
	struct conf conf;
	struct plan plan;
	char *lines;
	size_t len;
	FILE *out;

	inet_pton(AF_INET6, "fd00::1", &own.v6);
	read_text(&conf, text);
	plan_make(&plan, &conf, &own);
	out = open_memstream(&lines, &len);
	if (!out)
		abort();
	write_plan(out, &plan);
	fclose(out);
	check(strcmp(lines, want) == 0, "test_up.c", line, "wanted:\n%sgot:\n%s", want, lines);
	free(lines);
	plan_release(&plan);
	conf_release(&conf);
}

#define EXPECT_PLAN(text, want) expect_plan(text, want, __LINE__)

static void test_plan(void)
{
	EXPECT_PLAN("", "address fd00::1/128\n");
	EXPECT_PLAN(PEER(0, ""), "address fd00::1/128\nroute " DERIVED_0 "/128\n");
	EXPECT_PLAN("[Interface]\nAddress = 10.9.0.1/24\n" PEER(0, "AllowedIPs = 10.9.0.2, 10.8.0.2\n"),
		    "address 10.9.0.1/24\nroute 10.8.0.2/32\n");
	EXPECT_PLAN("[Interface]\nAddress = fd00::1/8\n" PEER(0, "AllowedIPs = fd00::2, ::2\n"),
		    "address fd00::1/8\nroute ::2/128\n");
	EXPECT_PLAN("[Interface]\nTable = off\n" PEER(0, "AllowedIPs = 10.9.0.2, 10.8.0.0/24, ::/0\n"),
		    "address fd00::1/128\n");
	EXPECT_PLAN("[Interface]\nAddress = 10.9.0.1/24\nTable = 7\n"
		    PEER(0, "AllowedIPs = 10.9.0.2, 0.0.0.0/0\n"),
		    "address 10.9.0.1/24\nroute 10.9.0.2/32 table 7\nroute 0.0.0.0/0 via 10.9.0.2 table 7\n");
}

static void test_next_hops(void)
{
	EXPECT_PLAN("[Interface]\nAddress = 10.9.0.1/24\n"
		    PEER(0, "AllowedIPs = 192.168.0.0/16, fd09::2, 10.9.0.2, 10.9.0.3, fd08::/64\n"),
		    "address 10.9.0.1/24\nroute fd09::2/128\n"
		    "route 192.168.0.0/16 via 10.9.0.2\nroute fd08::/64 via fd09::2\n");
	EXPECT_PLAN("[Interface]\nAddress = 10.9.0.1/24\n"
		    PEER(0, "AllowedIPs = 192.168.0.0/16\n") PEER(1, "AllowedIPs = fd09::2, 10.0.0.0/8\n"),
		    "address 10.9.0.1/24\nroute 192.168.0.0/16 via " DERIVED_0 "\n"
		    "route fd09::2/128\nroute 10.0.0.0/8 via fd09::2\n");
	/* The network of our own address is behind a peer. */
	EXPECT_PLAN("[Interface]\nAddress = 10.9.0.1/24\n" PEER(0, "AllowedIPs = 10.9.0.0/24, 10.9.0.2\n"),
		    "address 10.9.0.1/24 no route\nroute 10.9.0.2/32\nroute 10.9.0.0/24 via 10.9.0.2\n");
}

static void test_default_routes(void)
{
	EXPECT_PLAN("[Interface]\nAddress = 10.9.0.1/24\n"
		    PEER(0, "AllowedIPs = 0.0.0.0/0, 10.9.0.2, 172.16.0.0/12\n"),
		    "address 10.9.0.1/24\nroute 0.0.0.0/0 via 10.9.0.2 table 2121\n"
		    "route 172.16.0.0/12 via 10.9.0.2\n"
		    "rule 4 main 2121\nrule 4 mark 2121\n");
	EXPECT_PLAN("[Interface]\nAddress = 10.9.0.1/24\nFwMark = 9\n"
		    PEER(0, "AllowedIPs = 0.0.0.0/0, 10.9.0.2, ::/0\n"),
		    "address 10.9.0.1/24\nroute 0.0.0.0/0 via 10.9.0.2 table 9\n"
		    "route ::/0 via " DERIVED_0 " table 9\n"
		    "rule 4 main 9\nrule 4 mark 9\nrule 6 main 9\nrule 6 mark 9\n");
}

/* --- ladder */

static char trail[64];
static size_t trail_len;
static char failing;
static volatile sig_atomic_t interrupted;

static void back(char name)
{
	trail[trail_len++] = name;
	trail[trail_len] = '\0';
}

static int step(char name)
{
	back(name);
	return name == failing ? STATUS_REFUSED : STATUS_OK;
}

static int up_a(void *ctx) { (void)ctx; return step('a'); }
static void down_a(void *ctx) { (void)ctx; back('A'); }
static int up_b(void *ctx) { (void)ctx; return step('b'); }
static int up_c(void *ctx) { (void)ctx; interrupted = failing == '!'; return step('c'); }
static void down_c(void *ctx) { (void)ctx; back('C'); }
static int up_d(void *ctx) { (void)ctx; return step('d'); }
static void down_d(void *ctx) { (void)ctx; back('D'); }

static bool climbs(char fails, int status, const char *want)
{
	static const struct rung rungs[] = {
		{ up_a, down_a, true }, { up_b, NULL, false }, { up_c, down_c, false },
		{ up_d, down_d, true },
	};

	trail_len = 0;
	interrupted = 0;
	failing = fails;
	CHECK(ladder_climb(rungs, ARRAY_SIZE(rungs), NULL, &interrupted) == status);
	return CHECK_FMT(strcmp(trail, want) == 0, "%s is not %s", trail, want);
}

static void test_ladder(void)
{
	capture_messages();
	climbs('x', STATUS_OK, "abcd");
	climbs('a', STATUS_REFUSED, "aA");
	climbs('b', STATUS_REFUSED, "abA");
	climbs('c', STATUS_REFUSED, "abcA");
	climbs('d', STATUS_REFUSED, "abcdDCA");
	climbs('!', STATUS_REFUSED, "abcCA");
	CHECK(said("interrupted"));
}

/* --- hooks */

static void test_hooks(void)
{
	char name[] = "/tmp/fmp-hook-XXXXXX", got[64] = "";
	int fd = mkstemp(name);
	struct conf conf;
	char *text;

	text = xasprintf("[Interface]\nPreUp = echo one %%i >>%s\nPreUp = false; exit 3\nPreUp = echo %%i%%i >>%s\n"
			 "PostUp = kill -9 $$\n", name, name);
	read_text(&conf, text);
	capture_messages();
	CHECK(hook_run(&conf, CONF_PRE_UP, "fmp7") == STATUS_REFUSED);
	CHECK(said("fmp: PreUp, command 2: failed with status 3\n"));
	CHECK(pread(fd, got, sizeof(got) - 1, 0) == 9 && strcmp(got, "one fmp7\n") == 0);
	CHECK(hook_run_all(&conf, CONF_PRE_UP, "fmp7") == STATUS_REFUSED);
	CHECK(pread(fd, got, sizeof(got) - 1, 9) == 18 && strcmp(got, "one fmp7\nfmp7fmp7\n") == 0);
	CHECK(hook_run(&conf, CONF_POST_UP, "fmp7") == STATUS_REFUSED);
	CHECK(said("PostUp, command 1: was ended by signal 9"));
	CHECK(hook_run(&conf, CONF_PRE_DOWN, "fmp7") == STATUS_OK);
	conf_release(&conf);
	free(text);
	unlink(name);
	close(fd);
}

/* --- the agent */

static volatile sig_atomic_t reloaded;

static void note_reload(int number)
{
	(void)number;
	reloaded = 1;
}

/* "unit agent NAME private-key WHAT": what to do is the name of the key. */
static char run_dir[] = "/tmp/fmp-run-XXXXXX";

/* A file in it says that the program which the child has become heeds signals. */
static char *ready_file(void)
{
	return xasprintf("%s/ready", getenv("FMP_RUN_DIR"));
}

static void say_ready(void)
{
	char *path = ready_file();
	FILE *file = fopen(path, "w");

	if (!file || fclose(file))
		abort();
	free(path);
}

int fake_agent(int argc, char **argv)
{
	const char *what = argc > 4 ? argv[4] : "";
	unsigned int i;

	if (strcmp(what, "gives-up") == 0) {
		fprintf(stderr, "fmp: the key is bad\n");
		return 2;
	}
	if (strcmp(what, "stubborn") == 0)
		signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, note_reload);
	say_ready();
	for (i = 0; i < 600; i++) {
		usleep(50000);
		if (reloaded)
			return 0;
	}
	return 0;
}

static int ready_now = 1;

static int is_ready(void *arg)
{
	char *path = ready_file();
	bool there = access(path, F_OK) == 0;

	(void)arg;
	free(path);
	return ready_now > 0 ? there : ready_now;
}

static void await_end(const char *name)
{
	unsigned int i;

	for (i = 0; i < 1000 && background_is_running(name); i++)
		usleep(10000);
}

static pid_t pid_of(const char *name)
{
	char *path = xasprintf("%s/%s.pid", run_dir, name), line[32] = "";
	FILE *file = fopen(path, "r");

	free(path);
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	return (pid_t)atoi(line);
}

static int start(const char *key, const char *rest)
{
	char *text = xasprintf("[Interface]\nPrivateKeyFile = %s\n%s", key, rest);
	struct conf conf;
	char *path;
	int status;

	path = ready_file();
	unlink(path);
	free(path);
	read_text(&conf, text);
	status = background_start("fmp7", &conf, is_ready, NULL);
	conf_release(&conf);
	free(text);
	return status;
}

/* As long as it takes, and where that is in vain. */
#define PATIENCE_MS 20000
#define IMPATIENCE_MS 300

static void begin(void)
{
	if (!mkdtemp(run_dir))
		abort();
	setenv("FMP_RUN_DIR", run_dir, 1);
	background_patience_ms = PATIENCE_MS;
	ready_now = 1;
	capture_messages();
}

static void finish(void)
{
	char *command = xasprintf("rm -rf %s", run_dir);

	CHECK(system(command) == 0);
	free(command);
}

static void test_background(void)
{
	pid_t pid;

	begin();
	CHECK(!background_is_running("fmp7"));
	CHECK(background_stop("fmp7") == STATUS_OK);
	CHECK(start("good", "") == STATUS_OK);
	pid = pid_of("fmp7");
	CHECK(pid > 1 && background_is_running("fmp7") && !background_is_running("fmp8"));
	CHECK(getsid(pid) == pid);
	CHECK(start("good", "") == STATUS_REFUSED && said("its agent is running already"));
	CHECK(background_stop("fmp7") == STATUS_OK);
	CHECK(!pid_of("fmp7") && !background_is_running("fmp7"));
	finish();
}

static void test_bad_background(void)
{
	begin();
	ready_now = 0;
	CHECK(start("gives-up", "") == STATUS_REFUSED);
	CHECK(said("fmp: agent: the key is bad\nfmp: 'fmp7': its agent ended with status 2"));
	background_patience_ms = IMPATIENCE_MS;
	CHECK(start("good", "") == STATUS_REFUSED && said("was not ready within"));
	CHECK(!pid_of("fmp7"));
	ready_now = -EIO;
	CHECK(start("good", "") == STATUS_REFUSED && said("cannot tell whether"));

	ready_now = 1;
	background_patience_ms = PATIENCE_MS;
	CHECK(start("stubborn", "") == STATUS_OK);
	background_patience_ms = IMPATIENCE_MS;
	CHECK(background_stop("fmp7") == STATUS_OK && said("did not stop within"));
	CHECK(!background_is_running("fmp7"));
	finish();
}

/* The number of a process that is gone may be another's by now. */
static void test_foreign_pid(void)
{
	char *path, *command;
	pid_t child;

	begin();
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	path = xasprintf("%s/fmp7.pid", run_dir);
	command = xasprintf("echo %d >%s", child, path);
	CHECK(system(command) == 0);
	CHECK(!background_is_running("fmp7"));
	CHECK(background_stop("fmp7") == STATUS_OK);
	CHECK(kill(child, 0) == 0);
	kill(child, SIGKILL);
	free(path);
	free(command);
	finish();
}

static int reload(const char *text)
{
	struct conf conf;
	int status;

	read_text(&conf, text);
	status = background_reload("fmp7", &conf);
	conf_release(&conf);
	return status;
}

static void test_reload(void)
{
	char *messages;

	begin();
	CHECK(reload("[Interface]\nPrivateKeyFile = good\n") == STATUS_OK);
	CHECK(start("good", "Allow = /a\n") == STATUS_OK);
	CHECK(reload("[Interface]\nPrivateKeyFile = good\nAllow = /b\n") == STATUS_OK);
	CHECK(said("its agent goes on with the files"));
	await_end("fmp7");
	CHECK(!background_is_running("fmp7"));

	CHECK(start("good", "Deny = /a\n") == STATUS_OK);
	CHECK(reload("[Interface]\nPrivateKeyFile = good\nDeny = /a\n") == STATUS_OK);
	messages = captured_messages();
	CHECK_FMT(!*messages, "%s", messages);
	free(messages);
	background_stop("fmp7");
	finish();
}

static void test_lock(void)
{
	pid_t child;
	int result;

	begin();
	CHECK(background_lock("fmp7") == STATUS_OK && background_lock("fmp8") == STATUS_OK);
	child = fork();
	if (child == 0)
		_exit(background_lock("fmp7"));
	CHECK(waitpid(child, &result, 0) == child && WEXITSTATUS(result) == STATUS_REFUSED);
	finish();
}

const struct test up_tests[] = {
	{ "plan", test_plan },
	{ "next_hops", test_next_hops },
	{ "default_routes", test_default_routes },
	{ "ladder", test_ladder },
	{ "hooks", test_hooks },
	{ "background", test_background },
	{ "bad_background", test_bad_background },
	{ "foreign_pid", test_foreign_pid },
	{ "reload", test_reload },
	{ "lock", test_lock },
	{ 0 },
};
