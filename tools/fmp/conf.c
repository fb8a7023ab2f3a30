// SPDX-License-Identifier: GPL-2.0
#include "conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "confjson.h"
#include "confkeys.h"
#include "conffile.h"
#include "confscan.h"
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

void conf_place_peer(const struct conf *conf, const char *name, const struct conf_peer *peer)
{
	static char path[CONFSCAN_PATH];

	fail_place(name, peer->line);
	if (conf->json)
		fail_key(confscan_peer_path(path, (size_t)(peer - conf->peers), NULL));
}

/* --- what only the whole file shows */

struct check {
	struct conf *conf;
	const char *name;
	unsigned int errors;
	int status;
};

static void note(struct check *check, int status)
{
	check->errors++;
	if (!check->status)
		check->status = status;
}

static bool is_too_much(const struct check *check)
{
	return check->errors >= CONFFILE_ERRORS_MAX;
}

static int by_key(const void *a, const void *b)
{
	const struct conf_peer *const *x = a, *const *y = b;
	int order = memcmp((*x)->key, (*y)->key, FMP_PUBLIC_KEY_SIZE);

	if (order)
		return order;
	return *x < *y ? -1 : 1;
}

static const char *peer_path(char *out, const struct conf *conf, const struct conf_peer *peer)
{
	return confscan_peer_path(out, (size_t)(peer - conf->peers), NULL);
}

static int no_key(const struct conf *conf)
{
	return conf->json ? usage("this peer has no public_key") : usage("this peer has no PublicKey");
}

static int same_key(const struct conf *conf, const struct conf_peer *other)
{
	char path[CONFSCAN_PATH];

	if (conf->json)
		return usage("%s has the same public_key", peer_path(path, conf, other));
	return usage("the peer of line %u has the same PublicKey", other->line);
}

static int same_prefix(const struct conf *conf, const struct conf_peer *other,
		       const struct prefix *prefix)
{
	char text[PREFIX_TEXT], path[CONFSCAN_PATH];

	prefix_text(text, prefix);
	if (conf->json)
		return usage("%s has %s too", peer_path(path, conf, other), text);
	return usage("the peer of line %u has %s too", other->line, text);
}

static int bad_mark(const struct conf *conf)
{
	uint32_t mark = conf->interface.mark;

	if (conf->json)
		return usage("a default route is kept in the table with the number of fwmark, which "
			     "%u cannot be; leave fwmark out, or choose a table", mark);
	return usage("a default route is kept in the table with the number of FwMark, which %u "
		     "cannot be; leave FwMark out, or choose a Table", mark);
}

static void check_keys(struct check *check)
{
	struct conf *conf = check->conf;
	struct conf_peer **order = xcalloc(conf->peer_count, sizeof(struct conf_peer *));
	size_t i, count = 0;

	for (i = 0; i < conf->peer_count && !is_too_much(check); i++) {
		if (conf->peers[i].has_key) {
			order[count++] = &conf->peers[i];
			continue;
		}
		conf_place_peer(conf, check->name, &conf->peers[i]);
		note(check, no_key(conf));
	}
	qsort(order, count, sizeof(*order), by_key);
	for (i = 1; i < count && !is_too_much(check); i++) {
		if (memcmp(order[i - 1]->key, order[i]->key, FMP_PUBLIC_KEY_SIZE) != 0)
			continue;
		conf_place_peer(conf, check->name, order[i]);
		note(check, same_key(conf, order[i - 1]));
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
	return (x->peer > y->peer) - (x->peer < y->peer);
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
	size_t i, count = conf->peer_count;
	struct claim *claims;

	for (i = 0; i < conf->peer_count; i++)
		count += conf->peers[i].allowed.count;
	claims = xcalloc(count, sizeof(*claims));
	count = collect_claims(claims, conf);
	qsort(claims, count, sizeof(*claims), by_prefix);

	for (i = 1; i < count && !is_too_much(check); i++) {
		if (!prefix_equal(&claims[i - 1].prefix, &claims[i].prefix) ||
		    claims[i - 1].peer == claims[i].peer)
			continue;
		conf_place_peer(conf, check->name, claims[i].peer);
		note(check, same_prefix(conf, claims[i - 1].peer, &claims[i].prefix));
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
		note(check, bad_mark(check->conf));
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
	fail_place(name, 0);
	if (is_too_much(&check))
		report("too many errors, the rest is not told");
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

static int read_lines(struct conf *conf, const char *text, size_t len, const char *name)
{
	FILE *file = len ? fmemopen((void *)(uintptr_t)text, len, "r") : NULL;
	struct confkeys *keys;
	int status;

	if (!file)
		return len ? refused("out of memory") : STATUS_OK;
	keys = confkeys_new(conf, name);
	status = conffile_read(file, name, &confkeys_ops, keys);
	free(keys);
	fclose(file);
	return status;
}

/* All of it, or a byte more than what is too long, with a NUL behind it. */
static int read_text(char **text, size_t *len, FILE *file, const char *name)
{
	size_t room = 1 << 16, got;

	*text = xcalloc(room, 1);
	*len = 0;
	while ((got = fread(*text + *len, 1, room - 1 - *len, file)) > 0) {
		*len += got;
		if (*len > CONFFILE_SIZE_MAX)
			break;
		if (*len + 1 == room) {
			room *= 2;
			*text = xreallocarray(*text, room, 1);
		}
	}
	(*text)[*len] = '\0';
	return ferror(file) ? refused_word(name, "cannot be read: %s", strerror(errno)) : STATUS_OK;
}

static int read_file(struct conf *conf, FILE *file, const char *name, bool may_be_empty)
{
	size_t len;
	char *text;
	int status;

	memset(conf, 0, sizeof(*conf));
	set_defaults(&conf->interface);
	status = read_text(&text, &len, file, name);
	if (!status && !len && !may_be_empty)
		status = usage_word(name, "nothing comes from there, not even an empty line");
	if (!status)
		status = confjson_is(text, len) ? confjson_read(conf, text, len, name) :
						  read_lines(conf, text, len, name);
	free(text);
	return status ? status : complete(conf, name);
}

int conf_read(struct conf *conf, FILE *file, const char *name)
{
	return read_file(conf, file, name, true);
}

/* Where a program that writes it failed, there is nothing: that must not take all away. */
int conf_load(struct conf *conf, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	int status;

	memset(conf, 0, sizeof(*conf));
	if (!file)
		return refused_word(path, "cannot open the configuration: %s", strerror(errno));

	status = read_file(conf, file, standard ? "<stdin>" : path, !standard);
	if (!standard)
		fclose(file);
	return status;
}
