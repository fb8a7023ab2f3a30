/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_RESOLVE_H
#define FMP_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

/* Addresses of names, asked for without waiting, with the time that they may be kept. */
struct resolver;
struct ares_addrinfo;

enum {
	RESOLVE_ADDRESSES = 16,	/* of a name, more are ignored */
	RESOLVE_AT_ONCE = 64,	/* names, more wait for their turn */
};

#define RESOLVE_TTL_MAX 86400

/* No addresses when there are none, for whatever reason. */
typedef void (*resolved_fn)(void *arg, const uint8_t *key, const char *name,
			    const struct endpoint *addresses, size_t count, uint64_t ttl_ms);

/* Returns a status after having said what is wrong. */
int resolver_new(struct resolver **resolver, resolved_fn resolved, void *arg);
void resolver_free(struct resolver *resolver);

/* name is host:port.  The answer may come before this returns. */
void resolver_ask(struct resolver *resolver, const uint8_t *key, const char *name);

/* Forget what was learned of the servers, when it is not needed any more. */
void resolver_restart(struct resolver *resolver);

/* Of the queries from now on, 0 for none: they go where the encrypted packets go. */
void resolver_set_mark(struct resolver *resolver, uint32_t mark);

/* To wait for: readable, or the time is over (-1 for none), and there is work. */
int resolver_fd(const struct resolver *resolver);
int resolver_timeout_ms(const struct resolver *resolver);
void resolver_work(struct resolver *resolver);

/* The parts of a name; false when it is none. host has room for 256 characters. */
bool resolve_split(const char *name, char *host, uint16_t *port);

/* The addresses of an answer, and for how many milliseconds they are valid. */
size_t resolve_take(struct endpoint out[RESOLVE_ADDRESSES], uint64_t *ttl_ms,
		    const struct ares_addrinfo *info, uint16_t port);

#endif /* FMP_RESOLVE_H */
