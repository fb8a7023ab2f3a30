// SPDX-License-Identifier: GPL-2.0
/*
 * fmp agent: makes the sessions of a device, with the long-term key that the kernel never
 * sees.  The engine decides; here is what it hears of the world, and when.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "agent-internal.h"
#include "command.h"
#include "fail.h"
#include "identity.h"
#include "key.h"
#include "keylog.h"
#include "util.h"

#define ACL_CHECK_MS 1000	/* how often files of rules are looked at */
#define RESYNC_AGAIN_MS 1000
#define EVENTS_AT_ONCE 64	/* messages, between looks at the clock */

uint64_t agent_now_ms(void)
{
	struct timespec now;

	/* Time asleep counts, as it does for the kernel's sessions. */
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int take_key_file(void *into, const char *value)
{
	struct agent *agent = into;

	agent->key_path = value;
	return STATUS_OK;
}

static int take_allow(void *into, const char *value)
{
	struct agent *agent = into;

	agent->allow_path = value;
	return STATUS_OK;
}

static int take_deny(void *into, const char *value)
{
	struct agent *agent = into;

	agent->deny_path = value;
	return STATUS_OK;
}

static int take_config(void *into, const char *value)
{
	struct agent *agent = into;

	agent->conf_path = value;
	return STATUS_OK;
}

static int take_key_log(void *into, const char *value)
{
	struct agent *agent = into;

	agent->key_log_path = value;
	return STATUS_OK;
}

static const struct keyword agent_keywords[] = {
	{ "private-key", "a file", take_key_file, 0 },
	{ "allow", "a file", take_allow, 0 },
	{ "deny", "a file", take_deny, 0 },
	{ "config", "a file", take_config, 0 },
	{ "key-log", "a file", take_key_log, 0 },
	{ 0 },
};

/* The configuration names all of them, or none. */
static int check_words(const struct agent *agent)
{
	if (!agent->conf_path && !agent->key_path)
		return usage("'private-key' or 'config' is missing");
	if (agent->conf_path && (agent->key_path || agent->allow_path || agent->deny_path))
		return usage_word("config", "names the files, no other word does besides");
	return STATUS_OK;
}

static void take_conf(struct agent *agent, const struct conf *conf)
{
	agent->conf = *conf;
	agent->key_path = conf->interface.private_key_file;
	agent->allow_path = conf->interface.allow;
	agent->deny_path = conf->interface.deny;
}

/* It is read again on SIGHUP, and must not come from where nobody writes any more. */
static int check_conf_file(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return usage_word(path, "the configuration of an agent is a file");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return refused_word(path, "the configuration of an agent is no regular file");
	return STATUS_OK;
}

/* Released by the caller when there is nothing wrong. */
static int read_conf(struct conf *conf, const char *path)
{
	int status = check_conf_file(path);

	if (status)
		return status;
	status = conf_load(conf, path);
	if (!status && !conf->interface.private_key_file)
		status = usage_word(path, "has no PrivateKeyFile, without which there is no agent");
	if (status)
		conf_release(conf);
	return status;
}

static int read_first_conf(struct agent *agent)
{
	struct conf conf;
	int status = read_conf(&conf, agent->conf_path);

	if (!status)
		take_conf(agent, &conf);
	return status;
}

/* Nobody has to make the files that no one named. */
static void warn_if_missing(const char *path)
{
	if (path && access(path, F_OK) && errno == ENOENT)
		warning_word(path, "these rules are named, and there is no such file");
}

static struct acl *new_acl(const char *allow, const char *deny)
{
	warn_if_missing(allow);
	warn_if_missing(deny);
	return acl_new(allow ? allow : ACL_ALLOW, deny ? deny : ACL_DENY);
}

static int read_identity(struct noise_identity *identity, const char *path)
{
	int status = secret_read(identity->secret, path);

	if (!status && public_from_secret(identity->public, identity->secret))
		status = refused_word(path, "%s", key_strerror(KEY_RANGE));
	return status;
}

/* Said each time, without the limit that other lines have. */
static int open_key_log(struct agent *agent)
{
	int status;

	if (!agent->key_log_path)
		return STATUS_OK;
	status = keylog_open(&agent->key_log, agent->key_log_path);
	if (!status)
		warning_word(agent->key_log_path,
			     "THE KEYS OF ALL NEW SESSIONS ARE WRITTEN INTO THIS FILE: whoever has it "
			     "reads, now and later, all that was recorded of their traffic");
	return status;
}

static int open_kernel(struct agent *agent)
{
	struct devices devices;
	int status;

	status = nl_open(&agent->requests);
	if (!status)
		status = kernel_device(agent->requests, &agent->target, &devices);
	if (status)
		return status;
	if (HAS(&devices.list[0], FMP_A_DEV_EPOCH))
		memcpy(agent->epoch, devices.list[0].epoch, sizeof(agent->epoch));
	else
		status = refused("the fmp module is older than this program and has no handshakes");
	devices_release(&devices);

	if (!status)
		status = nl_open(&agent->events);
	if (!status)
		status = kernel_agent_bind(agent->events, &agent->target);
	if (!status)
		status = nl_join(agent->events, FMP_MCGRP_CONFIG);
	if (!status)
		status = nl_join(agent->events, FMP_MCGRP_EVENTS);
	return status;
}

/* A node that dials itself answers itself, and nothing good comes of it. */
static int refuse_self(struct agent *agent, const struct noise_identity *identity,
		       const char *path)
{
	struct peers peers;
	int status;
	size_t i;

	status = kernel_peers(agent->requests, &agent->target, &peers);
	if (status)
		return status;
	for (i = 0; i < peers.count; i++)
		if (memcmp(peers.list[i].public_key, identity->public + 1,
			   FMP_PUBLIC_KEY_SIZE) == 0)
			status = refused_word(path,
					      "the identity is that of a peer of '%s'",
					      agent->target.name);
	peers_release(&peers);
	return status;
}

static void resolved(void *arg, const uint8_t *key, const char *name,
		     const struct endpoint *addresses, size_t count, uint64_t ttl_ms)
{
	struct agent *agent = arg;

	engine_clock(agent->engine, agent_now_ms());
	engine_resolved(agent->engine, key, name, addresses, count, ttl_ms);
}

static int start_engine(struct agent *agent)
{
	struct engine_config config = {
		.ops = &agent_ops,
		.world = agent,
		.identity = agent->identity,
	};

	memcpy(config.epoch, agent->epoch, sizeof(config.epoch));
	agent->acl = new_acl(agent->allow_path, agent->deny_path);
	if (!acl_reload(agent->acl, true))
		return STATUS_REFUSED;
	agent->engine = engine_new(&config);
	engine_clock(agent->engine, agent_now_ms());
	return resolver_new(&agent->resolver, resolved, agent);
}

static int watch(struct agent *agent, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || epoll_ctl(agent->poll_fd, EPOLL_CTL_ADD, fd, &event))
		return refused("cannot wait for events: %s", strerror(errno));
	return STATUS_OK;
}

/* From the start: a SIGHUP that comes early must not be the end. */
static int open_signals(struct agent *agent)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	agent->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (agent->signal_fd < 0)
		return refused("cannot wait for signals: %s", strerror(errno));
	return STATUS_OK;
}

static int open_loop(struct agent *agent)
{
	int status;

	agent->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	agent->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	status = watch(agent, agent->signal_fd);
	if (!status)
		status = watch(agent, agent->timer_fd);
	if (!status)
		status = watch(agent, nl_fd(agent->events));
	if (!status)
		status = watch(agent, resolver_fd(agent->resolver));
	if (!status)
		status = agent_open_links(agent);
	if (!status)
		status = watch(agent, mnl_socket_get_fd(agent->links));
	return status;
}

static void take_identity(struct agent *agent, struct noise_identity *fresh)
{
	struct noise_identity *old = agent->identity;

	if (sodium_memcmp(fresh->secret, old->secret, sizeof(old->secret)) == 0) {
		secret_free(fresh);
		return;
	}
	agent->identity = fresh;
	agent_log(agent_now_ms(), fresh->public + 1, "is our identity from now on");
	engine_set_identity(agent->engine, fresh);
	secret_free(old);
}

static int read_new_identity(struct agent *agent, struct noise_identity **fresh, const char *path)
{
	int status;

	*fresh = secret_alloc(sizeof(**fresh));
	status = read_identity(*fresh, path);
	if (!status && sodium_memcmp((*fresh)->secret, agent->identity->secret,
				     sizeof((*fresh)->secret)) != 0)
		status = refuse_self(agent, *fresh, path);
	if (status)
		secret_free(*fresh);
	return status;
}

static void reload_files(struct agent *agent)
{
	struct noise_identity *fresh;

	warn_if_missing(agent->allow_path);
	warn_if_missing(agent->deny_path);
	acl_reload(agent->acl, true);
	if (!read_new_identity(agent, &fresh, agent->key_path))
		take_identity(agent, fresh);
}

/* All that a configuration names is taken, or nothing: half of it is nobody's wish. */
static int reload_conf(struct agent *agent)
{
	struct noise_identity *identity;
	struct conf conf;
	struct acl *acl;
	int status = read_conf(&conf, agent->conf_path);

	if (status)
		return status;
	status = read_new_identity(agent, &identity, conf.interface.private_key_file);
	if (status) {
		conf_release(&conf);
		return status;
	}
	acl = new_acl(conf.interface.allow, conf.interface.deny);
	if (!acl_reload(acl, true)) {
		acl_free(acl);
		secret_free(identity);
		conf_release(&conf);
		return STATUS_REFUSED;
	}
	acl_free(agent->acl);
	agent->acl = acl;
	conf_release(&agent->conf);
	take_conf(agent, &conf);
	take_identity(agent, identity);
	return STATUS_OK;
}

/* Not made anew: who removed it may have wished that it ends. */
static void check_key_log(struct agent *agent)
{
	if (!agent->key_log || !keylog_is_gone(agent->key_log))
		return;
	warning_word(agent->key_log_path, "is gone, no keys are written any more");
	keylog_close(agent->key_log);
	agent->key_log = NULL;
}

static void reload(struct agent *agent)
{
	service_reloading();
	check_key_log(agent);
	if (!agent->conf_path)
		reload_files(agent);
	else if (reload_conf(agent))
		warning_word(agent->conf_path, "is not taken, the files and rules stay as they were");
	resolver_restart(agent->resolver);
	engine_forget_addresses(agent->engine);
	service_ready();
}

static void take_signals(struct agent *agent)
{
	struct signalfd_siginfo info;

	while (read(agent->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(agent);
		else
			agent->stop = true;
	}
}

static int take_events(struct agent *agent)
{
	int err = nl_drain(agent->events, EVENTS_AT_ONCE, agent_take_event, agent);

	if (!err)
		return STATUS_OK;
	if (err != -ENOBUFS)
		return refused("cannot read events: %s", strerror(-err));
	agent_log(agent_now_ms(), NULL, "events were lost, reading everything anew");
	agent->lost = true;
	return STATUS_OK;
}

/* After events were lost, what is there is asked for, until there is an answer. */
static void catch_up(struct agent *agent, uint64_t now)
{
	if (!agent->lost || now < agent->resync_at)
		return;
	agent->lost = agent_resync(agent) != STATUS_OK;
	agent->resync_at = now + RESYNC_AGAIN_MS;
}

static void set_timer(const struct agent *agent, uint64_t at)
{
	struct itimerspec spec = {
		.it_value.tv_sec = (time_t)(at / 1000),
		.it_value.tv_nsec = (long)(at % 1000) * 1000000,
	};

	timerfd_settime(agent->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void wait_for_events(struct agent *agent, uint64_t deadline, uint64_t now)
{
	struct epoll_event events[8];
	uint64_t expired;
	int timeout;

	timeout = resolver_timeout_ms(agent->resolver);
	if (timeout >= 0)
		deadline = earlier(deadline, now + (uint64_t)timeout);
	set_timer(agent, deadline);
	epoll_wait(agent->poll_fd, events, ARRAY_SIZE(events), -1);
	(void)!read(agent->timer_fd, &expired, sizeof(expired));
}

/* Everything is looked at each time: no more than a few system calls. */
static int run_loop(struct agent *agent)
{
	uint64_t watchdog = service_watchdog_ms(), now, deadline;
	int status = STATUS_OK;

	while (!status && !agent->stop && !agent->gone) {
		now = agent_now_ms();
		catch_up(agent, now);
		acl_reload(agent->acl, false);
		engine_clock(agent->engine, now);
		deadline = earlier(engine_tick(agent->engine), now + ACL_CHECK_MS);
		if (agent->lost)
			deadline = earlier(deadline, agent->resync_at);
		if (watchdog) {
			service_alive();
			deadline = earlier(deadline, now + watchdog);
		}
		wait_for_events(agent, deadline, now);

		take_signals(agent);
		resolver_work(agent->resolver);
		agent_take_links(agent);
		status = take_events(agent);
	}
	return status;
}

/*
 * Peers are told, and what they forget now is forgotten here as well: a session that only we
 * have would swallow what is sent.
 */
static void say_goodbye(struct agent *agent)
{
	struct sessions sessions;
	size_t i;

	service_stopping();
	if (kernel_sessions(agent->requests, &agent->target, &sessions))
		return;
	for (i = 0; i < sessions.count; i++)
		if (sessions.list[i].slot == FMP_SLOT_CURRENT)
			kernel_disconnect(agent->requests, &agent->target,
					  sessions.list[i].public_key, DISCONNECT_SHUTDOWN);
	for (i = 0; i < sessions.count; i++)
		kernel_try_session_del(agent->requests, &agent->target,
				       sessions.list[i].local_index);
	sessions_release(&sessions);
}

static int serve(struct agent *agent)
{
	int status = agent_resync(agent);

	if (status)
		return status;
	service_drop_privileges();
	service_ready();
	agent_log(agent_now_ms(), agent->identity->public + 1, "serves '%s', %zu peers",
		  agent->target.name, engine_peer_count(agent->engine));
	status = run_loop(agent);
	if (agent->gone)
		return refused_word(agent->target.name, "the device is gone");
	if (!status)
		say_goodbye(agent);
	return status;
}

static void close_all(struct agent *agent)
{
	engine_free(agent->engine);
	resolver_free(agent->resolver);
	acl_free(agent->acl);
	if (agent->links)
		mnl_socket_close(agent->links);
	nl_close(agent->events);
	nl_close(agent->requests);
	if (agent->poll_fd >= 0)
		close(agent->poll_fd);
	if (agent->timer_fd >= 0)
		close(agent->timer_fd);
	if (agent->signal_fd >= 0)
		close(agent->signal_fd);
	keylog_close(agent->key_log);
	secret_free(agent->identity);
	conf_release(&agent->conf);
}

static int run(struct args *args, const struct options *options)
{
	struct agent agent = {
		.poll_fd = -1, .timer_fd = -1, .signal_fd = -1,
	};
	int status;

	(void)options;
	status = take_target(args, &agent.target);
	if (!status)
		status = args_keywords(args, agent_keywords, NULL, &agent);
	if (!status)
		status = check_words(&agent);
	if (!status && agent.conf_path)
		status = read_first_conf(&agent);
	if (status)
		return status;

	service_protect();
	agent.identity = secret_alloc(sizeof(*agent.identity));
	status = open_signals(&agent);
	if (!status)
		status = read_identity(agent.identity, agent.key_path);
	if (!status)
		status = open_kernel(&agent);
	if (!status)
		status = refuse_self(&agent, agent.identity, agent.key_path);
	if (!status)
		status = open_key_log(&agent);
	if (!status)
		status = start_engine(&agent);
	if (!status)
		status = open_loop(&agent);
	if (!status)
		status = serve(&agent);
	close_all(&agent);
	return status;
}

const struct command command_agent = {
	.name = "agent",
	.summary = "make the sessions of a device",
	.help =
	"Usage: fmp agent DEV private-key FILE [allow FILE] [deny FILE] [key-log FILE]\n"
	"       fmp agent DEV config FILE [key-log FILE]\n"
	"\n"
	"Serves the device in the foreground: makes sessions with its peers, answers\n"
	"theirs, and connects again. A device has one agent at a time. Sessions go on\n"
	"without an agent, and one that is started again carries on.\n"
	"\n"
	"  private-key FILE  the identity, as 'fmp genkey' prints it\n"
	"  allow FILE        who is let in besides the configured peers,\n"
	"                    " ACL_ALLOW " unless it is given\n"
	"  deny FILE         who is not, " ACL_DENY "\n"
	"  config FILE       a configuration that names these files: PrivateKeyFile, Allow\n"
	"                    and Deny\n"
	"  key-log FILE      writes the keys of each new session there, for Wireshark; who\n"
	"                    has the file can read all traffic that was recorded\n"
	"\n"
	"Files of rules have a key a line, or ALL for everybody; who is allowed is let in\n"
	"even if denied. They are read again when they change.\n"
	"\n"
	"SIGHUP reads all files again and looks up the names of endpoints again. SIGTERM\n"
	"and SIGINT say goodbye to the peers and end the agent.\n",
	.run = run,
};
