// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "command.h"
#include "fail.h"
#include "json.h"
#include "print.h"

struct words {
	struct target target;
	struct peer_change change;
};

static int read_words(struct args *args, struct words *words, bool keywords)
{
	int status;

	status = take_target(args, &words->target);
	if (!status)
		status = take_peer_key(args, &words->change);
	if (status)
		return status;
	return keywords ? args_keywords(args, peer_keywords, NULL, &words->change)
			: args_end(args);
}

static int check_new(const struct peer_change *change)
{
	size_t i;

	if (change->replace_addresses)
		return usage_word("replace-addresses", "a new peer has no addresses to replace");
	for (i = 0; i < change->address_count; i++)
		if (change->addresses[i].remove)
			return usage_word("remove-address", "a new peer has no addresses to remove");
	return STATUS_OK;
}

static int add(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	struct nl *nl;
	int status;

	(void)options;
	status = read_words(args, &words, true);
	if (!status)
		status = check_new(&words.change);
	if (!status)
		status = nl_open(&nl);
	if (!status) {
		status = kernel_peer_new(nl, &words.target, &words.change);
		nl_close(nl);
	}
	peer_change_release(&words.change);
	return status;
}

static int set(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	struct nl *nl;
	int status;

	(void)options;
	status = read_words(args, &words, true);
	if (!status)
		status = nl_open(&nl);
	if (!status) {
		status = kernel_peer_set(nl, &words.target, &words.change);
		nl_close(nl);
	}
	peer_change_release(&words.change);
	return status;
}

static int del(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	struct nl *nl;
	int status;

	(void)options;
	status = read_words(args, &words, false);
	if (!status)
		status = nl_open(&nl);
	if (!status) {
		status = kernel_peer_del(nl, &words.target, words.change.key);
		nl_close(nl);
	}
	return status;
}

static void print_all(const struct peers *peers, const struct sessions *sessions, bool json)
{
	struct json_object *list = json ? json_object_new_array() : NULL;
	struct sessions own;
	size_t i;

	for (i = 0; i < peers->count; i++) {
		own = sessions_of(sessions, peers->list[i].public_key);
		if (list) {
			json_object_array_add(list, json_peer(&peers->list[i], &own));
			continue;
		}
		if (i)
			putchar('\n');
		print_peer(&peers->list[i], &own);
	}
	if (list)
		json_print(list);
}

static int show_peers(struct nl *nl, const struct words *words, bool one, bool json)
{
	struct sessions sessions = { 0 };
	struct peers peers = { 0 };
	int status;

	if (one)
		status = kernel_peer(nl, &words->target, words->change.key, &peers);
	else
		status = kernel_peers(nl, &words->target, &peers);
	if (!status && peers.count)
		status = kernel_sessions(nl, &words->target, &sessions);
	if (!status)
		print_all(&peers, &sessions, json);

	peers_release(&peers);
	sessions_release(&sessions);
	return status;
}

static int show(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	struct nl *nl;
	bool one;
	int status;

	status = take_target(args, &words.target);
	if (status)
		return status;
	one = args_peek(args);
	if (one)
		status = take_peer_key(args, &words.change);
	if (!status)
		status = args_end(args);
	if (!status)
		status = nl_open(&nl);
	if (status)
		return status;

	status = show_peers(nl, &words, one, options->json);
	nl_close(nl);
	return status;
}

static const struct verb verbs[] = {
	{ "add", add },
	{ "set", set },
	{ "del", del },
	{ "show", show },
	{ 0 },
};

static int run(struct args *args, const struct options *options)
{
	return run_verb(args, options, verbs);
}

const struct command command_peer = {
	.name = "peer",
	.summary = "add, change, remove and show peers",
	.help =
	"Usage: fmp peer add DEV KEY [endpoint HOST:PORT] [auto-connect on|off]\n"
	"                            [heartbeat SECONDS|off] [dead-timeout SECONDS|off]\n"
	"                            [mmp full|lightweight|minimal|device] [address ADDR]...\n"
	"       fmp peer set DEV KEY ... [remove-address ADDR]... [replace-addresses]\n"
	"       fmp peer del DEV KEY\n"
	"       fmp peer show DEV [KEY]\n"
	"\n"
	"KEY is an npub or 64 hexadecimal digits. The words are those of 'fmp set'.\n",
	.run = run,
};
