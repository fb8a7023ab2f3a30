/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_FUZZ_CONF_CHECKS_H
#define FMP_FUZZ_CONF_CHECKS_H

#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "fail.h"
#include "fuzz.h"
#include "plan.h"

/* What everything that works with a configuration relies on. */
static inline void check_conf(const struct conf *conf)
{
	size_t i, j;

	MUST(!conf_routes_by_mark(conf) || conf->interface.mark);
	for (i = 0; i < conf->peer_count; i++) {
		const struct conf_peer *peer = &conf->peers[i];

		MUST(peer->has_key && peer->line);
		MUST(conf_find_peer(conf, peer->key) == peer);
		MUST(!peer->endpoint || strlen(peer->endpoint) <= FMP_ENDPOINT_NAME_MAX);
		MUST(!peer->numeric || peer->endpoint);
		for (j = 0; j < peer->allowed.count; j++)
			MUST(peer->allowed.list[j].length <=
			     address_bits(peer->allowed.list[j].address.family));
	}
}

static inline void check_plan(const struct conf *conf)
{
	struct address own = { .family = AF_INET6 };
	struct plan plan;
	size_t i;

	plan_make(&plan, conf, plan_needs_identity(conf) ? &own : NULL);
	MUST(plan.address_count);
	for (i = 0; i < plan.route_count; i++)
		MUST(plan.routes[i].table);
	plan_release(&plan);
}

/*
 * Has the text read as a file of that name, and what is read planned. Before that, inspect
 * sees it, if it is not NULL, and says whether it is of interest. Messages go nowhere.
 */
static inline int fuzz_conf(const uint8_t *data, size_t size, const char *name,
			    bool (*inspect)(const struct conf *conf, const uint8_t *data,
					    size_t size))
{
	static FILE *silence;
	struct conf conf;
	FILE *file;

	if (!silence)
		silence = fopen("/dev/null", "w");
	if (!silence)
		return 0;
	file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	if (!file)
		return 0;
	fail_stream(silence);
	if (!conf_read(&conf, file, name) && (!inspect || inspect(&conf, data, size))) {
		check_conf(&conf);
		check_plan(&conf);
	}
	conf_release(&conf);
	fclose(file);
	return 0;
}

#endif /* FMP_FUZZ_CONF_CHECKS_H */
