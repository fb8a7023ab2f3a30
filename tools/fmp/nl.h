/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_NL_H
#define FMP_NL_H

#include <stdbool.h>
#include <stdint.h>

#include "message.h"

struct nl;

/* A reply or notification; a negative error number ends the conversation. */
typedef int (*nl_reply_fn)(const struct nlmsghdr *reply, void *arg);

/* Connects to the fmp family; returns a status after having said what is wrong. */
int nl_open(struct nl **nl);

/* The same for rtnetlink, whose requests are made with message_init_typed(). */
int nl_open_route(struct nl **nl);

/*
 * For a socket that is already connected to whatever plays the kernel; family is 0
 * for rtnetlink.
 */
struct nl *nl_from_socket(int fd, uint16_t family);

void nl_close(struct nl *nl);

/* Both return 0 or a negative error number, with the kernel's explanation kept in nl. */
int nl_do(struct nl *nl, struct message *msg, nl_reply_fn reply, void *arg);

/* restart is called before each attempt: a dump that was interrupted is made again. */
int nl_dump(struct nl *nl, struct message *msg, nl_reply_fn reply, void (*restart)(void *),
	    void *arg);

/*
 * Says that the last request failed, with all that the kernel told about it, and
 * returns the status.
 */
int nl_refused(struct nl *nl, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether the kernel told more about the last request than an error number. */
bool nl_explained(const struct nl *nl);

/* Both return a status. */
int nl_join(struct nl *nl, const char *group);
int nl_listen(struct nl *nl, nl_reply_fn event, void *arg);

/* To wait for events with. */
int nl_fd(const struct nl *nl);

/*
 * Takes the events that are there, but no more than so many messages.  0 or a negative
 * error number: -ENOBUFS when some were lost.
 */
int nl_drain(struct nl *nl, unsigned int most, nl_reply_fn event, void *arg);

#endif /* FMP_NL_H */
