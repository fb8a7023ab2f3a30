// SPDX-License-Identifier: GPL-2.0
#include "conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "confkeys.h"
#include "conffile.h"
#include "fail.h"
#include "identity.h"
#include "util.h"

static void prefixes_release(struct conf_prefixes *prefixes)
{
	free(prefixes->list);
}

static void commands_release(struct conf_commands *commands)
{
	while (commands->count)
		free(commands->list[--commands->count]);
	free(commands->list);
}

static void interface_release(struct conf_interface *interface)
{
	size_t i;

	free(interface->private_key_file);
	free(interface->allow);
	free(interface->deny);
	free(interface->underlay);
	prefixes_release(&interface->addresses);
	for (i = 0; i < CONF_HOOKS; i++)
		commands_release(&interface->hooks[i]);
}

void conf_release(struct conf *conf)
{
	size_t i;

	interface_release(&conf->interface);
	for (i = 0; i < conf->peer_count; i++) {
		free(conf->peers[i].endpoint);
		prefixes_release(&conf->peers[i].allowed);
	}
	free(conf->peers);
	memset(conf, 0, sizeof(*conf));
}

const struct conf_peer *conf_find_peer(const struct conf *conf, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < conf->peer_count; i++)
		if (memcmp(conf->peers[i].key, key, FMP_PUBLIC_KEY_SIZE) == 0)
			return &conf->peers[i];
	return NULL;
}

static bool has_default_route(const struct conf *conf)
{
	size_t i, j;

	for (i = 0; i < conf->peer_count; i++)
		for (j = 0; j < conf->peers[i].allowed.count; j++)
			if (prefix_is_default(&conf->peers[i].allowed.list[j]))
				return true;
	return false;
}

bool conf_routes_by_mark(const struct conf *conf)
{
	return conf->interface.table == CONF_TABLE_AUTO && has_default_route(conf);
}

bool conf_has_hooks(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < CONF_HOOKS; i++)
		if (conf->interface.hooks[i].count)
			return true;
	return false;
}

/* --- what only the whole file shows */

struct check {
	struct conf *conf;
	const char *name;
	int status;
};

static void note(struct check *check, int status)
{
	if (!check->status)
		check->status = status;
}

static int by_key(const void *a, const void *b)
{
	const struct conf_peer *const *x = a, *const *y = b;
	int order = memcmp((*x)->key, (*y)->key, FMP_PUBLIC_KEY_SIZE);

	if (order)
		return order;
	return (*x)->line < (*y)->line ? -1 : 1;
}

static void check_keys(struct check *check)
{
	struct conf *conf = check->conf;
	struct conf_peer **order = xcalloc(conf->peer_count, sizeof(struct conf_peer *));
	size_t i, count = 0;

	for (i = 0; i < conf->peer_count; i++) {
		if (conf->peers[i].has_key) {
			order[count++] = &conf->peers[i];
			continue;
		}
		fail_place(check->name, conf->peers[i].line);
		note(check, usage("this peer has no PublicKey"));
	}
	qsort(order, count, sizeof(*order), by_key);
	for (i = 1; i < count; i++) {
		if (memcmp(order[i - 1]->key, order[i]->key, FMP_PUBLIC_KEY_SIZE) != 0)
			continue;
		fail_place(check->name, order[i]->line);
		note(check, usage("the peer of line %u has the same PublicKey",
				  order[i - 1]->line));
	}
	free(order);
}

struct claim {
	struct prefix prefix;
	const struct conf_peer *peer;
};

static int by_prefix(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int order;

	if (x->prefix.address.family != y->prefix.address.family)
		return x->prefix.address.family < y->prefix.address.family ? -1 : 1;
	if (x->prefix.length != y->prefix.length)
		return x->prefix.length < y->prefix.length ? -1 : 1;
	order = memcmp(&x->prefix.address.v6, &y->prefix.address.v6,
		       address_bits(x->prefix.address.family) / 8);
	if (order)
		return order;
	return (x->peer->line > y->peer->line) - (x->peer->line < y->peer->line);
}

static struct prefix derived_of(const struct conf_peer *peer)
{
	struct address address = { .family = AF_INET6, .v6 = address_of_key(peer->key) };

	return prefix_of_host(&address);
}

static size_t collect_claims(struct claim *claims, const struct conf *conf)
{
	size_t i, j, count = 0;

	for (i = 0; i < conf->peer_count; i++) {
		const struct conf_peer *peer = &conf->peers[i];

		claims[count++] = (struct claim){ derived_of(peer), peer };
		for (j = 0; j < peer->allowed.count; j++)
			claims[count++] = (struct claim){ peer->allowed.list[j], peer };
	}
	return count;
}

/* Every address and every network is one peer's. */
static void check_claims(struct check *check)
{
	const struct conf *conf = check->conf;
	char text[PREFIX_TEXT];
	size_t i, count = conf->peer_count;
	struct claim *claims;

	for (i = 0; i < conf->peer_count; i++)
		count += conf->peers[i].allowed.count;
	claims = xcalloc(count, sizeof(*claims));
	count = collect_claims(claims, conf);
	qsort(claims, count, sizeof(*claims), by_prefix);

	for (i = 1; i < count; i++) {
		if (!prefix_equal(&claims[i - 1].prefix, &claims[i].prefix) ||
		    claims[i - 1].peer == claims[i].peer)
			continue;
		fail_place(check->name, claims[i].peer->line);
		note(check, usage("the peer of line %u has %s too", claims[i - 1].peer->line,
				  prefix_text(text, &claims[i].prefix)));
	}
	free(claims);
}

/* The mark is the number of the table as well, and these are taken. */
static bool is_table_of_kernel(uint32_t number)
{
	return number == 0 || (number >= 253 && number <= 255);
}

static void choose_mark(struct check *check)
{
	struct conf_interface *interface = &check->conf->interface;

	if (!conf_routes_by_mark(check->conf))
		return;
	if (!interface->has_mark) {
		interface->has_mark = true;
		interface->mark = CONF_ROUTED_MARK;
	}
	if (is_table_of_kernel(interface->mark)) {
		fail_place(check->name, check->conf->interface_line);
		note(check, usage("a default route is kept in the table with the number of FwMark, "
				  "which %u cannot be; leave FwMark out, or choose a Table",
				  interface->mark));
	}
}

static void complete_peers(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->peer_count; i++) {
		struct conf_peer *peer = &conf->peers[i];

		if (!peer->has_auto_connect)
			peer->auto_connect = peer->endpoint;
		if (!peer->has_heartbeat)
			peer->heartbeat = CONF_HEARTBEAT;
		if (!peer->has_dead_timeout)
			peer->dead_timeout = CONF_DEAD_TIMEOUT;
		if (!peer->has_mmp)
			peer->mmp_mode = FMP_MMP_MODE_DEVICE;
	}
}

static int complete(struct conf *conf, const char *name)
{
	struct check check = { .conf = conf, .name = name };

	check_keys(&check);
	if (!check.status)
		check_claims(&check);
	choose_mark(&check);
	complete_peers(conf);
	fail_place(NULL, 0);
	return check.status;
}

static void set_defaults(struct conf_interface *interface)
{
	interface->port = FMP_DEFAULT_PORT;
	interface->source_check = true;
	interface->multicast = true;
	interface->burst = CONF_BURST;
	interface->rate = CONF_RATE;
	interface->mmp_mode = FMP_MMP_MODE_FULL;
	interface->ecn = true;
	interface->congestion_loss = CONF_CONGESTION_LOSS;
	interface->congestion_etx = CONF_CONGESTION_ETX;
	interface->tx_batch = true;
	interface->rx_batch = true;
	interface->suspend_wipe = true;
}

int conf_read(struct conf *conf, FILE *file, const char *name)
{
	struct confkeys *keys;
	int status;

	memset(conf, 0, sizeof(*conf));
	set_defaults(&conf->interface);
	keys = confkeys_new(conf, name);
	status = conffile_read(file, name, &confkeys_ops, keys);
	free(keys);
	return status ? status : complete(conf, name);
}

int conf_load(struct conf *conf, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	int status;

	memset(conf, 0, sizeof(*conf));
	if (!file)
		return refused_word(path, "cannot open the configuration: %s", strerror(errno));

	status = conf_read(conf, file, standard ? "<stdin>" : path);
	if (!standard)
		fclose(file);
	return status;
}
