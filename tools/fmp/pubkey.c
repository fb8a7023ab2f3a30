// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fail.h"
#include "identity.h"
#include "json.h"
#include "key.h"
#include "print.h"
#include "util.h"

enum form {
	FORM_NPUB,
	FORM_HEX,
	FORM_ADDRESS,
	FORM_NODE_ADDR,
};

struct texts {
	char npub[NPUB_SIZE];
	char hex[2 * FMP_PUBLIC_KEY_SIZE + 1];
	char address[ADDRESS_TEXT];
	char node_addr[2 * FMP_NODE_ADDR_SIZE + 1];
};

static int read_form(struct args *args, enum form *form)
{
	static const struct {
		const char *option;
		enum form form;
	} known[] = {
		{ "--hex", FORM_HEX },
		{ "--address", FORM_ADDRESS },
		{ "--node-addr", FORM_NODE_ADDR },
	};
	const char *word = args_peek(args);
	size_t i;

	*form = FORM_NPUB;
	if (!word)
		return STATUS_OK;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(word, known[i].option) != 0)
			continue;
		*form = known[i].form;
		args_expect(args, word);
		return args_end(args);
	}
	return usage_word(word, "unknown option, known here: --hex, --address, --node-addr");
}

static void make_texts(struct texts *texts, const uint8_t *key)
{
	uint8_t node_addr[FMP_NODE_ADDR_SIZE];
	struct address address = { .family = AF_INET6 };

	node_addr_of(node_addr, key);
	address.v6 = address_of_node(node_addr);
	npub_encode(texts->npub, key);
	hex_encode(texts->hex, key, FMP_PUBLIC_KEY_SIZE);
	hex_encode(texts->node_addr, node_addr, sizeof(node_addr));
	address_text(texts->address, &address);
}

static void print_json(const struct texts *texts)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "public_key", json_object_new_string(texts->npub));
	json_object_object_add(object, "public_key_hex", json_object_new_string(texts->hex));
	json_object_object_add(object, "node_addr", json_object_new_string(texts->node_addr));
	json_object_object_add(object, "address", json_object_new_string(texts->address));
	json_print(object);
}

static void print_form(const struct texts *texts, enum form form)
{
	switch (form) {
	case FORM_NPUB:
		puts(texts->npub);
		break;
	case FORM_HEX:
		puts(texts->hex);
		break;
	case FORM_ADDRESS:
		puts(texts->address);
		break;
	case FORM_NODE_ADDR:
		puts(texts->node_addr);
		break;
	}
}

static int read_public(uint8_t point[COMPRESSED_SIZE])
{
	uint8_t *secret = secret_alloc(SECRET_SIZE);
	int status = secret_read(secret, "-");

	if (!status && public_from_secret(point, secret))
		status = usage("%s", key_strerror(KEY_RANGE));
	secret_free(secret);
	return status;
}

static int run(struct args *args, const struct options *options)
{
	uint8_t point[COMPRESSED_SIZE];
	struct texts texts;
	enum form form;
	int status;

	status = read_form(args, &form);
	if (!status)
		status = read_public(point);
	if (status)
		return status;

	/* The identity is the x coordinate; which of the two points it is does not matter. */
	make_texts(&texts, point + 1);
	if (options->json)
		print_json(&texts);
	else
		print_form(&texts, form);
	return STATUS_OK;
}

const struct command command_pubkey = {
	.name = "pubkey",
	.summary = "print the public key of a secret one",
	.help =
	"Usage: fmp pubkey [--hex|--address|--node-addr] <FILE\n"
	"\n"
	"Reads a secret key, nsec or 64 hexadecimal digits, from standard input and\n"
	"prints the npub that belongs to it.\n"
	"\n"
	"  --hex         the public key as 64 hexadecimal digits\n"
	"  --address     the address in fd00::/8\n"
	"  --node-addr   the NodeAddr as 32 hexadecimal digits\n",
	.run = run,
};
