// SPDX-License-Identifier: GPL-2.0
#include "confkeys.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "fail.h"
#include "nearest.h"
#include "print.h"
#include "util.h"

/* The kernel gives a peer as many, beside the address of its key. */
#define ADDRESSES_MAX 63

enum section {
	SECTION_NONE,
	SECTION_INTERFACE,
	SECTION_PEER,
	SECTION_UNKNOWN,
};

struct confkeys {
	struct conf *conf;
	const char *name;
	enum section section;
	unsigned int seen[32];	/* lines of the section's keys, by their place in the table */
};

enum key_flags {
	KEY_MANY = 1,
	KEY_LIST = 2,		/* words with commas between them, each of which is taken */
	KEY_RAW = 4,		/* comments are the value's own business */
	KEY_EMPTY = 8,		/* may be empty */
};

struct key {
	const char *name;
	int (*take)(struct confkeys *keys, char *value);
	unsigned int flags;
};

static struct conf_interface *interface_of(struct confkeys *keys)
{
	return &keys->conf->interface;
}

static struct conf_peer *peer_of(struct confkeys *keys)
{
	return &keys->conf->peers[keys->conf->peer_count - 1];
}

/* --- values */

static int read_switch(bool *on, const char *word)
{
	static const struct { const char *word; bool on; } known[] = {
		{ "on", true }, { "off", false }, { "true", true }, { "false", false },
		{ "yes", true }, { "no", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcasecmp(word, known[i].word) != 0)
			continue;
		*on = known[i].on;
		return STATUS_OK;
	}
	return usage_word(word, "neither 'on' nor 'off'");
}

static bool is_secret(const char *word)
{
	return strncasecmp(word, "nsec1", 5) == 0 ||
	       (strlen(word) == 64 && strspn(word, "0123456789abcdefABCDEF") == 64);
}

/* Relative to the directory of the file, wherever it is read from. */
static char *path_beside(const char *name, const char *path)
{
	const char *slash = strrchr(name, '/');

	if (*path == '/' || !slash)
		return xstrdup(path);
	return xasprintf("%.*s/%s", (int)(slash - name), name, path);
}

static int add_prefix(struct conf_prefixes *prefixes, const struct prefix *prefix)
{
	size_t i;

	for (i = 0; i < prefixes->count; i++)
		if (prefix_equal(&prefixes->list[i], prefix))
			return STATUS_OK;
	prefixes->list = grow(prefixes->list, prefixes->count, sizeof(*prefix));
	prefixes->list[prefixes->count++] = *prefix;
	return STATUS_OK;
}

static bool is_unicast(const struct address *address)
{
	uint32_t v4 = ntohl(address->v4.s_addr);

	if (address->family == AF_INET)
		return v4 != INADDR_ANY && v4 != INADDR_BROADCAST && !IN_MULTICAST(v4);
	return !IN6_IS_ADDR_UNSPECIFIED(&address->v6) && !IN6_IS_ADDR_MULTICAST(&address->v6) &&
	       !IN6_IS_ADDR_V4MAPPED(&address->v6);
}

/* --- [Interface] */

static int refuse_private_key(void)
{
	return usage("a secret key does not belong into this file, which many read and copy; "
		     "put it into a file of its own (fmp genkey >FILE) and name that with PrivateKeyFile");
}

static int take_private_key_file(struct confkeys *keys, char *value)
{
	struct conf_interface *interface = interface_of(keys);
	struct stat st;

	if (is_secret(value))
		return usage("this is a secret key; put it into a file of its own and write the "
			     "name of that here");
	interface->private_key_file = path_beside(keys->name, value);
	if (stat(interface->private_key_file, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRWXG | S_IRWXO)))
		warning_word(interface->private_key_file, "accessible to others (mode %04o)",
			     (unsigned int)st.st_mode & 07777);
	return STATUS_OK;
}

static int take_allow(struct confkeys *keys, char *value)
{
	interface_of(keys)->allow = path_beside(keys->name, value);
	return STATUS_OK;
}

static int take_deny(struct confkeys *keys, char *value)
{
	interface_of(keys)->deny = path_beside(keys->name, value);
	return STATUS_OK;
}

static int take_port(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_port = true;
	return parse_port(&interface_of(keys)->port, value);
}

static int take_address(struct confkeys *keys, char *word)
{
	struct prefix prefix;
	int status = parse_prefix(&prefix, word);

	if (status)
		return status;
	if (!is_unicast(&prefix.address))
		return usage_word(word, "not an address of one host");
	return add_prefix(&interface_of(keys)->addresses, &prefix);
}

static int take_mtu(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_mtu = true;
	return parse_limit(&interface_of(keys)->mtu, value);
}

static int take_mark(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_mark = true;
	return parse_mark(&interface_of(keys)->mark, value);
}

static int take_table(struct confkeys *keys, char *value)
{
	struct conf_interface *interface = interface_of(keys);

	if (strcasecmp(value, "auto") == 0) {
		interface->table = CONF_TABLE_AUTO;
		return STATUS_OK;
	}
	if (strcasecmp(value, "off") == 0) {
		interface->table = CONF_TABLE_OFF;
		return STATUS_OK;
	}
	interface->table = CONF_TABLE_NUMBER;
	if (*value < '0' || *value > '9')
		return usage_word(value, "neither 'auto' nor 'off' nor the number of a table");
	return parse_limit(&interface->table_number, value);
}

static int take_source_check(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_source_check = true;
	return read_switch(&interface_of(keys)->source_check, value);
}

static int take_multicast(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_multicast = true;
	return read_switch(&interface_of(keys)->multicast, value);
}

static int take_local(struct confkeys *keys, char *word)
{
	struct conf_interface *interface = interface_of(keys);
	struct address address;
	int status;

	interface->has_local = true;
	if (strcasecmp(word, "any") == 0)
		return STATUS_OK;
	status = parse_local(&address, word);
	if (status)
		return status;
	if (address.family == AF_INET) {
		if (interface->local4.s_addr)
			return usage_word(word, "a second local address of the same family");
		interface->local4 = address.v4;
		return STATUS_OK;
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&interface->local6))
		return usage_word(word, "a second local address of the same family");
	interface->local6 = address.v6;
	return STATUS_OK;
}

static int take_underlay(struct confkeys *keys, char *value)
{
	const char *name;
	int status = parse_underlay(&name, value);

	if (!status)
		interface_of(keys)->underlay = xstrdup(name);
	return status;
}

static int take_tos(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_tos = true;
	return parse_tos(&interface_of(keys)->tos, value);
}

static int take_ttl(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_ttl = true;
	return parse_ttl(&interface_of(keys)->ttl, value);
}

static int take_burst(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_burst = true;
	return parse_limit(&interface_of(keys)->burst, value);
}

static int take_rate(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_rate = true;
	return parse_limit(&interface_of(keys)->rate, value);
}

static int take_metrics(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_mmp = true;
	return parse_mmp_mode(&interface_of(keys)->mmp_mode, value, false);
}

static int take_ecn(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_ecn = true;
	return read_switch(&interface_of(keys)->ecn, value);
}

static int take_congestion_loss(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_loss = true;
	return parse_congestion_loss(&interface_of(keys)->congestion_loss, value);
}

static int take_congestion_etx(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_etx = true;
	return parse_congestion_etx(&interface_of(keys)->congestion_etx, value);
}

static int take_tx_batch(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_tx_batch = true;
	return read_switch(&interface_of(keys)->tx_batch, value);
}

static int take_rx_batch(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_rx_batch = true;
	return read_switch(&interface_of(keys)->rx_batch, value);
}

static int take_suspend_wipe(struct confkeys *keys, char *value)
{
	interface_of(keys)->has_suspend_wipe = true;
	return read_switch(&interface_of(keys)->suspend_wipe, value);
}

static int add_hook(struct confkeys *keys, enum conf_hook hook, const char *value)
{
	struct conf_commands *commands = &interface_of(keys)->hooks[hook];

	commands->list = grow(commands->list, commands->count, sizeof(*commands->list));
	commands->list[commands->count++] = xstrdup(value);
	return STATUS_OK;
}

static int take_pre_up(struct confkeys *keys, char *value)
{
	return add_hook(keys, CONF_PRE_UP, value);
}

static int take_post_up(struct confkeys *keys, char *value)
{
	return add_hook(keys, CONF_POST_UP, value);
}

static int take_pre_down(struct confkeys *keys, char *value)
{
	return add_hook(keys, CONF_PRE_DOWN, value);
}

static int take_post_down(struct confkeys *keys, char *value)
{
	return add_hook(keys, CONF_POST_DOWN, value);
}

static const struct key interface_keys[] = {
	{ "PrivateKeyFile", take_private_key_file, 0 },
	{ "ListenPort", take_port, 0 },
	{ "Address", take_address, KEY_MANY | KEY_LIST },
	{ "MTU", take_mtu, 0 },
	{ "FwMark", take_mark, 0 },
	{ "Table", take_table, 0 },
	{ "SourceCheck", take_source_check, 0 },
	{ "Local", take_local, KEY_MANY | KEY_LIST },
	{ "Underlay", take_underlay, 0 },
	{ "Tos", take_tos, 0 },
	{ "Ttl", take_ttl, 0 },
	{ "Multicast", take_multicast, 0 },
	{ "Allow", take_allow, 0 },
	{ "Deny", take_deny, 0 },
	{ "HandshakeBurst", take_burst, 0 },
	{ "HandshakeRate", take_rate, 0 },
	{ "Metrics", take_metrics, 0 },
	{ "Ecn", take_ecn, 0 },
	{ "CongestionLoss", take_congestion_loss, 0 },
	{ "CongestionEtx", take_congestion_etx, 0 },
	{ "TxBatch", take_tx_batch, 0 },
	{ "RxBatch", take_rx_batch, 0 },
	{ "SuspendWipe", take_suspend_wipe, 0 },
	{ "PreUp", take_pre_up, KEY_MANY | KEY_RAW },
	{ "PostUp", take_post_up, KEY_MANY | KEY_RAW },
	{ "PreDown", take_pre_down, KEY_MANY | KEY_RAW },
	{ "PostDown", take_post_down, KEY_MANY | KEY_RAW },
	{ 0 },
};

/* --- [Peer] */

static int take_public_key(struct confkeys *keys, char *value)
{
	peer_of(keys)->has_key = true;
	return parse_public_key(peer_of(keys)->key, value);
}

static int check_address(const struct endpoint *where, const char *value)
{
	if (!is_unicast(&where->address))
		return usage_word(value, "not an address of one host");
	if (where->scope_id && !IN6_IS_ADDR_LINKLOCAL(&where->address.v6))
		return usage_word(value, "only a link-local address has an interface");
	return STATUS_OK;
}

/*
 * Written as everyone else writes it.  Names are resolved by the agent, when it needs
 * them and as often as it does.
 */
static int take_endpoint(struct confkeys *keys, char *value)
{
	struct conf_peer *peer = peer_of(keys);
	char text[ENDPOINT_TEXT];
	const char *name;
	int status = parse_endpoint_or_name(&peer->where, &name, value);

	if (status)
		return status;
	if (name) {
		peer->endpoint = xasprintf("%.*s:%u", (int)(strrchr(name, ':') - name), name,
					   peer->where.port);
		return STATUS_OK;
	}
	peer->numeric = true;
	peer->endpoint = xstrdup(endpoint_text(text, &peer->where));
	return check_address(&peer->where, value);
}

static size_t count_hosts(const struct conf_prefixes *prefixes)
{
	size_t i, count = 0;

	for (i = 0; i < prefixes->count; i++)
		count += prefix_is_host(&prefixes->list[i]);
	return count;
}

static int take_allowed(struct confkeys *keys, char *word)
{
	struct conf_peer *peer = peer_of(keys);
	struct prefix prefix;
	int status;

	peer->has_allowed = true;
	if (!*word)
		return STATUS_OK;
	status = parse_network(&prefix, word);
	if (status)
		return status;
	if (!prefix_is_host(&prefix))
		return add_prefix(&peer->allowed, &prefix);
	if (!is_unicast(&prefix.address))
		return usage_word(word, "not an address of one host");
	add_prefix(&peer->allowed, &prefix);
	if (count_hosts(&peer->allowed) > ADDRESSES_MAX)
		return usage_word(word, "a peer has at most %d addresses, shorter prefixes are routes",
				  ADDRESSES_MAX);
	return STATUS_OK;
}

static int take_auto_connect(struct confkeys *keys, char *value)
{
	peer_of(keys)->has_auto_connect = true;
	return read_switch(&peer_of(keys)->auto_connect, value);
}

static int take_heartbeat(struct confkeys *keys, char *value)
{
	peer_of(keys)->has_heartbeat = true;
	return parse_seconds(&peer_of(keys)->heartbeat, value);
}

static int take_dead_timeout(struct confkeys *keys, char *value)
{
	peer_of(keys)->has_dead_timeout = true;
	return parse_seconds(&peer_of(keys)->dead_timeout, value);
}

static int take_peer_metrics(struct confkeys *keys, char *value)
{
	peer_of(keys)->has_mmp = true;
	return parse_mmp_mode(&peer_of(keys)->mmp_mode, value, true);
}

static const struct key peer_keys[] = {
	{ "PublicKey", take_public_key, 0 },
	{ "Endpoint", take_endpoint, 0 },
	{ "AllowedIPs", take_allowed, KEY_MANY | KEY_LIST | KEY_EMPTY },
	{ "AutoConnect", take_auto_connect, 0 },
	{ "Heartbeat", take_heartbeat, 0 },
	{ "DeadTimeout", take_dead_timeout, 0 },
	{ "Metrics", take_peer_metrics, 0 },
	{ 0 },
};

/* --- sections and keys */

static const struct key *find_key(const struct key *table, const char *word)
{
	for (; table->name; table++)
		if (strcasecmp(table->name, word) == 0)
			return table;
	return NULL;
}

static int unknown_key(const struct key *table, const char *word)
{
	const struct key *other = table == peer_keys ? interface_keys : peer_keys;
	const char *here = table == peer_keys ? "[Peer]" : "[Interface]";

	if (find_key(other, word))
		return usage_word(word, "not a key of %s, but of %s", here,
				  table == peer_keys ? "[Interface]" : "[Peer]");
	return usage_word(word, "unknown key in %s, is %s meant?", here, nearest(word, table, sizeof(*table)));
}

static int begin_section(void *into, const char *name, unsigned int line)
{
	struct confkeys *keys = into;
	struct conf *conf = keys->conf;

	memset(keys->seen, 0, sizeof(keys->seen));
	if (strcasecmp(name, "Peer") == 0) {
		conf->peers = grow(conf->peers, conf->peer_count, sizeof(*conf->peers));
		conf->peers[conf->peer_count++].line = line;
		keys->section = SECTION_PEER;
		return STATUS_OK;
	}
	/* What is in it is not complained of line by line. */
	keys->section = SECTION_UNKNOWN;
	if (strcasecmp(name, "Interface") != 0)
		return usage_word(name, "unknown section, [Interface] and [Peer] are known");
	if (conf->interface_line)
		return usage("a second [Interface], the first is in line %u", conf->interface_line);
	conf->interface_line = line;
	keys->section = SECTION_INTERFACE;
	return STATUS_OK;
}

static void cut_comment(char *value)
{
	char *c;

	for (c = value; *c; c++) {
		if ((*c != '#' && *c != ';') || (c > value && c[-1] != ' ' && c[-1] != '\t'))
			continue;
		while (c > value && (c[-1] == ' ' || c[-1] == '\t'))
			c--;
		*c = '\0';
		return;
	}
}

static int take_list(struct confkeys *keys, const struct key *key, char *value)
{
	char *word, *end;
	int status = STATUS_OK, one;

	while (value) {
		word = value + strspn(value, " \t");
		value = strchr(word, ',');
		end = value ? value : word + strlen(word);
		if (value)
			value++;
		while (end > word && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*end = '\0';
		one = *word ? key->take(keys, word) : usage("nothing before or after a comma");
		status = status ? status : one;
	}
	return status;
}

static int take_value(struct confkeys *keys, const struct key *key, char *value)
{
	if (!(key->flags & KEY_RAW))
		cut_comment(value);
	if (!*value)
		return key->flags & KEY_EMPTY ? key->take(keys, value) :
		       usage_word(key->name, "has no value");
	if (key->flags & KEY_LIST)
		return take_list(keys, key, value);
	return key->take(keys, value);
}

static int take_pair(void *into, const char *word, char *value, unsigned int line)
{
	struct confkeys *keys = into;
	const struct key *table, *key;
	unsigned int *seen;

	switch (keys->section) {
	case SECTION_NONE:
		return usage_word(word, "a key before the first section");
	case SECTION_UNKNOWN:
		return STATUS_OK;
	case SECTION_INTERFACE:
		table = interface_keys;
		break;
	default:
		table = peer_keys;
		break;
	}
	/* Not in the table, lest it be proposed to someone. */
	if (table == interface_keys && strcasecmp(word, "PrivateKey") == 0)
		return refuse_private_key();
	key = find_key(table, word);
	if (!key)
		return unknown_key(table, word);

	seen = &keys->seen[key - table];
	if (*seen && !(key->flags & KEY_MANY))
		return usage_word(key->name, "given before, in line %u", *seen);
	*seen = line;
	return take_value(keys, key, value);
}

int confkeys_take(struct confkeys *keys, const char *name, char *word)
{
	const struct key *table = keys->section == SECTION_PEER ? peer_keys : interface_keys;
	const struct key *key = find_key(table, name);

	return key ? key->take(keys, word) : usage_word(name, "unknown key");
}

const struct conffile_ops confkeys_ops = {
	.section = begin_section,
	.pair = take_pair,
};

struct confkeys *confkeys_new(struct conf *conf, const char *name)
{
	struct confkeys *keys = xcalloc(1, sizeof(*keys));

	keys->conf = conf;
	keys->name = name;
	return keys;
}
