/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink sockets for requests that may be anything, and for what comes back.
 */
#ifndef BUS_H
#define BUS_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* Answers that are no number of an error. */
#define BUS_SILENT	(-1)
#define BUS_ENDLESS	(-2)

typedef void (*bus_fn)(const struct nlmsghdr *msg, void *arg);

int bus_open(int protocol);
int bus_ask(int fd, void *data, size_t len, bus_fn fn, void *arg);
int bus_begin(int fd, void *data, size_t len);
int bus_drain(int fd, bus_fn fn, void *arg);
int bus_join(int fd, const char *family, const char *const *groups);
uint16_t bus_family(int fd, const char *family);

#endif /* BUS_H */
