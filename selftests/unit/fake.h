/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_FAKE_H
#define FMP_FAKE_H

#include <stddef.h>
#include <stdint.h>

#include "message.h"

#define FAKE_FAMILY 0x21

/* What plays the kernel at the other end of a socket. */
struct fake;

/*
 * Called in a thread of its own for each request.  It answers with the functions
 * below; a request that it does not answer is left waiting.
 */
typedef void (*fake_serve_fn)(struct fake *fake, const struct nlmsghdr *request);

/* socket is the end for the program, which closes it. */
struct fake *fake_start(fake_serve_fn serve, int *socket);

/* Waits until the program has closed its end. */
void fake_stop(struct fake *fake);

/* The requests so far, in turn; only after fake_stop(). */
size_t fake_request_count(const struct fake *fake);
const struct nlmsghdr *fake_request(const struct fake *fake, size_t number);
void fake_free(struct fake *fake);

uint8_t fake_command(const struct nlmsghdr *request);

/* These send the message and free it. */
void fake_reply(struct fake *fake, const struct nlmsghdr *request, struct message *msg,
		uint16_t flags);
void fake_event(struct fake *fake, struct message *msg);

void fake_done(struct fake *fake, const struct nlmsghdr *request, uint16_t flags);

/* number 0 acknowledges. text may be NULL; offset and missing are left out when 0. */
void fake_error(struct fake *fake, const struct nlmsghdr *request, int number,
		const char *text, uint32_t offset, uint32_t missing, uint32_t missing_nest);

/* No more is coming. */
void fake_shutdown(struct fake *fake);

/* A datagram of any contents. */
void fake_send(struct fake *fake, const void *data, size_t len);

/* Opens the sockets of a command that needs more than one, or is served otherwise. */
struct nl;
extern int (*nl_open_hook)(struct nl **nl);

#endif /* FMP_FAKE_H */
