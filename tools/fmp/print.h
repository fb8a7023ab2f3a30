/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_PRINT_H
#define FMP_PRINT_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

#define ADDRESS_TEXT INET6_ADDRSTRLEN
#define ENDPOINT_TEXT (INET6_ADDRSTRLEN + IF_NAMESIZE + sizeof("[%]:65535"))

/* Each fills and returns the buffer, which has the size of that name. */
const char *address_text(char *out, const struct address *address);
const char *endpoint_text(char *out, const struct endpoint *endpoint);

enum paint {
	PAINT_NONE,
	PAINT_DEVICE,
	PAINT_PEER,
	PAINT_LABEL,
	PAINT_ALERT,
	PAINT_GOOD,
};

enum paint_when {
	PAINT_AUTO,	/* on a terminal, unless the environment says no */
	PAINT_ALWAYS,
	PAINT_NEVER,
};

void paint_when(enum paint_when when);

/* Whether standard output is to have colours. */
bool paint_wants(void);

/* The escape sequence, or nothing when standard output is to stay plain. */
const char *paint(enum paint colour);

void print_device(const struct device *device);
void print_peer(const struct peer *peer, const struct sessions *sessions);
void print_session(const struct session *session, const char *indent);
/* With the peer in front, for a list of sessions of many. */
void print_session_of_peer(const struct session *session);

void print_counters(const struct device *device);

#endif /* FMP_PRINT_H */
