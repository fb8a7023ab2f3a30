// SPDX-License-Identifier: GPL-2.0
#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fail.h"
#include "util.h"

#define RUN_DIR "/run/fmp"
#define PROGRAM "/proc/self/exe"
#define POLL_MS 20
#define COMMAND_LINE_MAX 8192

unsigned int background_patience_ms = 10000;

static const char *run_dir(void)
{
	const char *dir = getenv("FMP_RUN_DIR");

	return dir && *dir ? dir : RUN_DIR;
}

static char *path_of(const char *name, const char *kind)
{
	return xasprintf("%s/%s.%s", run_dir(), name, kind);
}

static int make_dir(void)
{
	if (mkdir(run_dir(), 0755) && errno != EEXIST)
		return refused_word(run_dir(), "cannot make the directory: %s", strerror(errno));
	return STATUS_OK;
}

int background_lock(const char *name)
{
	int fd, status = make_dir();
	char *path;

	if (status)
		return status;
	path = path_of(name, "lock");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		status = refused_word(path, "cannot open: %s", strerror(errno));
	else if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		status = refused_word(name, "another fmp is at work on it");
	free(path);
	/* The descriptor stays open, which is what holds the lock. */
	return status;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void nap(unsigned int ms)
{
	poll(NULL, 0, (int)ms);
}

const char **background_words(const char *name, const struct conf *conf)
{
	const struct conf_interface *interface = &conf->interface;
	const char **words = xcalloc(9, sizeof(*words));
	size_t count = 0;

	words[count++] = "agent";
	words[count++] = name;
	words[count++] = "private-key";
	words[count++] = interface->private_key_file;
	if (interface->allow) {
		words[count++] = "allow";
		words[count++] = interface->allow;
	}
	if (interface->deny) {
		words[count++] = "deny";
		words[count++] = interface->deny;
	}
	return words;
}

/* --- the process that the file names */

static pid_t read_pid(const char *name)
{
	char *path = path_of(name, "pid"), line[32] = "";
	FILE *file = fopen(path, "re");
	long pid = 0;

	free(path);
	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file))
		pid = strtol(line, NULL, 10);
	fclose(file);
	return pid > 1 && pid < INT32_MAX ? (pid_t)pid : 0;
}

static size_t read_command_line(char *out, size_t size, pid_t pid)
{
	char *path = xasprintf("/proc/%d/cmdline", pid);
	FILE *file = fopen(path, "re");
	size_t len = 0;

	free(path);
	if (file) {
		len = fread(out, 1, size - 1, file);
		fclose(file);
	}
	out[len] = '\0';
	return len;
}

/* The word after the one at line, NULL at the end. */
static const char *next_word(const char *line, size_t len, const char *word)
{
	word += strlen(word) + 1;
	return word < line + len ? word : NULL;
}

static bool is_agent(pid_t pid, const char *name)
{
	char line[COMMAND_LINE_MAX];
	size_t len = read_command_line(line, sizeof(line), pid);
	const char *word = len ? next_word(line, len, line) : NULL;

	if (!word || strcmp(word, "agent") != 0)
		return false;
	word = next_word(line, len, word);
	return word && strcmp(word, name) == 0;
}

/* The names of devices are unique within a network namespace only. */
static bool is_in_our_namespace(pid_t pid)
{
	char *path = xasprintf("/proc/%d/ns/net", pid);
	struct stat theirs, ours;
	bool same;

	same = stat(path, &theirs) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
	       theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
	free(path);
	return same;
}

/*
 * A descriptor of the agent, or -1 when there is none.  It is opened before the
 * process is looked at, so that what is looked at is what is signalled.
 */
static int open_agent(const char *name, pid_t *number)
{
	pid_t pid = read_pid(name);
	int fd;

	if (!pid)
		return -1;
	fd = pidfd_open(pid, 0);
	if (fd < 0)
		return -1;
	if (!is_agent(pid, name) || !is_in_our_namespace(pid)) {
		close(fd);
		return -1;
	}
	*number = pid;
	return fd;
}

bool background_is_running(const char *name)
{
	pid_t pid;
	int fd = open_agent(name, &pid);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool await_end(int fd, unsigned int ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	uint64_t end = now_ms() + ms, now;
	int ready;

	for (;;) {
		now = now_ms();
		ready = poll(&one, 1, now < end ? (int)(end - now) : 0);
		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

static void forget(const char *name)
{
	char *path = path_of(name, "pid");

	unlink(path);
	free(path);
}

static int end_process(int fd, const char *name)
{
	if (pidfd_send_signal(fd, SIGTERM, NULL, 0) && errno != ESRCH)
		return refused_word(name, "cannot stop its agent: %s", strerror(errno));
	if (await_end(fd, background_patience_ms))
		return STATUS_OK;

	warning_word(name, "its agent did not stop within %u s and was killed",
		     background_patience_ms / 1000);
	pidfd_send_signal(fd, SIGKILL, NULL, 0);
	await_end(fd, background_patience_ms);
	return STATUS_OK;
}

int background_stop(const char *name)
{
	pid_t pid;
	int fd = open_agent(name, &pid), status = STATUS_OK;

	if (fd >= 0) {
		status = end_process(fd, name);
		close(fd);
	}
	if (!status)
		forget(name);
	return status;
}

/* The files are named in its command line, which does not change. */
static bool has_words(pid_t pid, const char **words)
{
	char line[COMMAND_LINE_MAX];
	size_t len = read_command_line(line, sizeof(line), pid);
	const char *word = len ? next_word(line, len, line) : NULL;

	for (; *words && word; words++) {
		if (strcmp(word, *words) != 0)
			return false;
		word = next_word(line, len, word);
	}
	return !*words && !word;
}

int background_reload(const char *name, const struct conf *conf)
{
	const char **words;
	pid_t pid;
	int fd = open_agent(name, &pid), status = STATUS_OK;

	if (fd < 0)
		return STATUS_OK;
	words = background_words(name, conf);
	if (words[3] && !has_words(pid, words))
		warning_word(name, "its agent goes on with the files that it was started with; "
			     "'fmp down' and 'fmp up' change that");
	free(words);

	if (pidfd_send_signal(fd, SIGHUP, NULL, 0))
		status = refused_word(name, "cannot signal its agent: %s", strerror(errno));
	close(fd);
	return status;
}

/* --- start */

static int open_log(const char *name)
{
	char *path = path_of(name, "log");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);

	if (fd < 0)
		report_word(path, "cannot open: %s", strerror(errno));
	free(path);
	return fd;
}

/* Nothing of the terminal is kept, and no signal that is for us only. */
static void become_agent(const char *name, const struct conf *conf, int log)
{
	const char **words = background_words(name, conf), **argv;
	int null = open("/dev/null", O_RDWR);
	char program[PATH_MAX] = "";
	size_t count = 0;

	while (words[count])
		count++;
	argv = xcalloc(count + 2, sizeof(*argv));
	argv[0] = "fmp";
	memcpy(argv + 1, words, count * sizeof(*argv));

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (chdir("/"))
		_exit(126);
	/* By its name, which is how it is seen; it may have been replaced meanwhile. */
	if (readlink(PROGRAM, program, sizeof(program) - 1) > 0)
		execv(program, (char **)(uintptr_t)argv);
	execv(PROGRAM, (char **)(uintptr_t)argv);
	_exit(127);
}

static int write_pid(const char *name, pid_t pid)
{
	char *path = path_of(name, "pid");
	FILE *file = fopen(path, "we");
	int status = STATUS_OK;

	if (file)
		fprintf(file, "%d\n", pid);
	if (!file || fclose(file))
		status = refused_word(path, "cannot write: %s", strerror(errno));
	free(path);
	return status;
}

/* What the agent said before it gave up is the reason. */
static void show_log(const char *name)
{
	char *path = path_of(name, "log"), line[512];
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		report("agent: %s", strncmp(line, "fmp: ", 5) == 0 ? line + 5 : line);
	}
	if (file)
		fclose(file);
	free(path);
}

static int failed_start(const char *name, int result)
{
	show_log(name);
	if (WIFSIGNALED(result))
		return refused_word(name, "its agent was ended by signal %d", WTERMSIG(result));
	return refused_word(name, "its agent ended with status %d", WEXITSTATUS(result));
}

static void end_child(pid_t pid)
{
	unsigned int tries;

	kill(pid, SIGTERM);
	for (tries = 0; tries < 20; tries++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		nap(POLL_MS);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int await_ready(const char *name, pid_t pid, background_ready_fn ready, void *arg)
{
	uint64_t end = now_ms() + background_patience_ms;
	int result, is_ready;

	do {
		if (waitpid(pid, &result, WNOHANG) == pid)
			return failed_start(name, result);
		is_ready = ready(arg);
		if (is_ready > 0)
			return STATUS_OK;
		if (is_ready < 0)
			break;
		nap(POLL_MS);
	} while (now_ms() < end);

	end_child(pid);
	show_log(name);
	if (is_ready < 0)
		return refused_word(name, "cannot tell whether its agent is ready: %s",
				    strerror(-is_ready));
	return refused_word(name, "its agent was not ready within %u s", background_patience_ms / 1000);
}

int background_start(const char *name, const struct conf *conf, background_ready_fn ready,
		     void *arg)
{
	int log, status;
	pid_t pid;

	if (background_is_running(name))
		return refused_word(name, "its agent is running already");
	log = open_log(name);
	if (log < 0)
		return STATUS_REFUSED;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become_agent(name, conf, log);
	close(log);
	if (pid < 0)
		return refused("cannot start a process: %s", strerror(errno));

	status = await_ready(name, pid, ready, arg);
	if (status)
		return status;
	status = write_pid(name, pid);
	if (status)
		end_child(pid);
	return status;
}
