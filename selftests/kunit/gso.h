/* SPDX-License-Identifier: GPL-2.0 */
/*
 * GSO packets for unit tests.
 */
#ifndef FMP_GSO_H
#define FMP_GSO_H

#include <linux/skbuff.h>

#include "suites.h"

/**
 * struct fmp_gso_case - a GSO packet
 * @name: of the case
 * @type: SKB_GSO_*
 * @size: payload of a segment
 * @payload: of all
 * @linear: of that, what is with the headers; the rest is in pages
 * @options: bytes of TCP options
 * @ip_options: bytes of IPv4 options
 */
struct fmp_gso_case {
	const char *name;
	unsigned int type;
	unsigned int size;
	unsigned int payload;
	unsigned int linear;
	unsigned int options;
	unsigned int ip_options;
};

struct sk_buff *fmp_gso_packet(struct kunit *test,
			       const struct fmp_gso_case *c, bool v6);

#endif /* FMP_GSO_H */
