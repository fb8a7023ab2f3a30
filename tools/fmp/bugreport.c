// SPDX-License-Identifier: GPL-2.0
/*
 * fmp bug-report: what somebody who is to help has to know, and no secret.  What cannot be
 * found out is said and does not end it.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "confjson.h"
#include "fail.h"
#include "mask.h"
#include "print.h"
#include "util.h"
#include "version.h"

#define PROGRAM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PROGRAM_SECONDS 10
#define LAST_LINES 200
#define KLOG_READ_ALL 3
#define KLOG_SIZE (1 << 20)
#define CONF_SIZE (1 << 20)
#define CONF_DIR "/etc/fmp"
#define CONF_END ".conf"
#define RUN_DIR "/run/fmp"

struct bug_report {
	struct mask *mask;
	struct devices devices;
};

static void section(const char *title)
{
	printf("\n== %s\n", title);
}

static void print_file_line(const char *title, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256];

	if (file && fgets(line, sizeof(line), file))
		printf("%s: %.*s\n", title, (int)strcspn(line, "\n"), line);
	if (file)
		fclose(file);
}

static void print_distribution(void)
{
	FILE *file = fopen("/etc/os-release", "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "PRETTY_NAME=", 12) == 0)
			printf("distribution: %.*s\n", (int)strcspn(line + 12, "\n"), line + 12);
	if (file)
		fclose(file);
}

static void print_versions(void)
{
	struct utsname name;

	printf("fmp: %s\n", FMP_VERSION);
	if (access("/sys/module/fmp", F_OK))
		printf("module: not loaded\n");
	print_file_line("module", "/sys/module/fmp/version");
	print_file_line("module source", "/sys/module/fmp/srcversion");
	print_file_line("module taint", "/sys/module/fmp/taint");
	if (!uname(&name))
		printf("kernel: %s %s %s %s\n", name.sysname, name.release, name.version, name.machine);
	print_file_line("kernel taint", "/proc/sys/kernel/tainted");
	print_distribution();
}

/* --- programs, if they are there */

/* Ends by itself: an alarm outlives exec. */
static void become(char *const *words)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	setenv("PATH", PROGRAM_PATH, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	alarm(PROGRAM_SECONDS);
	execvp(words[0], words);
	_exit(errno == ENOENT ? 127 : 126);
}

static int spawn(char *const *words, pid_t *pid)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	*pid = fork();
	if (*pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		become(words);
	}
	close(ends[1]);
	if (*pid < 0) {
		close(ends[0]);
		return -1;
	}
	return ends[0];
}

static void run_program(const char *const *words, bool (*is_shown)(const char *line))
{
	char *argv[12] = { 0 }, *line = NULL;
	int fd, status = -1;
	size_t i, size = 0;
	FILE *file;
	pid_t pid;

	for (i = 0; words[i] && i + 1 < ARRAY_SIZE(argv); i++)
		argv[i] = xstrdup(words[i]);
	printf("$");
	for (i = 0; argv[i]; i++)
		printf(" %s", argv[i]);
	putchar('\n');
	fd = spawn(argv, &pid);
	file = fd >= 0 ? fdopen(fd, "r") : NULL;
	while (file && getline(&line, &size, file) >= 0)
		if (!is_shown || is_shown(line))
			fputs(line, stdout);
	free(line);
	if (file) {
		fclose(file);
		waitpid(pid, &status, 0);
	}
	if (status == 127 << 8)
		printf("(%s is not installed)\n", argv[0]);
	else if (status)
		printf("(failed)\n");
	for (i = 0; argv[i]; i++)
		free(argv[i]);
}

#define RUN_FOR(is_shown, ...) run_program((const char *const []){ __VA_ARGS__, NULL }, is_shown)
#define RUN(...) RUN_FOR(NULL, __VA_ARGS__)

/* --- devices */

/* HOST:PORT, of which addresses are known anyway. */
static void learn_endpoint(struct bug_report *report_, const char *text, size_t len)
{
	const char *colon = memrchr(text, ':', len);

	if (len && *text != '[')
		mask_name(report_->mask, text, colon ? (size_t)(colon - text) : len);
}

static void learn_names(struct bug_report *report_, const struct peers *peers)
{
	const char *name;
	size_t i;

	for (i = 0; i < peers->count; i++) {
		name = peers->list[i].endpoint_name;
		if (name)
			learn_endpoint(report_, name, strlen(name));
	}
}

static void print_one(struct bug_report *report_, struct nl *nl, const struct device *device)
{
	struct target target = { .name = device->name, .ifindex = device->ifindex };
	struct sessions sessions = { 0 }, own;
	struct peers peers = { 0 };
	size_t i;

	print_device(device);
	kernel_peers(nl, &target, &peers);
	kernel_sessions(nl, &target, &sessions);
	learn_names(report_, &peers);
	for (i = 0; i < peers.count; i++) {
		own = sessions_of(&sessions, peers.list[i].public_key);
		putchar('\n');
		print_peer(&peers.list[i], &own);
	}
	peers_release(&peers);
	sessions_release(&sessions);

	section("counters");
	print_counters(device);
	section("configuration in the kernel");
	showconf_write(nl, &target, false);
}

static void print_devices(struct bug_report *report_)
{
	struct nl *nl;
	size_t i;

	section("devices");
	if (nl_open(&nl))
		return;
	if (!kernel_devices(nl, &report_->devices)) {
		if (!report_->devices.count)
			printf("(none)\n");
		for (i = 0; i < report_->devices.count; i++)
			if (report_->devices.list[i].name)
				print_one(report_, nl, &report_->devices.list[i]);
	}
	nl_close(nl);
}

/* --- configuration files */

/* Commands may have anything in them, and so may what is no key of ours. */
static bool is_shown_key(const char *key)
{
	static const char *const shown[] = {
		"PrivateKeyFile", "ListenPort", "Address", "MTU", "FwMark", "Table", "SourceCheck", "Local",
		"Underlay", "Tos", "Ttl", "Multicast", "Allow", "Deny", "HandshakeBurst", "HandshakeRate",
		"Metrics", "Ecn", "CongestionLoss", "CongestionEtx", "TxBatch", "RxBatch", "SuspendWipe",
		"PublicKey", "Endpoint", "AllowedIPs", "AutoConnect", "Heartbeat", "DeadTimeout",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shown); i++)
		if (strcasecmp(key, shown[i]) == 0)
			return true;
	return false;
}

static const char *hook_name(const char *key)
{
	static const char *const names[] = { "PreUp", "PostUp", "PreDown", "PostDown" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(key, names[i]) == 0)
			return names[i];
	return "(unknown)";
}

/* However it was written by mistake. */
static bool may_be_secret(const char *key, const char *value)
{
	char *copy = xstrdup(value), *word, *rest;
	bool found = strcasestr(value, "nsec");

	/* This one looks the same. */
	if (strcasecmp(key, "PublicKey") == 0)
		word = NULL;
	else
		word = strtok_r(copy, " \t,\"'", &rest);
	for (; word; word = strtok_r(NULL, " \t,\"'", &rest))
		found = found || looks_secret(strncasecmp(word, "0x", 2) == 0 ? word + 2 : word);
	free(copy);
	return found;
}

static void print_conf_section(const char *name)
{
	if (strncasecmp(name, "Interface]", 10) == 0)
		printf("[Interface]\n");
	else if (strncasecmp(name, "Peer]", 5) == 0)
		printf("[Peer]\n");
	else
		printf("[(unknown)]\n");
}

static void cut_blanks(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
}

static void print_conf_line(struct bug_report *report_, char *line)
{
	char *key = line + strspn(line, " \t\r"), *value;

	if (*key == '[') {
		print_conf_section(key + 1 + strspn(key + 1, " \t"));
		return;
	}
	value = strchr(key, '=');
	if (!value || *key == '#' || *key == ';')
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	value[strcspn(value, "#;\r")] = '\0';
	cut_blanks(key);
	cut_blanks(value);
	if (strcasecmp(key, "Endpoint") == 0)
		learn_endpoint(report_, value, strlen(value));
	if (!is_shown_key(key))
		printf("%s = (not shown)\n", hook_name(key));
	else if (may_be_secret(key, value))
		printf("%s = (not shown)\n", key);
	else
		printf("%s = %s\n", key, value);
}

static void print_conf_lines(struct bug_report *report_, char *text)
{
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		print_conf_line(report_, line);
}

/* Names that the agent may have told of. */
static void learn_json(struct bug_report *report_, const char *text)
{
	static const char key[] = "\"endpoint\"", blanks[] = " \t\r\n";
	size_t len;

	while ((text = strstr(text, key))) {
		text += strlen(key);
		text += strspn(text, blanks);
		if (*text++ != ':')
			return;
		text += strspn(text, blanks);
		if (*text != '"')
			continue;
		len = strcspn(++text, "\"");
		learn_endpoint(report_, text, len);
		text += len;
	}
}

static void print_conf_text(struct bug_report *report_, char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		text[i] = text[i] ? text[i] : '\n';
	if (len > CONF_SIZE) {
		printf("(too long, not shown)\n");
	} else if (confjson_is(text, len)) {
		learn_json(report_, text);
		printf("(JSON, not shown)\n");
	} else {
		print_conf_lines(report_, text);
	}
}

static const char *conf_dir(void)
{
	const char *dir = getenv("FMP_CONF_DIR");

	return dir && *dir ? dir : CONF_DIR;
}

static void print_conf_file(struct bug_report *report_, const char *name)
{
	char *path = xasprintf("%s/%s%s", conf_dir(), name, CONF_END), *text;
	struct stat st;
	FILE *file;

	/* Nobody may ever write into what is a pipe. */
	file = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
	printf("%s:%s\n", path, file ? "" : " none that can be read");
	if (file) {
		text = xcalloc(1, CONF_SIZE + 2);
		print_conf_text(report_, text, fread(text, 1, CONF_SIZE + 1, file));
		free(text);
		fclose(file);
	}
	free(path);
}

/* --- what is around a device */

static void print_addresses(const char *name)
{
	RUN("ip", "-d", "-s", "link", "show", "dev", name);
	RUN("ip", "address", "show", "dev", name);
	RUN("ip", "-4", "route", "show", "table", "all", "dev", name);
	RUN("ip", "-6", "route", "show", "table", "all", "dev", name);
}

static void print_socket(const char *line, uint16_t port, bool six)
{
	char address[33], local[INET6_ADDRSTRLEN] = "?";
	unsigned int got, queued, waiting, drops = 0;
	const char *last = strrchr(line, ' ');
	uint32_t words[4];
	size_t i;

	if (sscanf(line, " %*u: %32[0-9A-F]:%x %*s %*s %x:%x", address, &got, &waiting, &queued) != 4 ||
	    got != port)
		return;
	while (last && last > line && !isdigit((unsigned char)last[1]))
		last--;
	if (last)
		sscanf(last, " %u", &drops);
	for (i = 0; i < (six ? 4 : 1); i++)
		if (sscanf(address + 8 * i, "%8" SCNx32, &words[i]) != 1)
			return;
	inet_ntop(six ? AF_INET6 : AF_INET, words, local, sizeof(local));
	printf("%s %u: %u bytes wait to be sent, %u to be read, %u drops\n", local, got, waiting, queued,
	       drops);
}

static void print_sockets_of(const char *path, uint16_t port, bool six)
{
	FILE *file = fopen(path, "re");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		/* Blanks end the line. */
		while (*line && line[strlen(line) - 1] == ' ')
			line[strlen(line) - 1] = '\0';
		print_socket(line, port, six);
	}
	if (file)
		fclose(file);
}

static void print_sysctl(const char *name)
{
	char *path = xasprintf("/proc/sys/%s", name);

	print_file_line(name, path);
	free(path);
}

static void print_sysctls(const struct bug_report *report_)
{
	static const char *const names[] = {
		"net/core/rmem_default", "net/core/rmem_max", "net/core/wmem_default", "net/core/wmem_max",
		"net/core/netdev_max_backlog", "net/core/netdev_budget", "net/core/netdev_budget_usecs",
		"net/core/default_qdisc", "net/ipv4/ip_forward", "net/ipv4/udp_mem",
		"net/ipv4/conf/all/rp_filter", "net/ipv4/conf/default/rp_filter",
		"net/ipv4/conf/all/src_valid_mark", "net/ipv6/conf/all/forwarding",
		"net/ipv6/conf/all/disable_ipv6",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		print_sysctl(names[i]);
	for (i = 0; i < report_->devices.count; i++) {
		char *name = xasprintf("net/ipv4/conf/%s/rp_filter", report_->devices.list[i].name);

		print_sysctl(name);
		free(name);
	}
}

/* --- what happened */

/* The last lines of a text, those with the word if there is one. */
static void print_last(char *text, const char *word)
{
	const char *lines[LAST_LINES] = { 0 };
	char *line, *rest = NULL;
	size_t count = 0, i;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!word || strstr(line, word))
			lines[count++ % LAST_LINES] = line;
	if (!count)
		printf("(nothing)\n");
	for (i = count > LAST_LINES ? count - LAST_LINES : 0; i < count; i++)
		puts(lines[i % LAST_LINES]);
}

static void print_kernel_log(void)
{
	char *text = xcalloc(1, KLOG_SIZE + 1);

	if (klogctl(KLOG_READ_ALL, text, KLOG_SIZE) < 0)
		printf("(cannot be read: %s)\n", strerror(errno));
	else
		print_last(text, "fmp");
	free(text);
}

static void print_agent_log(const char *name)
{
	const char *dir = getenv("FMP_RUN_DIR");
	char *path = xasprintf("%s/%s.log", dir && *dir ? dir : RUN_DIR, name);
	char *text = xcalloc(1, KLOG_SIZE + 1);
	FILE *file = fopen(path, "re");

	printf("%s:%s\n", path, file ? "" : " none that can be read");
	if (file) {
		if (fseek(file, -(long)KLOG_SIZE, SEEK_END))
			rewind(file);
		text[fread(text, 1, KLOG_SIZE, file)] = '\0';
		fclose(file);
		print_last(text, NULL);
	}
	free(text);
	free(path);
}

/* Not what hooks said: "... NAME[NUMBER]: MESSAGE". */
static bool is_ours(const char *line)
{
	const char *message = strstr(line, "]: ");

	return message && strncmp(message + 3, "fmp: ", 5) == 0;
}

static void print_journal(const char *name)
{
	char *unit = xasprintf("fmp@%s.service", name), *agent = xasprintf("fmp-agent@%s.service", name);

	if (access("/run/systemd/system", F_OK) == 0) {
		RUN_FOR(is_ours, "journalctl", "--no-pager", "--no-hostname", "-q", "-n", "200", "-u",
			unit);
		RUN("journalctl", "--no-pager", "--no-hostname", "-q", "-n", "200", "-u", agent);
	} else {
		printf("(no systemd)\n");
	}
	free(unit);
	free(agent);
}

static void print_device_around(struct bug_report *report_, const struct device *device)
{
	section("configuration file");
	print_conf_file(report_, device->name);
	section("sockets");
	print_sockets_of("/proc/net/udp", device->port, false);
	print_sockets_of("/proc/net/udp6", device->port, true);
	section("addresses and routes");
	print_addresses(device->name);
	section("what the agent said");
	print_agent_log(device->name);
	print_journal(device->name);
}

static bool is_device(const struct bug_report *report_, const char *name)
{
	size_t i;

	for (i = 0; i < report_->devices.count; i++)
		if (report_->devices.list[i].name && strcmp(report_->devices.list[i].name, name) == 0)
			return true;
	return false;
}

static int is_conf_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), end = strlen(CONF_END);

	return *entry->d_name != '.' && len > end && len - end < IFNAMSIZ &&
	       strcmp(entry->d_name + len - end, CONF_END) == 0;
}

/* Where a device does not come up, this is all there is of it. */
static void print_configured(struct bug_report *report_)
{
	struct dirent **entries;
	int i, count = scandir(conf_dir(), &entries, is_conf_file, alphasort);

	for (i = 0; i < count; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(CONF_END)] = '\0';
		if (!is_device(report_, name)) {
			section("configuration file without a device");
			print_conf_file(report_, name);
			section("what its agent said");
			print_agent_log(name);
			print_journal(name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void print_all(struct bug_report *report_)
{
	size_t i;

	printf("== versions\n");
	print_versions();
	print_devices(report_);
	for (i = 0; i < report_->devices.count; i++)
		if (report_->devices.list[i].name)
			print_device_around(report_, &report_->devices.list[i]);
	print_configured(report_);

	section("rules of routing");
	RUN("ip", "-4", "rule");
	RUN("ip", "-6", "rule");
	section("system settings");
	print_sysctls(report_);
	section("the kernel's log");
	print_kernel_log();
}

/* Everything that is printed, messages too, is looked through before anybody has it. */
static void write_report(bool mask)
{
	struct bug_report report_ = { .mask = mask_new(mask) };
	FILE *out = stdout;
	struct utsname name;
	char *text = NULL;
	size_t len;

	if (!uname(&name))
		mask_name(report_.mask, name.nodename, strlen(name.nodename));
	paint_when(PAINT_NEVER);
	stdout = open_memstream(&text, &len);
	if (!stdout)
		exit(refused("out of memory"));
	fail_stream(stdout);
	print_all(&report_);
	fail_stream(NULL);
	fclose(stdout);
	stdout = out;
	mask_write(report_.mask, text, stdout);
	free(text);
	devices_release(&report_.devices);
	mask_free(report_.mask);
}

static int run(struct args *args, const struct options *options)
{
	const char *word = args_peek(args);
	bool mask = word && strcmp(word, "--mask") == 0;
	int status;

	(void)options;
	if (mask)
		args_expect(args, word);
	status = args_end(args);
	if (!status)
		write_report(mask);
	return status;
}

const struct command command_bug_report = {
	.name = "bug-report",
	.summary = "print what somebody who is to help needs to know",
	.help =
	"Usage: fmp bug-report [--mask]\n"
	"\n"
	"Prints versions, devices, peers, counters, configuration, sockets, addresses,\n"
	"routes, settings of the system, and what the agent and the kernel said. No secret\n"
	"key is in it, nor are the commands of configuration files. It works without the\n"
	"module as far as it can.\n"
	"\n"
	"  --mask  keys, addresses and names of hosts have pseudonyms, the same one\n"
	"          wherever they are\n",
	.run = run,
};
