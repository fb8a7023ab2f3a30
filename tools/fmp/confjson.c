// SPDX-License-Identifier: GPL-2.0
#include "confjson.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "conffile.h"
#include "confkeys.h"
#include "confscan.h"
#include "fail.h"
#include "nearest.h"
#include "util.h"

/* Names are those of fmp --json show, and so are units: see docs/json.md. */

enum kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_SWITCH,
	KIND_LIST,
};

/* A key of JSON, and how its value is written as that of the key of a file. */
struct member {
	const char *name;
	const char *key;
	enum kind kind;
	uint32_t least, most;	/* of a number */
	const char *zero;	/* what 0 is, where least is more */
	unsigned int decimals;	/* how many of the digits are behind the point there */
	const char *words[4];	/* the only texts, or what may take the place of a number */
	const char *none;	/* what an empty text, or an empty list, is */
};

#define MODES "full", "lightweight", "minimal"

static const struct member interface_members[] = {
	{ "private_key_file", "PrivateKeyFile", .kind = KIND_TEXT },
	{ "port", "ListenPort", .kind = KIND_NUMBER, .least = 0, .most = UINT16_MAX },
	{ "addresses", "Address", .kind = KIND_LIST },
	{ "mtu", "MTU", .kind = KIND_NUMBER, .least = 1, .most = UINT32_MAX },
	{ "fwmark", "FwMark", .kind = KIND_NUMBER, .least = 0, .most = UINT32_MAX },
	{ "table", "Table", KIND_NUMBER, 1, UINT32_MAX, .words = { "auto", "off" } },
	{ "source_check", "SourceCheck", .kind = KIND_SWITCH },
	{ "local", "Local", KIND_LIST, .none = "any" },
	{ "underlay", "Underlay", KIND_TEXT, .none = "any" },
	{ "tos", "Tos", KIND_NUMBER, 0, UINT8_MAX, .words = { "inherit" } },
	{ "ttl", "Ttl", KIND_NUMBER, 1, UINT8_MAX, .zero = "auto" },
	{ "multicast", "Multicast", .kind = KIND_SWITCH },
	{ "allow", "Allow", .kind = KIND_TEXT },
	{ "deny", "Deny", .kind = KIND_TEXT },
	{ "handshake_burst", "HandshakeBurst", .kind = KIND_NUMBER, .least = 1, .most = UINT32_MAX },
	{ "handshake_rate", "HandshakeRate", .kind = KIND_NUMBER, .least = 1, .most = UINT32_MAX },
	{ "mmp_mode", "Metrics", KIND_TEXT, .words = { MODES } },
	{ "ecn", "Ecn", .kind = KIND_SWITCH },
	{ "congestion_loss", "CongestionLoss", KIND_NUMBER, 1, 1000, .zero = "off", .decimals = 1 },
	{ "congestion_etx", "CongestionEtx", KIND_NUMBER, 101, 10000, .zero = "off", .decimals = 2 },
	{ "tx_batch", "TxBatch", .kind = KIND_SWITCH },
	{ "rx_batch", "RxBatch", .kind = KIND_SWITCH },
	{ "suspend_wipe", "SuspendWipe", .kind = KIND_SWITCH },
	{ "pre_up", "PreUp", .kind = KIND_LIST },
	{ "post_up", "PostUp", .kind = KIND_LIST },
	{ "pre_down", "PreDown", .kind = KIND_LIST },
	{ "post_down", "PostDown", .kind = KIND_LIST },
	{ 0 },
};

static const struct member peer_members[] = {
	{ "public_key", "PublicKey", .kind = KIND_TEXT },
	{ "endpoint", "Endpoint", .kind = KIND_TEXT },
	{ "allowed_ips", "AllowedIPs", KIND_LIST, .none = "" },
	{ "auto_connect", "AutoConnect", .kind = KIND_SWITCH },
	{ "heartbeat", "Heartbeat", KIND_NUMBER, 1, UINT16_MAX, .zero = "off" },
	{ "dead_timeout", "DeadTimeout", KIND_NUMBER, 1, UINT16_MAX, .zero = "off" },
	{ "mmp_mode", "Metrics", KIND_TEXT, .words = { MODES, "device" } },
	{ 0 },
};

struct reader {
	struct conf *conf;
	const char *name;
	struct confscan scan;
	struct confkeys *keys;

	const struct member *members;	/* of the object that is read */
	size_t index;			/* of the peer */
	unsigned int line;
	char path[CONFSCAN_PATH];

	unsigned int errors;
	int status;
};

static void note(struct reader *r, int status)
{
	if (!status)
		return;
	r->errors++;
	if (!r->status)
		r->status = status;
}

static bool is_too_much(const struct reader *r)
{
	return r->errors >= CONFFILE_ERRORS_MAX;
}

/* Messages tell of this key, or of the object when it is NULL. */
static void at(struct reader *r, const char *key)
{
	fail_place(r->name, r->line);
	if (r->members == peer_members)
		confscan_peer_path(r->path, r->index, key);
	else
		snprintf(r->path, sizeof(r->path), "interface%s%s", key ? "." : "", key ? key : "");
	fail_key(r->path);
}

/* --- values */

static int take_word(struct reader *r, const struct member *member, const char *word)
{
	char *copy = xstrdup(word);
	int status = confkeys_take(r->keys, member->key, copy);

	free(copy);
	return status;
}

/* What a file cannot say either. */
static int check_text(const char *text, size_t len)
{
	size_t i;

	if (len > CONFFILE_LINE_MAX)
		return usage("the text is too long");
	for (i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return usage("a control character");
	return STATUS_OK;
}

static int not_among(const struct member *member, const char *text)
{
	char *known = xstrdup(""), *longer;
	size_t i;
	int status;

	for (i = 0; i < ARRAY_SIZE(member->words) && member->words[i]; i++) {
		longer = xasprintf("%s%s'%s'", known, i ? ", " : "", member->words[i]);
		free(known);
		known = longer;
	}
	status = usage_word(text, "%snone of %s", member->kind == KIND_NUMBER ? "no number, and " : "",
			    known);
	free(known);
	return status;
}

static int take_known(struct reader *r, const struct member *member, const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(member->words) && member->words[i]; i++)
		if (strcmp(text, member->words[i]) == 0)
			return take_word(r, member, text);
	return not_among(member, text);
}

static int take_text(struct reader *r, const struct member *member, struct json_object *value)
{
	const char *text;
	int status;

	if (!json_object_is_type(value, json_type_string))
		return usage("a string belongs here");
	text = json_object_get_string(value);
	status = check_text(text, (size_t)json_object_get_string_len(value));
	if (status)
		return status;
	if (!*text && member->kind == KIND_TEXT && member->none)
		return take_word(r, member, member->none);
	if (!*text)
		return usage("has no value");
	if (member->words[0])
		return take_known(r, member, text);
	if (member->kind == KIND_LIST && member->none && strcasecmp(text, member->none) == 0)
		return usage_word(text, "an empty list is for that");
	return take_word(r, member, text);
}

static int out_of_range(const struct member *member, struct json_object *value)
{
	const char *shown = json_object_get_string(value);
	int64_t number = json_object_get_int64(value);

	/* It is not what was written then. */
	if (number == INT64_MAX || number == INT64_MIN)
		return usage("too large a number, not a number from %" PRIu32 " to %" PRIu32,
			     member->least, member->most);
	if (member->zero)
		return usage_word(shown, "neither 0 nor a number from %" PRIu32 " to %" PRIu32,
				  member->least, member->most);
	return usage_word(shown, "not a number from %" PRIu32 " to %" PRIu32, member->least,
			  member->most);
}

static int take_number(struct reader *r, const struct member *member, struct json_object *value)
{
	int64_t number = json_object_get_int64(value);
	char word[24];

	if (number == 0 && member->zero)
		return take_word(r, member, member->zero);
	if (number < member->least || number > member->most)
		return out_of_range(member, value);
	switch (member->decimals) {
	case 1:
		snprintf(word, sizeof(word), "%" PRId64 ".%" PRId64, number / 10, number % 10);
		break;
	case 2:
		snprintf(word, sizeof(word), "%" PRId64 ".%02" PRId64, number / 100, number % 100);
		break;
	default:
		snprintf(word, sizeof(word), "%" PRId64, number);
	}
	return take_word(r, member, word);
}

static int take_number_or_word(struct reader *r, const struct member *member,
			       struct json_object *value)
{
	if (json_object_is_type(value, json_type_int))
		return take_number(r, member, value);
	if (!member->words[0] || !json_object_is_type(value, json_type_string))
		return usage("a whole number belongs here");
	return take_text(r, member, value);
}

static int take_switch(struct reader *r, const struct member *member, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_boolean))
		return usage("true or false belongs here");
	return take_word(r, member, json_object_get_boolean(value) ? "on" : "off");
}

static int take_list(struct reader *r, const struct member *member, struct json_object *value)
{
	size_t i, count;
	int status = STATUS_OK;
	char key[CONFSCAN_PATH / 2];

	if (!json_object_is_type(value, json_type_array))
		return usage("a list of strings belongs here");
	count = json_object_array_length(value);
	if (!count && member->none)
		return take_word(r, member, member->none);
	for (i = 0; i < count && !status; i++) {
		snprintf(key, sizeof(key), "%s[%zu]", member->name, i);
		at(r, key);
		status = take_text(r, member, json_object_array_get_idx(value, i));
	}
	return status;
}

static int take_value(struct reader *r, const struct member *member, struct json_object *value)
{
	switch (member->kind) {
	case KIND_NUMBER:
		return take_number_or_word(r, member, value);
	case KIND_SWITCH:
		return take_switch(r, member, value);
	case KIND_LIST:
		return take_list(r, member, value);
	default:
		return take_text(r, member, value);
	}
}

/* --- objects */

static const struct member *find_member(const struct member *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static int unknown_member(const struct reader *r, const char *word)
{
	const struct member *other = r->members == peer_members ? interface_members : peer_members;

	if (r->members == interface_members && strcmp(word, "private_key") == 0)
		return usage("a secret key does not belong here; put it into a file of its own "
			     "(fmp genkey >FILE) and name that with private_key_file");
	if (strlen(word) > CONFFILE_KEY_MAX)
		return usage("the key is too long, there is none such");
	if (find_member(other, word))
		return usage_word(word, "not a key of %s, but of %s",
				  r->members == peer_members ? "a peer" : "'interface'",
				  r->members == peer_members ? "'interface'" : "a peer");
	return usage_word(word, "unknown key, is %s meant?", nearest(word, r->members, sizeof(*r->members)));
}

static void take_members(struct reader *r, struct json_object *object)
{
	const struct member *member;

	json_object_object_foreach(object, name, value) {
		if (is_too_much(r))
			return;
		member = find_member(r->members, name);
		at(r, member ? name : NULL);
		note(r, member ? take_value(r, member, value) : unknown_member(r, name));
	}
}

static void begin(struct reader *r, const char *section, const struct member *members,
		  unsigned int line)
{
	r->members = members;
	r->line = line;
	at(r, NULL);
	note(r, confkeys_ops.section(r->keys, section, line));
}

static void read_interface(struct reader *r, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_object)) {
		fail_key("interface");
		note(r, usage("an object belongs here"));
		return;
	}
	begin(r, "Interface", interface_members, r->scan.interface_line);
	take_members(r, value);
}

static void read_peer(struct reader *r, struct json_object *value, size_t index)
{
	unsigned int line = index < r->scan.peer_count ? r->scan.peer_lines[index] : 1;

	r->index = index;
	begin(r, "Peer", peer_members, line);
	if (json_object_is_type(value, json_type_object))
		take_members(r, value);
	else
		note(r, usage("an object belongs here"));
}

static void read_peers(struct reader *r, struct json_object *value)
{
	size_t i;

	if (!json_object_is_type(value, json_type_array)) {
		fail_key("peers");
		note(r, usage("a list of objects belongs here"));
		return;
	}
	for (i = 0; i < json_object_array_length(value) && !is_too_much(r); i++)
		read_peer(r, json_object_array_get_idx(value, i), i);
}

/*
 * Both have to be there: what a file does not say is taken away by syncconf, and a
 * program that forgot the peers does not mean that.
 */
static void read_whole(struct reader *r, struct json_object *whole)
{
	static const char *const wanted[] = { "interface", "peers" };
	size_t i;

	json_object_object_foreach(whole, name, value) {
		fail_place(r->name, 0);
		if (strcmp(name, "interface") == 0)
			read_interface(r, value);
		else if (strcmp(name, "peers") == 0)
			read_peers(r, value);
		else if (strlen(name) > CONFFILE_KEY_MAX)
			note(r, usage("the key is too long, there is none such"));
		else
			note(r, usage_word(name, "unknown key, 'interface' and 'peers' are known"));
		if (is_too_much(r)) {
			report("too many errors, the rest is not read");
			return;
		}
	}
	fail_place(r->name, 0);
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!json_object_object_get_ex(whole, wanted[i], NULL))
			note(r, usage("'%s' is missing", wanted[i]));
}

/* --- the text */

static size_t skip_blanks(const char *text, size_t len, size_t i)
{
	while (i < len && strchr(" \t\r\n", text[i]) && text[i])
		i++;
	return i;
}

/* Some editors write a byte order mark. */
static size_t skip_mark(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool confjson_is(const char *text, size_t len)
{
	size_t start = skip_blanks(text, len, skip_mark(text, len));

	return start < len && text[start] == '{';
}

/*
 * The byte after the text, a NUL, tells json-c that there is no more of it, and ends it
 * early where it is in the middle.
 */
static struct json_object *parse(const char *text, size_t len, const char *name)
{
	struct json_tokener *tokener = json_tokener_new_ex(CONFSCAN_DEPTH);
	struct json_object *whole;
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		exit(refused("out of memory"));
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	whole = json_tokener_parse_ex(tokener, text, (int)len + 1);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);

	if (whole && skip_blanks(text, len, end) < len) {
		fail_place(name, confscan_line(text, end));
		report("something follows after the end of the JSON text");
		json_object_put(whole);
		return NULL;
	}
	if (!whole) {
		fail_place(name, confscan_line(text, end < len ? end : len));
		report("not JSON: %s", json_tokener_error_desc(error));
	}
	return whole;
}

int confjson_read(struct conf *conf, const char *text, size_t len, const char *name)
{
	struct reader r = { .conf = conf, .name = name };
	size_t mark = skip_mark(text, len);
	struct json_object *whole;

	conf->json = true;
	if (len > CONFFILE_SIZE_MAX) {
		fail_place(name, 0);
		note(&r, usage("the file is too long"));
		fail_place(NULL, 0);
		return r.status;
	}
	/* Ahead of the parser, whose memory is limited by this. */
	note(&r, confscan(&r.scan, text + mark, len - mark, name));
	whole = r.status ? NULL : parse(text + mark, len - mark, name);
	if (!whole)
		note(&r, STATUS_USAGE);
	if (!r.status) {
		r.keys = confkeys_new(conf, name);
		read_whole(&r, whole);
		free(r.keys);
	}
	confscan_release(&r.scan);
	json_object_put(whole);
	fail_place(NULL, 0);
	return r.status;
}
