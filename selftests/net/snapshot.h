/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that the kernel tells of the devices of a namespace, but for what changes by itself.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdint.h>

struct mutant_world;

/**
 * struct snapshot - sockets to take some with
 */
struct snapshot {
	int genl, route;
	uint16_t family;
};

void snapshot_open(struct snapshot *snapshot);
char *snapshot_take(const struct snapshot *snapshot);
void snapshot_devices(const struct snapshot *snapshot, struct mutant_world *world);
void snapshot_clear(const struct snapshot *snapshot);

#endif /* SNAPSHOT_H */
