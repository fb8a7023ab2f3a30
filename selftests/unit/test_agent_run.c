// SPDX-License-Identifier: GPL-2.0
/* The command from its first to its last request, with a kernel that is none. */
#include <errno.h>
#include <linux/fmp.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fail.h"
#include "fake.h"
#include "harness.h"
#include "hsframe.h"
#include "nl.h"
#include "util.h"

int fmp_main(int argc, char **argv);

#define IFINDEX 0x7fffff05
#define SELF "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" /* of secret 1 */
#define PEER "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"

static struct {
	int bind_err, send_err;
	bool epoch, auto_connect, session, needed, self;
	const char *key_log;
	const char *rewritten;	/* the configuration, before a SIGHUP that comes ahead of the end */
	uint8_t stop_at;	/* command */
} plan;

static char dir[] = "/tmp/fmp-unit-XXXXXX";

static pthread_t program;
static struct fake *fakes[2];
static unsigned int opened, counts[256];

/* Within the directory, for which DIR stands in the text. */
static void put_file(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	const char *mark = strstr(text, "DIR");

	if (!file)
		abort();
	for (; mark; mark = strstr(text, "DIR")) {
		fprintf(file, "%.*s%s", (int)(mark - text), text, dir);
		text = mark + 3;
	}
	fputs(text, file);
	if (fclose(file))
		abort();
	free(path);
}

static void stop_program(void)
{
	/* Of both, the one with the lower number is read first. */
	if (plan.rewritten) {
		put_file("conf", plan.rewritten);
		pthread_kill(program, SIGHUP);
	}
	/* Blocked there, and read from a descriptor. */
	pthread_kill(program, SIGTERM);
}

static void device(struct fake *fake, const struct nlmsghdr *request)
{
	struct message msg;

	message_init(&msg, FMP_CMD_DEV_GET);
	put_u32(&msg, FMP_A_DEV_IFINDEX, IFINDEX);
	put_string(&msg, FMP_A_DEV_IFNAME, "fmp0");
	if (plan.epoch)
		put_data(&msg, FMP_A_DEV_EPOCH, "12345678", 8);
	fake_reply(fake, request, &msg, 0);
	fake_error(fake, request, 0, NULL, 0, 0, 0);
}

static void put_key(struct message *msg, uint16_t type, const char *digits)
{
	uint8_t key[32];

	from_hex(key, sizeof(key), digits);
	put_data(msg, type, key, sizeof(key));
}

static void peers(struct fake *fake, const struct nlmsghdr *request)
{
	uint32_t address = 0x0100007f;
	struct message msg;

	message_init(&msg, FMP_CMD_PEER_GET);
	put_u32(&msg, FMP_A_PEER_IFINDEX, IFINDEX);
	put_key(&msg, FMP_A_PEER_PUBLIC_KEY, plan.self ? SELF : PEER);
	put_data(&msg, FMP_A_PEER_NODE_ADDR, "0123456789abcdef", 16);
	put_data(&msg, FMP_A_PEER_ENDPOINT_IPV4, &address, 4);
	put_u16(&msg, FMP_A_PEER_ENDPOINT_PORT, 0x4908);
	put_u8(&msg, FMP_A_PEER_AUTO_CONNECT, plan.auto_connect);
	fake_reply(fake, request, &msg, NLM_F_MULTI);
	fake_done(fake, request, 0);
}

static void sessions(struct fake *fake, const struct nlmsghdr *request)
{
	struct message msg;

	if (plan.session) {
		message_init(&msg, FMP_CMD_SESSION_GET);
		put_u32(&msg, FMP_A_SESSION_IFINDEX, IFINDEX);
		put_key(&msg, FMP_A_SESSION_PUBLIC_KEY, PEER);
		put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, 77);
		put_u32(&msg, FMP_A_SESSION_REMOTE_INDEX, 78);
		put_flag(&msg, FMP_A_SESSION_INITIATOR);
		put_u8(&msg, FMP_A_SESSION_SLOT, FMP_SLOT_CURRENT);
		fake_reply(fake, request, &msg, NLM_F_MULTI);
	}
	fake_done(fake, request, 0);
	if (plan.needed && counts[FMP_CMD_SESSION_GET] == 1) {
		message_init(&msg, FMP_CMD_REKEY_NEEDED_NTF);
		put_u32(&msg, FMP_A_PEER_IFINDEX, IFINDEX);
		put_key(&msg, FMP_A_PEER_PUBLIC_KEY, PEER);
		put_u8(&msg, FMP_A_PEER_REKEY_REASON, FMP_REKEY_REASON_AGE);
		fake_event(fakes[1], &msg);
	}
}

static void index_of(struct fake *fake, const struct nlmsghdr *request)
{
	struct message msg;

	message_init(&msg, FMP_CMD_INDEX_RESERVE);
	put_u32(&msg, FMP_A_HANDSHAKE_IFINDEX, IFINDEX);
	put_u32(&msg, FMP_A_HANDSHAKE_LOCAL_INDEX, 0xabcdef01);
	fake_reply(fake, request, &msg, 0);
	fake_error(fake, request, 0, NULL, 0, 0, 0);
}

static void serve(struct fake *fake, const struct nlmsghdr *request)
{
	uint8_t command = fake_command(request);

	counts[command]++;
	switch (command) {
	case FMP_CMD_DEV_GET:
		device(fake, request);
		break;
	case FMP_CMD_PEER_GET:
		peers(fake, request);
		break;
	case FMP_CMD_SESSION_GET:
		sessions(fake, request);
		break;
	case FMP_CMD_INDEX_RESERVE:
		index_of(fake, request);
		break;
	case FMP_CMD_AGENT_BIND:
		fake_error(fake, request, plan.bind_err, NULL, 0, 0, 0);
		break;
	case FMP_CMD_HANDSHAKE_SEND:
		fake_error(fake, request, plan.send_err, NULL, 0, 0, 0);
		break;
	default:
		fake_error(fake, request, 0, NULL, 0, 0, 0);
	}
	if (command == plan.stop_at)
		stop_program();
}

static int open_fake(struct nl **nl)
{
	int fd;

	if (opened == ARRAY_SIZE(fakes))
		abort();
	fakes[opened++] = fake_start(serve, &fd);
	*nl = nl_from_socket(fd, FAKE_FAMILY);
	return STATUS_OK;
}

static int run_words(int count, char **words, char *messages, size_t size)
{
	char *said_all;
	int status;

	program = pthread_self();
	/* An agent that goes on is a failure, and not a test that does. */
	alarm(60);
	nl_open_hook = open_fake;
	capture_messages();
	status = fmp_main(count, words);
	said_all = captured_messages();
	snprintf(messages, size, "%s", said_all ? said_all : "");
	free(said_all);
	while (opened) {
		fake_stop(fakes[--opened]);
		fake_free(fakes[opened]);
	}
	/* The checker of leaks looks at us as a debugger does. */
	prctl(PR_SET_DUMPABLE, 1);
	return status;
}

static int run(char *messages, size_t size)
{
	char path[] = "/tmp/fmp-key-XXXXXX";
	char *words[] = { "fmp", "agent", "fmp0", "private-key", path, "allow", "/nonexistent/a",
			  "deny", "/nonexistent/d", NULL, NULL, NULL };
	int fd = mkstemp(path), status;

	if (fd < 0 || dprintf(fd, "%064x\n", 1) != 65)
		abort();
	close(fd);
	if (plan.key_log) {
		words[9] = "key-log";
		words[10] = (char *)(uintptr_t)plan.key_log;
	}
	status = run_words(plan.key_log ? 11 : 9, words, messages, size);
	unlink(path);
	return status;
}

/* With keys and rules that are good, and rules that are not. */
static int run_config(const char *text, char *messages, size_t size)
{
	static const char *const names[] = { "conf", "key", "other", "rules", "bad" };
	char *path, *words[] = { "fmp", "agent", "fmp0", "config", NULL, NULL };
	char key[66];
	int status;
	size_t i;

	if (!mkdtemp(dir))
		abort();
	put_file("conf", text);
	snprintf(key, sizeof(key), "%064x\n", 1);
	put_file("key", key);
	snprintf(key, sizeof(key), "%064x\n", 3);
	put_file("other", key);
	put_file("rules", PEER "\n");
	put_file("bad", "two words\n");
	words[4] = xasprintf("%s/conf", dir);
	status = run_words(5, words, messages, size);
	free(words[4]);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		path = xasprintf("%s/%s", dir, names[i]);
		unlink(path);
		free(path);
	}
	rmdir(dir);
	return status;
}

static void stops(void)
{
	char messages[4096];
	int status;

	plan.epoch = true;
	plan.session = true;
	plan.auto_connect = true;
	plan.stop_at = FMP_CMD_AGENT_BIND;
	status = run(messages, sizeof(messages));
	CHECK_FMT(status == STATUS_OK, "%d: %s", status, messages);
	CHECK(strstr(messages, "serves 'fmp0', 1 peers"));
	CHECK(counts[FMP_CMD_LINK_SEND] == 1 && counts[FMP_CMD_SESSION_DEL] == 1);
	CHECK(!counts[FMP_CMD_HANDSHAKE_SEND]);
	CHECK(!strstr(messages, "00000000000000000001"));
	CHECK(!strstr(messages, "KEYS"));
}

/* Nobody has such a file without having been told what it is. */
static void logs_keys(void)
{
	char path[] = "/tmp/fmp-unit-XXXXXX", messages[4096];
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	close(fd);
	plan.epoch = true;
	plan.key_log = path;
	plan.stop_at = FMP_CMD_AGENT_BIND;
	CHECK(run(messages, sizeof(messages)) == STATUS_OK);
	CHECK(strstr(messages, "THE KEYS OF ALL NEW SESSIONS ARE WRITTEN INTO THIS FILE"));
	unlink(path);
}

/* An agent that should write it and cannot is no agent. */
static void bad_key_log(void)
{
	char messages[4096];

	plan.epoch = true;
	plan.key_log = "/nonexistent/log";
	CHECK(run(messages, sizeof(messages)) == STATUS_REFUSED);
	CHECK(strstr(messages, "cannot open the key log"));
}

#define CONFIG "[Interface]\nPrivateKeyFile = DIR/key\nAllow = DIR/rules\nDeny = DIR/none\n"

/* Who named rules that are not there thinks that they hold. */
static void config(void)
{
	char messages[4096];

	plan.epoch = true;
	plan.stop_at = FMP_CMD_AGENT_BIND;
	CHECK(run_config(CONFIG, messages, sizeof(messages)) == STATUS_OK);
	CHECK(strstr(messages, "serves 'fmp0', 1 peers"));
	CHECK(strstr(messages, "/none': these rules are named, and there is no such file"));
	CHECK(!strstr(messages, "/rules'"));
}

static void bad_config(void)
{
	char messages[4096];

	CHECK(run_config("[Interface]\nMTU = 1300\n", messages, sizeof(messages)) == STATUS_USAGE);
	CHECK(strstr(messages, "has no PrivateKeyFile"));
}

/* What can be read once only is no file to read again. */
static void no_config_file(void)
{
	char *standard[] = { "fmp", "agent", "fmp0", "config", "-", NULL };
	char *device[] = { "fmp", "agent", "fmp0", "config", "/dev/null", NULL };
	char *both[] = { "fmp", "agent", "fmp0", "config", "c", "allow", "a", NULL };
	char messages[4096];

	CHECK(run_words(5, standard, messages, sizeof(messages)) == STATUS_USAGE);
	CHECK(strstr(messages, "'-': the configuration of an agent is a file"));
	CHECK(run_words(5, device, messages, sizeof(messages)) == STATUS_REFUSED);
	CHECK(strstr(messages, "'/dev/null': the configuration of an agent is no regular file"));
	CHECK(run_words(7, both, messages, sizeof(messages)) == STATUS_USAGE);
	CHECK(strstr(messages, "no other word does besides"));
}

static void new_config(void)
{
	char messages[4096];

	plan.epoch = true;
	plan.stop_at = FMP_CMD_AGENT_BIND;
	plan.rewritten = "[Interface]\nPrivateKeyFile = DIR/other\nAllow = DIR/rules\n";
	CHECK(run_config(CONFIG, messages, sizeof(messages)) == STATUS_OK);
	CHECK(strstr(messages, "is our identity from now on"));
	CHECK(!strstr(messages, "is not taken"));
}

/* A new key with the old rules would let in whom nobody wants. */
static void half_config(void)
{
	char messages[4096];

	plan.epoch = true;
	plan.stop_at = FMP_CMD_AGENT_BIND;
	plan.rewritten = "[Interface]\nPrivateKeyFile = DIR/other\nAllow = DIR/bad\n";
	CHECK(run_config(CONFIG, messages, sizeof(messages)) == STATUS_OK);
	CHECK(strstr(messages, "/bad': line 1: one key a line"));
	CHECK(strstr(messages, "is not taken, the files and rules stay as they were"));
	CHECK(!strstr(messages, "is our identity from now on"));
}

static void dials(void)
{
	char messages[4096];
	int status;

	plan.epoch = true;
	plan.auto_connect = true;
	plan.stop_at = FMP_CMD_HANDSHAKE_SEND;
	status = run(messages, sizeof(messages));
	CHECK_FMT(status == STATUS_OK, "%d: %s", status, messages);
	/* Once more, if a second goes by until the signal is taken. */
	CHECK(counts[FMP_CMD_INDEX_RESERVE] == 1 && counts[FMP_CMD_HANDSHAKE_SEND] >= 1);
	CHECK(counts[FMP_CMD_HANDSHAKE_REPORT] == 1 && !counts[FMP_CMD_LINK_SEND]);
	CHECK(strstr(messages, "handshake started"));
}

static void rekeys(void)
{
	char messages[4096];
	int status;

	plan.epoch = true;
	plan.session = true;
	plan.needed = true;
	plan.stop_at = FMP_CMD_HANDSHAKE_SEND;
	status = run(messages, sizeof(messages));
	CHECK_FMT(status == STATUS_OK, "%d: %s", status, messages);
	CHECK(counts[FMP_CMD_HANDSHAKE_SEND] >= 1);
}

static void second_agent(void)
{
	char messages[4096];

	plan.epoch = true;
	plan.bind_err = -EBUSY;
	CHECK(run(messages, sizeof(messages)) == STATUS_REFUSED);
	CHECK(strstr(messages, "another agent serves the device"));
	CHECK(!counts[FMP_CMD_PEER_GET]);
}

static void old_module(void)
{
	char messages[4096];

	CHECK(run(messages, sizeof(messages)) == STATUS_REFUSED);
	CHECK(strstr(messages, "older than this program") && !counts[FMP_CMD_AGENT_BIND]);
}

static void own_peer(void)
{
	char messages[4096];

	plan.epoch = true;
	plan.self = true;
	CHECK(run(messages, sizeof(messages)) == STATUS_REFUSED);
	CHECK(strstr(messages, "the identity is that of a peer of 'fmp0'"));
}

static void device_gone(void)
{
	char messages[4096];

	plan.epoch = true;
	plan.auto_connect = true;
	plan.send_err = -ENODEV;
	CHECK(run(messages, sizeof(messages)) == STATUS_REFUSED);
	CHECK(strstr(messages, "the device is gone"));
}

const struct test agent_run_tests[] = {
	{ "stops", stops },
	{ "logs_keys", logs_keys },
	{ "bad_key_log", bad_key_log },
	{ "config", config },
	{ "bad_config", bad_config },
	{ "no_config_file", no_config_file },
	{ "new_config", new_config },
	{ "half_config", half_config },
	{ "dials", dials },
	{ "rekeys", rekeys },
	{ "second_agent", second_agent },
	{ "old_module", old_module },
	{ "own_peer", own_peer },
	{ "device_gone", device_gone },
	{ 0 },
};
