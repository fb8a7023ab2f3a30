/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_CONF_H
#define FMP_CONF_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/fmp.h>

#include "parse.h"
#include "prefix.h"

/* What a configuration file says; docs/config.md describes the format. */

enum conf_table {
	CONF_TABLE_AUTO,
	CONF_TABLE_OFF,
	CONF_TABLE_NUMBER,
};

enum conf_hook {
	CONF_PRE_UP,
	CONF_POST_UP,
	CONF_PRE_DOWN,
	CONF_POST_DOWN,
	CONF_HOOKS,
};

struct conf_prefixes {
	struct prefix *list;
	size_t count;
};

struct conf_commands {
	char **list;
	size_t count;
};

/* Where there is a has_ member, the other is the default without it. */
struct conf_interface {
	char *private_key_file;
	char *allow;
	char *deny;
	bool has_port, has_mark, has_source_check, has_tos, has_ttl, has_multicast;
	bool has_burst, has_rate, has_local, has_mtu;
	bool has_mmp, has_ecn, has_loss, has_etx, has_tx_batch, has_rx_batch, has_suspend_wipe;
	uint16_t port;
	uint32_t mark;
	bool source_check;
	struct in_addr local4;
	struct in6_addr local6;
	char *underlay;		/* empty for any, NULL when the file does not say */
	uint8_t tos;
	uint8_t ttl;
	bool multicast;
	uint32_t burst;
	uint32_t rate;
	uint8_t mmp_mode;
	bool ecn;
	uint16_t congestion_loss;	/* thousandths, 0 for never */
	uint16_t congestion_etx;	/* hundredths, 0 for never */
	bool tx_batch;
	bool rx_batch;
	bool suspend_wipe;
	uint32_t mtu;
	enum conf_table table;
	uint32_t table_number;
	struct conf_prefixes addresses;
	struct conf_commands hooks[CONF_HOOKS];
};

struct conf_peer {
	unsigned int line;	/* where it begins */
	uint8_t key[FMP_PUBLIC_KEY_SIZE];
	bool has_key, has_allowed, has_auto_connect, has_heartbeat;
	bool has_dead_timeout, has_mmp;
	char *endpoint;		/* HOST:PORT, NULL without one */
	bool numeric;		/* of which this is the address */
	struct endpoint where;
	struct conf_prefixes allowed;
	bool auto_connect;
	uint16_t heartbeat;	/* seconds, 0 for none */
	uint16_t dead_timeout;	/* seconds, 0 for never */
	uint8_t mmp_mode;
};

struct conf {
	bool json;
	struct conf_interface interface;
	unsigned int interface_line;	/* 0 when there is no such section */
	struct conf_peer *peers;
	size_t peer_count;
};

#define CONF_HEARTBEAT		10
#define CONF_BURST		100
#define CONF_RATE		10
#define CONF_CONGESTION_LOSS	50
#define CONF_CONGESTION_ETX	300
#define CONF_DEAD_TIMEOUT	30

/* The mark, and the table of default routes, when the file chooses none. */
#define CONF_ROUTED_MARK	FMP_DEFAULT_PORT

/*
 * Reads it all and returns a status after having said what is wrong; what there is
 * is freed by conf_release() either way.  name is for messages.  A file is JSON when
 * its first character is '{'.
 */
int conf_read(struct conf *conf, FILE *file, const char *name);

/* The same, of a path; "-" is standard input, which must not be empty. */
int conf_load(struct conf *conf, const char *path);

void conf_release(struct conf *conf);

/* Messages tell of a peer of the file with this name, until the next fail_place(). */
void conf_place_peer(const struct conf *conf, const char *name, const struct conf_peer *peer);

/* NULL when the file has no such peer. */
const struct conf_peer *conf_find_peer(const struct conf *conf, const uint8_t *key);

/* Whether a default route belongs into a table of its own, which marks lead past. */
bool conf_routes_by_mark(const struct conf *conf);

bool conf_has_hooks(const struct conf *conf);

#endif /* FMP_CONF_H */
