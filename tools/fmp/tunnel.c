// SPDX-License-Identifier: GPL-2.0
#include "tunnel.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fail.h"
#include "identity.h"
#include "key.h"
#include "background.h"
#include "util.h"

#define SUFFIX ".conf"
#define SUFFIX_JSON ".json"

static bool ends_with(const char *word, const char *end)
{
	size_t len = strlen(word);

	return len >= strlen(end) && strcmp(word + len - strlen(end), end) == 0;
}

/* The length of the word without its ending, which is all of it when it has none. */
static size_t stem(const char *word)
{
	if (ends_with(word, SUFFIX))
		return strlen(word) - strlen(SUFFIX);
	if (ends_with(word, SUFFIX_JSON))
		return strlen(word) - strlen(SUFFIX_JSON);
	return strlen(word);
}

/* The kernel takes more names, of which some are trouble in file names and in shells. */
static bool is_device_name(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=+.-";

	return *name && *name != '-' && strlen(name) < IFNAMSIZ && strspn(name, good) == strlen(name) &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* As an absolute path, for the agent is in another directory. */
static char *absolute(const char *path)
{
	char buffer[PATH_MAX];

	return xstrdup(realpath(path, buffer) ? buffer : path);
}

int tunnel_take_name(struct args *args, struct tunnel *tunnel)
{
	const char *word, *base;
	int status = args_want(args, &word, "the name of a device, or a file");

	if (status)
		return status;
	base = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
	if (base != word || word[stem(word)])
		tunnel->file = absolute(word);
	else
		tunnel->file = xasprintf(TUNNEL_CONF_DIR "/%s" SUFFIX, word);

	tunnel->name = xstrdup(base);
	tunnel->name[stem(base)] = '\0';
	if (!is_device_name(tunnel->name))
		return usage_word(tunnel->name, "not a name of a network device");
	tunnel->target.name = tunnel->name;
	return STATUS_OK;
}

/* Its hooks are run by whoever brings the device up. */
static void warn_of_writers(const struct tunnel *tunnel)
{
	struct stat st;

	if (conf_has_hooks(&tunnel->conf) && stat(tunnel->file, &st) == 0 &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		warning_word(tunnel->file, "others can write to it (mode %04o), and what it says is run",
			     (unsigned int)st.st_mode & 07777);
}

static int check_not_ourselves(const struct tunnel *tunnel, const uint8_t *key)
{
	const struct conf_peer *peer = conf_find_peer(&tunnel->conf, key);
	int status;

	if (!peer)
		return STATUS_OK;
	conf_place_peer(&tunnel->conf, tunnel->file, peer);
	status = usage("this peer is ourselves, PrivateKeyFile has the same key");
	fail_place(NULL, 0);
	return status;
}

static int read_identity(struct tunnel *tunnel)
{
	const char *path = tunnel->conf.interface.private_key_file;
	uint8_t *secret = secret_alloc(SECRET_SIZE), point[COMPRESSED_SIZE];
	int status = secret_read_quietly(secret, path);

	if (!status && public_from_secret(point, secret))
		status = usage_word(path, "%s", key_strerror(KEY_RANGE));
	secret_free(secret);
	if (status)
		return status;

	tunnel->has_own = true;
	tunnel->own.family = AF_INET6;
	tunnel->own.v6 = address_of_key(point + 1);
	return check_not_ourselves(tunnel, point + 1);
}

int tunnel_load(struct tunnel *tunnel)
{
	int status = conf_load(&tunnel->conf, tunnel->file);

	if (status)
		return status;
	warn_of_writers(tunnel);
	if (tunnel->conf.interface.private_key_file)
		status = read_identity(tunnel);
	else if (tunnel->with_agent)
		status = usage_word(tunnel->file, "has no PrivateKeyFile, without which there is no agent; "
				    "--no-agent does without");
	else if (plan_needs_identity(&tunnel->conf))
		status = usage_word(tunnel->file, "has neither an Address nor a PrivateKeyFile that one "
				    "follows from");
	if (!status)
		plan_make(&tunnel->plan, &tunnel->conf, tunnel->has_own ? &tunnel->own : NULL);
	return status;
}

int tunnel_open(struct tunnel *tunnel)
{
	int status = background_lock(tunnel->name);

	if (!status)
		status = nl_open_route(&tunnel->route);
	return status;
}

bool tunnel_exists(struct tunnel *tunnel)
{
	tunnel->target.ifindex = if_nametoindex(tunnel->name);
	return tunnel->target.ifindex;
}

void tunnel_release(struct tunnel *tunnel)
{
	nl_close(tunnel->nl);
	nl_close(tunnel->route);
	plan_release(&tunnel->plan);
	conf_release(&tunnel->conf);
	free(tunnel->name);
	free(tunnel->file);
}

/* Those of RULE_MAIN are all the same: as many go as there were of RULE_MARK. */
int tunnel_remove_rules(struct tunnel *tunnel, uint32_t mark)
{
	struct rule_list rules;
	struct rule main_rule;
	int status, one;
	size_t i;

	if (!mark)
		return STATUS_OK;
	status = rtnl_rules(tunnel->route, &rules);
	for (i = 0; i < rules.count; i++) {
		if (rules.list[i].kind != RULE_MARK || rules.list[i].mark != mark)
			continue;
		main_rule = rules.list[i];
		main_rule.kind = RULE_MAIN;
		one = rtnl_delete_rule(tunnel->route, &rules.list[i]);
		status = status ? status : one;
		one = rtnl_delete_rule(tunnel->route, &main_rule);
		status = status ? status : one;
	}
	free(rules.list);
	return status;
}
