/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_PARSE_H
#define FMP_PARSE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/fmp.h>

struct address {
	int family;		/* AF_INET or AF_INET6 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

struct endpoint {
	struct address address;
	uint32_t scope_id;
	uint16_t port;
};

/* All take one word, return a status, and name the word when it is bad. */
int parse_u32(uint32_t *value, const char *word);
int parse_port(uint16_t *port, const char *word);
int parse_mark(uint32_t *mark, const char *word);
int parse_switch(bool *on, const char *word);
int parse_local(struct address *address, const char *word);
int parse_underlay(const char **name, const char *word);
int parse_tos(uint8_t *tos, const char *word);
int parse_ttl(uint8_t *ttl, const char *word);
int parse_address(struct address *address, const char *word);
int parse_public_key(uint8_t key[FMP_PUBLIC_KEY_SIZE], const char *word);

/* A number of at least 1. */
int parse_limit(uint32_t *value, const char *word);

/* Seconds, 0 for 'off'. */
int parse_seconds(uint16_t *seconds, const char *word);

/* An enum fmp_mmp_mode; 'device' is for peers. */
int parse_mmp_mode(uint8_t *mode, const char *word, bool of_peer);

/* A percentage in thousandths of the whole, 0 for 'off'. */
int parse_congestion_loss(uint16_t *thousandths, const char *word);

/* A transmission count of more than 1 in hundredths, 0 for 'off'. */
int parse_congestion_etx(uint16_t *hundredths, const char *word);

/* 192.0.2.1:2121, [2001:db8::1]:2121 or [fe80::1%eth0]:2121 */
int parse_endpoint(struct endpoint *endpoint, const char *word);

/*
 * The same, or host.example:2121, which is not looked up: the name is word then, and
 * NULL otherwise.
 */
int parse_endpoint_or_name(struct endpoint *endpoint, const char **name, const char *word);

/* The index of the network device called word. */
int parse_device(uint32_t *ifindex, const char *word);

#endif /* FMP_PARSE_H */
