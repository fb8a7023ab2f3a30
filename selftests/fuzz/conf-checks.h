/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_FUZZ_CONF_CHECKS_H
#define FMP_FUZZ_CONF_CHECKS_H

#include <string.h>

#include "conf.h"
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

#endif /* FMP_FUZZ_CONF_CHECKS_H */
