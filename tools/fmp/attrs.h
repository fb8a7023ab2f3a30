/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_ATTRS_H
#define FMP_ATTRS_H

#include <libmnl/libmnl.h>
#include <stdint.h>

/* An attribute set of the netlink specification, for messages about attributes. */
struct attr_set {
	const char *const *names;	/* by attribute type, NULL where there is none */
	unsigned int count;
	uint16_t nest;			/* the attribute that holds another set, or 0 */
	const struct attr_set *nested;
};

/* The set that the attributes of a command are of, NULL for an unknown command. */
const struct attr_set *attr_set_of(uint8_t command);

/* NULL when there is no such attribute. */
const char *attr_name(const struct attr_set *set, uint16_t type);

/*
 * The name of the attribute at an offset of a request, as the kernel reports it.
 * NULL when the offset is not the start or the payload of an attribute.
 */
const char *attr_name_at(const struct nlmsghdr *request, uint32_t offset);

/* The set of the attributes within the nest at an offset, or of the top level for 0. */
const struct attr_set *attr_set_at(const struct nlmsghdr *request, uint32_t offset);

#endif /* FMP_ATTRS_H */
