// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "command.h"
#include "fail.h"
#include "json.h"
#include "key.h"
#include "print.h"

struct words {
	struct target target;
	uint8_t peer[FMP_PUBLIC_KEY_SIZE];
	uint32_t local_index;
	bool has_local_index;
	uint32_t remote_index;
	const char *send_key_file;
	const char *receive_key_file;
	bool initiator;
};

struct keys {
	uint8_t send[FMP_KEY_SIZE];
	uint8_t receive[FMP_KEY_SIZE];
};

static int take_peer(void *into, const char *value)
{
	struct words *words = into;

	return parse_public_key(words->peer, value);
}

static int take_local_index(void *into, const char *value)
{
	struct words *words = into;

	words->has_local_index = true;
	return parse_u32(&words->local_index, value);
}

static int take_remote_index(void *into, const char *value)
{
	struct words *words = into;

	return parse_u32(&words->remote_index, value);
}

static int take_send_key(void *into, const char *value)
{
	struct words *words = into;

	words->send_key_file = value;
	return STATUS_OK;
}

static int take_receive_key(void *into, const char *value)
{
	struct words *words = into;

	words->receive_key_file = value;
	return STATUS_OK;
}

static int take_initiator(void *into, const char *value)
{
	struct words *words = into;

	(void)value;
	words->initiator = true;
	return STATUS_OK;
}

static const struct keyword add_keywords[] = {
	{ "peer", "the public key of a peer", take_peer, KEYWORD_MUST },
	{ "local-index", "an index", take_local_index, 0 },
	{ "remote-index", "an index", take_remote_index, KEYWORD_MUST },
	{ "send-key", "a key file", take_send_key, KEYWORD_MUST },
	{ "receive-key", "a key file", take_receive_key, KEYWORD_MUST },
	{ "initiator", NULL, take_initiator, 0 },
	{ 0 },
};

static const struct keyword del_keywords[] = {
	{ "local-index", "an index", take_local_index, KEYWORD_MUST },
	{ 0 },
};

static const struct keyword show_keywords[] = {
	{ "local-index", "an index", take_local_index, 0 },
	{ 0 },
};

static int read_words(struct args *args, struct words *words, const struct keyword *keywords)
{
	int status = take_target(args, &words->target);

	return status ? status : args_keywords(args, keywords, NULL, words);
}

static int read_keys(struct keys *keys, const struct words *words)
{
	int status;

	if (strcmp(words->send_key_file, "-") == 0 && strcmp(words->receive_key_file, "-") == 0)
		return usage("only one of the two keys can come from standard input");

	status = key_read(keys->send, words->send_key_file);
	if (!status)
		status = key_read(keys->receive, words->receive_key_file);
	if (status)
		return status;

	/* Both directions count from 0: with one key, a nonce would be used twice. */
	if (sodium_memcmp(keys->send, keys->receive, FMP_KEY_SIZE) == 0)
		return usage_word(words->receive_key_file, "holds the same key as the send-key file");
	return STATUS_OK;
}

static void print_index(uint32_t index, bool json)
{
	struct json_object *object;

	if (!json) {
		printf("0x%08x\n", index);
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "local_index", json_object_new_uint64(index));
	json_print(object);
}

static int add_with_keys(const struct words *words, const struct keys *keys, bool json)
{
	struct session_new session = {
		.choose_index = !words->has_local_index,
		.local_index = words->local_index,
		.remote_index = words->remote_index,
		.send_key = keys->send,
		.receive_key = keys->receive,
		.initiator = words->initiator,
	};
	struct nl *nl;
	int status;

	memcpy(session.peer, words->peer, sizeof(session.peer));
	status = nl_open(&nl);
	if (status)
		return status;
	status = kernel_session_new(nl, &words->target, &session);
	nl_close(nl);
	if (!status)
		print_index(session.local_index, json);
	return status;
}

static int add(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	struct keys *keys;
	int status;

	status = read_words(args, &words, add_keywords);
	if (status)
		return status;

	keys = secret_alloc(sizeof(*keys));
	status = read_keys(keys, &words);
	if (!status)
		status = add_with_keys(&words, keys, options->json);
	secret_free(keys);
	return status;
}

static int del(struct args *args, const struct options *options)
{
	struct words words = { 0 };
	struct nl *nl;
	int status;

	(void)options;
	status = read_words(args, &words, del_keywords);
	if (!status)
		status = nl_open(&nl);
	if (status)
		return status;

	status = kernel_session_del(nl, &words.target, words.local_index);
	nl_close(nl);
	return status;
}

static void print_all(const struct sessions *sessions, bool json)
{
	struct json_object *list;
	size_t i;

	if (!json) {
		for (i = 0; i < sessions->count; i++)
			print_session_of_peer(&sessions->list[i]);
		return;
	}
	list = json_object_new_array();
	for (i = 0; i < sessions->count; i++)
		json_object_array_add(list, json_session(&sessions->list[i]));
	json_print(list);
}

static int show(struct args *args, const struct options *options)
{
	struct sessions sessions;
	struct words words = { 0 };
	struct nl *nl;
	int status;

	status = read_words(args, &words, show_keywords);
	if (!status)
		status = nl_open(&nl);
	if (status)
		return status;

	if (words.has_local_index)
		status = kernel_session(nl, &words.target, words.local_index, &sessions);
	else
		status = kernel_sessions(nl, &words.target, &sessions);
	nl_close(nl);
	if (status)
		return status;

	print_all(&sessions, options->json);
	sessions_release(&sessions);
	return STATUS_OK;
}

static const struct verb verbs[] = {
	{ "add", add },
	{ "del", del },
	{ "show", show },
	{ 0 },
};

static int run(struct args *args, const struct options *options)
{
	return run_verb(args, options, verbs);
}

const struct command command_session = {
	.name = "session",
	.summary = "add, remove and show the sessions of peers",
	.help =
	"Usage: fmp session add DEV peer KEY [local-index N] remote-index N\n"
	"                           send-key FILE receive-key FILE [initiator]\n"
	"       fmp session del DEV local-index N\n"
	"       fmp session show DEV [local-index N]\n"
	"\n"
	"'add' prints the local index. Key files hold 32 bytes or 64 hexadecimal digits;\n"
	"'-' is standard input. A key cannot be read back from the kernel.\n"
	"\n"
	"  local-index N   what the peer writes into its frames; without it, the kernel\n"
	"                  chooses one\n"
	"  remote-index N  what goes into ours\n"
	"  initiator       we initiated the handshake\n",
	.run = run,
};
