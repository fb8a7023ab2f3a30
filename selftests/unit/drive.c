// SPDX-License-Identifier: GPL-2.0
#include "drive.h"

#include <linux/genetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "harness.h"
#include "nl.h"

/* What is put in the place of the kernel. */
int __wrap_nl_open(struct nl **nl);
unsigned int __wrap_if_nametoindex(const char *name);
unsigned int __real_if_nametoindex(const char *name);
char *__wrap_if_indextoname(unsigned int ifindex, char *name);
char *__real_if_indextoname(unsigned int ifindex, char *name);

struct fake *drive_fake;
fake_serve_fn drive_serve;
unsigned int drive_opened;

int (*nl_open_hook)(struct nl **nl);

int __wrap_nl_open(struct nl **nl)
{
	int fd;

	if (nl_open_hook)
		return nl_open_hook(nl);
	/* Closed by now, by a program that opens it again. */
	if (drive_fake) {
		fake_stop(drive_fake);
		fake_free(drive_fake);
	}
	drive_opened++;
	drive_fake = fake_start(drive_serve, &fd);
	*nl = nl_from_socket(fd, FAKE_FAMILY);
	return STATUS_OK;
}

unsigned int __wrap_if_nametoindex(const char *name)
{
	if (strcmp(name, "fmp0") == 0)
		return DRIVE_IFINDEX;
	return strcmp(name, "eth0") == 0 ? 2 : __real_if_nametoindex(name);
}

char *__wrap_if_indextoname(unsigned int ifindex, char *name)
{
	return ifindex == DRIVE_IFINDEX ? strcpy(name, "fmp0") : __real_if_indextoname(ifindex, name);
}

static void stop_fake(struct outcome *outcome)
{
	if (!drive_fake)
		return;
	fake_stop(drive_fake);
	outcome->requests = fake_request_count(drive_fake);
}

struct outcome run_words(char **words)
{
	struct outcome outcome = { 0 };
	FILE *standard = stdout;
	size_t len;
	int argc = 0;

	while (words[argc])
		argc++;
	if (drive_fake)
		fake_free(drive_fake);
	drive_fake = NULL;
	drive_opened = 0;

	capture_messages();
	stdout = open_memstream(&outcome.output, &len);
	outcome.status = fmp_main(argc, words);
	fclose(stdout);
	stdout = standard;
	outcome.messages = captured_messages();
	stop_fake(&outcome);
	return outcome;
}

void end(struct outcome *outcome)
{
	free(outcome->output);
	free(outcome->messages);
	if (drive_fake)
		fake_free(drive_fake);
	drive_fake = NULL;
}

void check_outcome(struct outcome outcome, int status, const char *text, int line)
{
	const char *where = status ? outcome.messages : outcome.output;

	check(outcome.status == status, __FILE__, line, "status %d: %s", outcome.status,
	      outcome.messages);
	check(strstr(where, text), __FILE__, line, "'%s' is not in: %s", text, where);
	check(!status || !*outcome.output, __FILE__, line, "output: %s", outcome.output);
	end(&outcome);
}

const struct nlattr *attr_of(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}
