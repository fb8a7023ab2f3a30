/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_COMMAND_H
#define FMP_COMMAND_H

#include <stdbool.h>

#include "args.h"
#include "kernel.h"

struct options {
	bool json;
};

struct command {
	const char *name;
	const char *summary;
	const char *help;	/* usage and explanation, what --help prints */
	int (*run)(struct args *args, const struct options *options);
};

extern const struct command command_addconf;
extern const struct command command_agent;
extern const struct command command_bug_report;
extern const struct command command_checkconf;
extern const struct command command_down;
extern const struct command command_genkey;
extern const struct command command_metrics;
extern const struct command command_monitor;
extern const struct command command_peer;
extern const struct command command_pubkey;
extern const struct command command_rekey;
extern const struct command command_reload;
extern const struct command command_session;
extern const struct command command_set;
extern const struct command command_setconf;
extern const struct command command_show;
extern const struct command command_showconf;
extern const struct command command_syncconf;
extern const struct command command_top;
extern const struct command command_up;

/* Prints the device as a file for setconf; returns a status. */
int showconf_write(struct nl *nl, const struct target *target, bool json);

/* The word DEV, and the device of that name. */
int take_target(struct args *args, struct target *target);

/*
 * The keywords of a peer, shared by all commands that change one; into is a
 * struct peer_change.
 */
extern const struct keyword peer_keywords[];

/* As peer_keywords, with 'remove'. */
extern const struct keyword set_peer_keywords[];

/* The word KEY. */
int take_peer_key(struct args *args, struct peer_change *change);

/* Runs the verb that the next word names. */
struct verb {
	const char *name;
	int (*run)(struct args *args, const struct options *options);
};

int run_verb(struct args *args, const struct options *options, const struct verb *verbs);

#endif /* FMP_COMMAND_H */
