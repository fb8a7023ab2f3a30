/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_TUNNEL_H
#define FMP_TUNNEL_H

#include "args.h"
#include "conf.h"
#include "kernel.h"
#include "nl.h"
#include "plan.h"
#include "rtnl.h"

/* A device as 'fmp up' makes it out of a configuration file. */
struct tunnel {
	char *name;		/* of the device */
	char *file;
	bool with_agent;
	bool has_own;
	struct address own;	/* the address of our key, if the file names that */
	struct conf conf;
	struct plan plan;
	size_t rules_made;	/* of those of the plan */
	struct nl *nl;
	struct nl *route;
	struct target target;
};

#define TUNNEL_CONF_DIR "/etc/fmp"

/* All return a status after having said what is wrong. */

/* The word NAME|FILE. */
int tunnel_take_name(struct args *args, struct tunnel *tunnel);

/* Reads the file, the key that it names, and plans. */
int tunnel_load(struct tunnel *tunnel);

/* Sockets, and the lock. */
int tunnel_open(struct tunnel *tunnel);

/* Whether there is a network device of the name. */
bool tunnel_exists(struct tunnel *tunnel);

void tunnel_release(struct tunnel *tunnel);

/* The rules of a mark for which there are any. */
int tunnel_remove_rules(struct tunnel *tunnel, uint32_t mark);

#endif /* FMP_TUNNEL_H */
