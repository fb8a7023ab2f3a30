/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_SCENE_H
#define FMP_SCENE_H

#include <stdbool.h>

#include "fake.h"

/*
 * Kernels to look at, from one that tells next to nothing to one that tells all. Peers
 * have traffic: it goes on by one step with each time that they are listed.
 *
 *   none     no device
 *   bare     names and keys, nothing else
 *   old      a module from before there were metrics
 *   quiet    nothing is known yet: the peers are new
 *   full     everything is told: a peer that is up, one that is down, one that is new
 *   many     300 peers
 *   gone     as full; after three lists the device is gone
 *   strange  as full; its names have characters that mean something elsewhere
 *   newer    as full; its modes of reports are not known here
 *   leaving  as full; another device is gone when its peers are asked for
 */
bool scene_choose(const char *name);
void scene_serve(struct fake *fake, const struct nlmsghdr *request);

/* Runs the words after the name of a scene: the program on a terminal, for scripts. */
int scene_main(int argc, char **argv);

#endif /* FMP_SCENE_H */
