/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_LINK_UTIL_H
#define FMP_LINK_UTIL_H

/*
 * What ip of iproute2 and a plugin for a kind of link know of each other. iproute2
 * installs no header for it: these are the layout of its struct link_util, as it is
 * since version 4.7, and functions that its program exports, in our own words.
 */

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct link_util {
	struct link_util *next;		/* ip's own */
	const char *id;			/* kind of the link */
	int maxattr;			/* highest attribute that print_opt is given */

	/* The words after "type KIND", into a request; 0 when they are good. */
	int (*parse_opt)(struct link_util *self, int argc, char **argv, struct nlmsghdr *request);

	/* attrs is by type, each NULL if it is not there, or NULL as a whole. */
	void (*print_opt)(struct link_util *self, FILE *out, struct rtattr *attrs[]);
	void (*print_xstats)(struct link_util *self, FILE *out, struct rtattr *xstats);
	void (*print_help)(struct link_util *self, int argc, char **argv, FILE *out);

	/* For "ip link xstats", which we have nothing for. */
	int (*parse_ifla_xstats)(struct link_util *self, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *message, void *arg);
};

/* The request that a plugin adds to has room for so much behind its header. */
#define REQUEST_SIZE 1024

int addattr8(struct nlmsghdr *request, int size, int type, uint8_t value);
int addattr16(struct nlmsghdr *request, int size, int type, uint16_t value);
int addattr32(struct nlmsghdr *request, int size, int type, uint32_t value);
int addattr_l(struct nlmsghdr *request, int size, int type, const void *data, int len);

/* Whether -json was given, and what writes it then, in an object that is open. */
bool is_json_context(void);
void *get_json_writer(void);
void jsonw_bool_field(void *writer, const char *name, bool value);
void jsonw_string_field(void *writer, const char *name, const char *value);
void jsonw_u64_field(void *writer, const char *name, uint64_t value);

#endif /* FMP_LINK_UTIL_H */
