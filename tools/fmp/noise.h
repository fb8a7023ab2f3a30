/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_NOISE_H
#define FMP_NOISE_H

#include <stdint.h>

/*
 * The handshake: Noise IK over secp256k1 as FIPS does it, which is not the Noise of the
 * book (docs/protocol.md says where it differs).
 *
 *	initiator		responder
 *	noise_new()		noise_new()
 *	noise_write1()	-->	noise_read1()
 *	noise_read2()	<--	noise_write2()
 *	noise_free()		noise_free()
 *
 * A struct noise is one side of one handshake.  Nothing here is retried or remembered: a
 * message that is to be sent again is kept by the caller.
 */

enum {
	NOISE_MSG1_LEN = 106,
	NOISE_MSG2_LEN = 57,
	NOISE_EPOCH_LEN = 8,
	NOISE_EPHEMERAL_LEN = 33,	/* what each message begins with, in the clear */
};

/* What the functions below return when it is not 0. */
enum noise_error {
	NOISE_E_POINT = -1,	/* not a public key: no point of the curve */
	NOISE_E_TAG = -2,	/* not for us, not from whom it says, or damaged */
	NOISE_E_SELF = -3,	/* the other side has our own key */
	NOISE_E_KEY = -4,	/* our secret key is none */
	NOISE_E_STATE = -5,	/* not this side's turn, or not this side's message */
};

/* What is wrong, for messages. */
const char *noise_strerror(int err);

/* In locked memory; public is what public_from_secret() makes of secret. */
struct noise_identity {
	uint8_t secret[32];
	uint8_t public[33];
};

/* Keys of a session, in locked memory of the caller. */
struct noise_keys {
	uint8_t send[32];
	uint8_t receive[32];
};

struct noise;

/*
 * In locked memory.  self has to live until noise_write1() or noise_read1() has
 * succeeded; it is not looked at after that.
 */
struct noise *noise_new(const struct noise_identity *self);

/* Wipes; NULL is nothing to free. */
void noise_free(struct noise *noise);

/*
 * For tests: the ephemeral secret that noise_write1() or noise_write2() is going to use
 * instead of a random one.
 */
int noise_set_ephemeral(struct noise *noise, const uint8_t secret[32]);

/*
 * Initiator.  peer_x is the identity of the responder, who may have a key of either
 * parity.  After a failure the handshake has not begun.
 */
int noise_write1(struct noise *noise, const uint8_t peer_x[32],
		 const uint8_t epoch[NOISE_EPOCH_LEN], uint8_t out[NOISE_MSG1_LEN]);

/*
 * Responder.  Who the initiator is is learned here, and proven: whether it is welcome is
 * the caller's to judge.  That it is fresh is not known before a frame of the session
 * arrives: a message of before can be replayed.  After a failure the handshake has not
 * begun, peer_x and epoch are as they were, and another message may be read.
 */
int noise_read1(struct noise *noise, const uint8_t in[NOISE_MSG1_LEN], uint8_t peer_x[32],
		uint8_t epoch[NOISE_EPOCH_LEN]);

/* Responder, once; what is left in noise afterwards is wiped. */
int noise_write2(struct noise *noise, const uint8_t epoch[NOISE_EPOCH_LEN],
		 uint8_t out[NOISE_MSG2_LEN], struct noise_keys *keys);

/*
 * Initiator.  Works on a copy, so that a forged message does not spoil the genuine one
 * that may follow it, and may be called any number of times.  epoch and keys are
 * written on success only.
 */
int noise_read2(const struct noise *noise, const uint8_t in[NOISE_MSG2_LEN],
		uint8_t epoch[NOISE_EPOCH_LEN], struct noise_keys *keys);

#endif /* FMP_NOISE_H */
