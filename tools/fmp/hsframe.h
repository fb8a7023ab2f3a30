/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_HSFRAME_H
#define FMP_HSFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "noise.h"

/*
 * Frames of the handshake, phases 1 and 2.  Nothing in them but the Noise message is
 * authenticated: indices are what whoever sent the frame says.
 */

enum {
	MSG1_FRAME_LEN = 8 + NOISE_MSG1_LEN,
	MSG2_FRAME_LEN = 12 + NOISE_MSG2_LEN,
};

/* noise points into the frame. */
struct msg1 {
	uint32_t sender;	/* index that the initiator receives on */
	const uint8_t *noise;
};

struct msg2 {
	uint32_t sender;	/* index that the responder receives on */
	uint32_t receiver;	/* the initiator's, as in msg1 */
	const uint8_t *noise;
};

/* False for what is not, as a whole, a frame of this kind. */
bool msg1_parse(struct msg1 *msg, const uint8_t *frame, size_t len);
bool msg2_parse(struct msg2 *msg, const uint8_t *frame, size_t len);

void msg1_build(uint8_t frame[MSG1_FRAME_LEN], uint32_t sender,
		const uint8_t noise[NOISE_MSG1_LEN]);
void msg2_build(uint8_t frame[MSG2_FRAME_LEN], uint32_t sender, uint32_t receiver,
		const uint8_t noise[NOISE_MSG2_LEN]);

#endif /* FMP_HSFRAME_H */
