/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Peers and sessions that are in order, for requests to be about.
 */
#ifndef PROVISION_H
#define PROVISION_H

#include "mutant.h"

void provision(int fd, struct mutant_world *world, uint64_t chance);

#endif /* PROVISION_H */
