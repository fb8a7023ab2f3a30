/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What include/fmp.yaml says of requests, as gen-spec.py writes it down.
 */
#ifndef SPEC_H
#define SPEC_H

#include <stdbool.h>
#include <stdint.h>

enum spec_type {
	SPEC_U8,
	SPEC_U16,
	SPEC_U32,
	SPEC_BINARY,
	SPEC_STRING,
	SPEC_FLAG,
	SPEC_NEST,
};

/**
 * enum spec_role - what a value stands for, if there are some that lead further
 */
enum spec_role {
	SPEC_ANY,
	SPEC_IFINDEX,
	SPEC_PEER,
	SPEC_KEY,
	SPEC_INDEX,
	SPEC_IPV4,
	SPEC_IPV6,
	SPEC_PORT,
	SPEC_PORT_BE,
	SPEC_UNDERLAY,
	SPEC_ENDPOINT_NAME,
	SPEC_FRAME,
	SPEC_PAYLOAD,
};

/**
 * struct spec_attr - an attribute
 * @name: in the specification
 * @len: exact one of binaries, longest one of strings; 0 for any
 * @min: least number
 * @max: greatest one
 * @multi: may be there more than once
 * @nested: what is in it, if it is a nest
 */
struct spec_attr {
	const char *name;
	uint16_t number;
	enum spec_type type;
	enum spec_role role;
	uint16_t len;
	uint32_t min, max;
	bool multi;
	const struct spec_set *nested;
};

/**
 * struct spec_set - attributes
 * @attrs: of these it has @n
 */
struct spec_set {
	const struct spec_attr *attrs;
	unsigned int n;
};

/**
 * struct spec_op - a request
 * @dump: it wants a dump
 * @open: nobody needs rights for it
 */
struct spec_op {
	const char *name;
	uint8_t number;
	bool dump;
	bool open;
	struct spec_set set;
};

extern const struct spec_op spec_ops[];
extern const unsigned int spec_n_ops;
/* What IFLA_INFO_DATA has. */
extern const struct spec_set spec_link;
/* All attributes of all sets, for what does not belong where it is. */
extern const struct spec_set spec_all;

#endif /* SPEC_H */
