/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tun device as the network below: what is written to it is received on the spot, by the
 * thread that writes, which is how a kernel can tell what that ran through.
 */
#ifndef UNDERLAY_H
#define UNDERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forgery.h"
#include "recipe.h"

/**
 * struct underlay - one side of it
 * @number: of the device, u0 to u9, and in its addresses: 10.1.N.1 and fd01:N::1 are the
 *          host's, those of peers end in 2 to 5
 */
struct underlay {
	unsigned int number;
	int fd;
};

void underlay_open(struct underlay *underlay, unsigned int number);
uint32_t underlay_overlay(unsigned int number, unsigned int host);
bool underlay_send(const struct underlay *underlay, const struct forgery *forgery,
		   struct dice *dice);
void underlay_send_plain(const struct underlay *underlay, unsigned int host, const uint8_t *data,
			 size_t len);
void underlay_drain(const struct underlay *underlay);

#endif /* UNDERLAY_H */
