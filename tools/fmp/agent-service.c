// SPDX-License-Identifier: GPL-2.0
/*
 * The agent as a service: what it may do, and what it tells its manager.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif
#ifdef HAVE_LIBCAP_NG
#include <cap-ng.h>
#endif

#include "agent-internal.h"
#include "fail.h"

/* Keys are in locked memory; nor shall they get out in a core dump, or through ptrace. */
void service_protect(void)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (prctl(PR_SET_DUMPABLE, 0))
		warning("cannot forbid core dumps: %s", strerror(errno));
	setrlimit(RLIMIT_CORE, &none);
	/* Each handshake has a page or two, and there may be one for each peer. */
	setrlimit(RLIMIT_MEMLOCK, &all);
}

#ifdef HAVE_LIBCAP_NG
static bool has_more_than_needed(void)
{
	int capability;

	if (capng_get_caps_process())
		return true;
	for (capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (capability != CAP_NET_ADMIN &&
		    capng_have_capability(CAPNG_PERMITTED, (unsigned int)capability))
			return true;
	return false;
}

/* A service manager that saw to it may also have forbidden the system call. */
void service_drop_privileges(void)
{
	if (!has_more_than_needed())
		return;
	capng_clear(CAPNG_SELECT_BOTH);
	capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	/* Who may not change the bounding set can still give up what he has. */
	if (capng_apply(CAPNG_SELECT_BOTH) && capng_apply(CAPNG_SELECT_CAPS))
		warning("cannot give up capabilities, going on with all of them");
}
#else
void service_drop_privileges(void)
{
	warning("built without libcap-ng: capabilities are kept");
}
#endif

#ifdef HAVE_LIBSYSTEMD
void service_ready(void)
{
	sd_notify(0, "READY=1");
}

void service_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)now.tv_sec * 1000000 +
		   (unsigned long long)now.tv_nsec / 1000);
}

void service_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

uint64_t service_watchdog_ms(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2000 : 0;
}

void service_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
#else
void service_ready(void)
{
}

void service_reloading(void)
{
}

void service_stopping(void)
{
}

uint64_t service_watchdog_ms(void)
{
	return 0;
}

void service_alive(void)
{
}
#endif
