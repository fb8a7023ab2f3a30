/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_AGENT_INTERNAL_H
#define FMP_AGENT_INTERNAL_H

#include <signal.h>
#include <stdbool.h>

#include "acl.h"
#include "conf.h"
#include "engine.h"
#include "kernel.h"
#include "keylog.h"
#include "resolve.h"

/* What the parts of the agent share. */

struct agent {
	struct target target;
	const char *conf_path;	/* NULL when the command line names the files */
	struct conf conf;	/* whose strings the paths below are then */
	const char *key_path;
	const char *allow_path;
	const char *deny_path;
	const char *key_log_path;	/* NULL for none */
	struct noise_identity *identity;	/* in locked memory */
	uint8_t epoch[FMP_EPOCH_SIZE];

	struct nl *requests;
	struct nl *events;	/* bound, and in the groups */
	struct mnl_socket *links;
	struct engine *engine;
	struct acl *acl;
	struct resolver *resolver;
	struct keylog *key_log;

	int poll_fd;
	int timer_fd;
	int signal_fd;
	bool lost;		/* events: what we know is not what there is */
	uint64_t resync_at;
	bool gone;		/* the device */
	bool stop;
};

/* agent-world.c: the engine's operations */
extern const struct engine_ops agent_ops;

/* agent-events.c: what the kernel tells */
int agent_take_event(const struct nlmsghdr *msg, void *arg);
/* Tells the engine of all peers and sessions; returns a status. */
int agent_resync(struct agent *agent);
int agent_open_links(struct agent *agent);
void agent_take_links(struct agent *agent);

/* agent-log.c: lines on standard error, no more than a reader can bear */
void agent_log(uint64_t now_ms, const uint8_t *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* agent-service.c: what surrounds a service */
void service_protect(void);
void service_drop_privileges(void);
void service_ready(void);
void service_reloading(void);
void service_stopping(void);
/* Milliseconds between signs of life, 0 when nobody waits for any. */
uint64_t service_watchdog_ms(void);
void service_alive(void);

uint64_t agent_now_ms(void);

#endif /* FMP_AGENT_INTERNAL_H */
