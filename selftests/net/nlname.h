/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of the family's commands and attributes.
 */
#ifndef NLNAME_H
#define NLNAME_H

#include <stdint.h>

/**
 * struct name - a command or an attribute
 * @name: as in include/fmp.yaml
 * @number: as in the messages
 * @nested: attributes of the command, or within the attribute; ends with a NULL name
 */
struct name {
	const char *name;
	uint16_t number;
	const struct name *nested;
};

extern const struct name command_names[];
extern const struct name link_attrs[];
extern const struct name peer_attrs[];
extern const struct name session_attrs[];

const struct name *find_name(const struct name *names, const char *text);
const struct name *find_number(const struct name *names, uint16_t number);

#endif /* NLNAME_H */
