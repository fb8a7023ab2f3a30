// SPDX-License-Identifier: GPL-2.0
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "util.h"

int take_target(struct args *args, struct target *target)
{
	int status = args_want(args, &target->name, "the name of a device");

	return status ? status : parse_device(&target->ifindex, target->name);
}

int take_peer_key(struct args *args, struct peer_change *change)
{
	const char *word;
	int status = args_want(args, &word, "the public key of a peer");

	return status ? status : parse_public_key(change->key, word);
}

/* An address takes the place of a name; a name is for the agent to look up. */
static int take_endpoint(void *into, const char *value)
{
	struct peer_change *change = into;
	const char *name;
	int status = parse_endpoint_or_name(&change->endpoint, &name, value);

	if (status)
		return status;
	change->set_endpoint = !name;
	change->set_endpoint_name = true;
	change->endpoint_name = name ? name : "";
	return STATUS_OK;
}

static int take_auto_connect(void *into, const char *value)
{
	struct peer_change *change = into;

	change->set_auto_connect = true;
	return parse_switch(&change->auto_connect, value);
}

static int take_heartbeat(void *into, const char *value)
{
	struct peer_change *change = into;

	change->set_heartbeat = true;
	return parse_seconds(&change->heartbeat, value);
}

static int take_dead_timeout(void *into, const char *value)
{
	struct peer_change *change = into;

	change->set_dead_timeout = true;
	return parse_seconds(&change->dead_timeout, value);
}

static int take_mmp(void *into, const char *value)
{
	struct peer_change *change = into;

	change->set_mmp_mode = true;
	return parse_mmp_mode(&change->mmp_mode, value, true);
}

static int add_change(struct peer_change *change, const char *value, bool removal)
{
	struct address_change item = { .remove = removal };
	int status = parse_address(&item.address, value);

	if (status)
		return status;
	change->addresses = grow(change->addresses, change->address_count, sizeof(item));
	change->addresses[change->address_count++] = item;
	return STATUS_OK;
}

static int take_address(void *into, const char *value)
{
	return add_change(into, value, false);
}

static int take_remove_address(void *into, const char *value)
{
	return add_change(into, value, true);
}

static int take_replace(void *into, const char *value)
{
	struct peer_change *change = into;

	(void)value;
	change->replace_addresses = true;
	return STATUS_OK;
}

static int take_remove(void *into, const char *value)
{
	struct peer_change *change = into;

	(void)value;
	change->remove = true;
	return STATUS_OK;
}

#define PEER_KEYWORDS								\
	{ "endpoint", "an endpoint", take_endpoint, 0 },			\
	{ "address", "an address", take_address, KEYWORD_MANY },		\
	{ "remove-address", "an address", take_remove_address, KEYWORD_MANY },	\
	{ "replace-addresses", NULL, take_replace, 0 },				\
	{ "auto-connect", "'on' or 'off'", take_auto_connect, 0 },		\
	{ "heartbeat", "a number of seconds or 'off'", take_heartbeat, 0 },	\
	{ "dead-timeout", "a number of seconds or 'off'", take_dead_timeout, 0 }, \
	{ "mmp", "'full', 'lightweight', 'minimal' or 'device'", take_mmp, 0 }

const struct keyword peer_keywords[] = {
	PEER_KEYWORDS,
	{ 0 },
};

const struct keyword set_peer_keywords[] = {
	PEER_KEYWORDS,
	{ "remove", NULL, take_remove, 0 },
	{ 0 },
};

static char *verb_names(const struct verb *verbs)
{
	char *names = xstrdup(verbs->name), *longer;

	while ((++verbs)->name) {
		longer = xasprintf("%s, %s", names, verbs->name);
		free(names);
		names = longer;
	}
	return names;
}

int run_verb(struct args *args, const struct options *options, const struct verb *verbs)
{
	const struct verb *verb;
	const char *word;
	char *names;
	int status;

	status = args_want(args, &word, "what to do");
	if (status)
		return status;
	for (verb = verbs; verb->name; verb++)
		if (strcmp(verb->name, word) == 0)
			return verb->run(args, options);

	names = verb_names(verbs);
	status = usage_word(word, "unknown word, known here: %s", names);
	free(names);
	return status;
}
