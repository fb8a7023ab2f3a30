// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/fmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent-internal.h"
#include "fail.h"
#include "fake.h"
#include "harness.h"
#include "keylog.h"
#include "util.h"

#define PEER "0100000000000000000000000000000000000000000000000000000000000000"
#define SEND "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"
#define RECEIVE "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"
#define LINES \
	"FMP1 1700000000.007 send 0000abcd " PEER " " SEND "\n" \
	"FMP1 1700000000.007 receive fedcba98 " PEER " " RECEIVE "\n"

static const uint8_t peer[FMP_PUBLIC_KEY_SIZE] = { 1 };
static struct noise_keys keys;
static const struct engine_session session = { .key = peer, .remote = 0xabcd, .keys = &keys };

static char dir[] = "/tmp/fmp-unit-XXXXXX";
static char path[sizeof(dir) + 8], other[sizeof(dir) + 8];

static void make_dir(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	memset(keys.send, 0xa0, sizeof(keys.send));
	memset(keys.receive, 0xb1, sizeof(keys.receive));
	capture_messages();
}

static void remove_dir(void)
{
	free(captured_messages());
	unlink(path);
	unlink(other);
	rmdir(dir);
}

static void put_file(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file) || chmod(path, mode))
		abort();
}

static const char *contents(void)
{
	static char text[4096];
	FILE *file = fopen(path, "r");

	if (!file)
		return "";
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static int log_once(void)
{
	struct keylog *keylog;
	int err;

	if (keylog_open(&keylog, path))
		return -1;
	err = keylog_write(keylog, &session, 0xfedcba98, 1700000000007);
	keylog_close(keylog);
	return err;
}

/* Whatever the mask says, and both keys beside the index that frames under them have. */
static void makes(void)
{
	mode_t mask = umask(0);
	struct stat st;

	make_dir();
	CHECK(log_once() == 0);
	umask(mask);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK_FMT(strcmp(contents(), "\n" LINES) == 0, "%s", contents());
	remove_dir();
}

/* A line that breaks off, as of a full disk, does not take the next one with it. */
static void goes_on(void)
{
	make_dir();
	put_file("FMP1 17000000", 0600);
	CHECK(log_once() == 0);
	CHECK_FMT(strcmp(contents(), "FMP1 17000000\n" LINES) == 0, "%s", contents());
	remove_dir();
}

static void refuses(void)
{
	struct keylog *keylog;

	make_dir();
	put_file("", 0640);
	CHECK(keylog_open(&keylog, path) == STATUS_REFUSED);
	CHECK(said("accessible to others (mode 0640)"));
	put_file("", 0602);
	CHECK(keylog_open(&keylog, path) == STATUS_REFUSED);
	put_file("", 0600);
	if (link(path, other))
		abort();
	CHECK(keylog_open(&keylog, path) == STATUS_REFUSED);
	capture_messages();
	unlink(path);
	if (symlink(other, path))
		abort();
	CHECK(keylog_open(&keylog, path) == STATUS_REFUSED);
	CHECK(said("the key log is a symbolic link"));
	unlink(path);
	if (mkfifo(path, 0600))
		abort();
	CHECK(keylog_open(&keylog, path) == STATUS_REFUSED);
	unlink(path);
	if (geteuid() == 0) {
		put_file("", 0600);
		if (chown(path, 1, 1))
			abort();
		capture_messages();
		CHECK(keylog_open(&keylog, path) == STATUS_REFUSED);
		CHECK(said("belongs to another user (1)"));
	}
	remove_dir();
}

/* What is cut off is told of, and what comes after it is whole. */
static void full(void)
{
	struct rlimit old, limit;
	struct keylog *keylog;
	const char *second;

	make_dir();
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = sizeof(LINES) / 2;
	signal(SIGXFSZ, SIG_DFL);
	CHECK(keylog_open(&keylog, path) == STATUS_OK);
	setrlimit(RLIMIT_FSIZE, &limit);
	CHECK(keylog_write(keylog, &session, 0xfedcba98, 1700000000007) == -ENOSPC);
	CHECK(keylog_write(keylog, &session, 0xfedcba98, 1700000000007) == -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK(keylog_write(keylog, &session, 0xfedcba98, 1700000000007) == 0);
	keylog_close(keylog);
	second = contents() + sizeof(LINES) / 2;
	CHECK_FMT(strcmp(second, "\n" LINES) == 0, "%s", contents());
	remove_dir();
}

static void removed(void)
{
	struct keylog *keylog;

	make_dir();
	CHECK(keylog_open(&keylog, path) == STATUS_OK);
	CHECK(!keylog_is_gone(keylog));
	unlink(path);
	CHECK(keylog_is_gone(keylog));
	keylog_close(keylog);
	remove_dir();
}

static int install_err;

static void serve(struct fake *fake, const struct nlmsghdr *request)
{
	struct message msg;

	if (!install_err) {
		message_init(&msg, FMP_CMD_SESSION_NEW);
		put_u32(&msg, FMP_A_SESSION_IFINDEX, 5);
		put_data(&msg, FMP_A_SESSION_PUBLIC_KEY, peer, sizeof(peer));
		put_u32(&msg, FMP_A_SESSION_LOCAL_INDEX, 0xfedcba98);
		fake_reply(fake, request, &msg, 0);
	}
	fake_error(fake, request, install_err, NULL, 0, 0, 0);
}

static int install(bool logged, int err)
{
	struct agent agent = { .target = { .name = "fmp0", .ifindex = 5 } };
	struct engine_session chosen = session;
	struct fake *fake;
	uint32_t local = 0;
	int fd;

	chosen.choose_index = true;
	install_err = err;
	if (logged && keylog_open(&agent.key_log, path))
		abort();
	fake = fake_start(serve, &fd);
	agent.requests = nl_from_socket(fd, FAKE_FAMILY);
	err = agent_ops.install(&agent, &chosen, &local);
	nl_close(agent.requests);
	fake_stop(fake);
	fake_free(fake);
	keylog_close(agent.key_log);
	CHECK(err || local == 0xfedcba98);
	return err;
}

/* What the kernel has, under the index that it chose, and only on request. */
static void installs(void)
{
	make_dir();
	CHECK(install(false, 0) == 0);
	CHECK(access(path, F_OK) != 0);
	CHECK(install(true, -ENOENT) == -ENOENT);
	CHECK(!*contents());
	CHECK(install(true, 0) == 0);
	CHECK(strstr(contents(), " send 0000abcd " PEER " " SEND "\n"));
	CHECK(strstr(contents(), " receive fedcba98 " PEER " " RECEIVE "\n"));
	remove_dir();
}

const struct test keylog_tests[] = {
	{ "makes", makes },
	{ "goes_on", goes_on },
	{ "refuses", refuses },
	{ "full", full },
	{ "removed", removed },
	{ "installs", installs },
	{ 0 },
};
