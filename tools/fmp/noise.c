// SPDX-License-Identifier: GPL-2.0
#include "noise.h"

#include <stdbool.h>
#include <string.h>

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <sodium.h>

#include "identity.h"
#include "key.h"
#include "symmetric.h"

enum {
	X_LEN = 32,
	SEALED_STATIC = NOISE_EPHEMERAL_LEN,
	SEALED_EPOCH1 = SEALED_STATIC + COMPRESSED_SIZE + SYMMETRIC_TAG_LEN,
	SEALED_EPOCH2 = NOISE_EPHEMERAL_LEN,

	/* What the libraries' functions may have written secrets to, with room to spare. */
	STACK_USED = 16384,
};

_Static_assert(NOISE_EPHEMERAL_LEN == COMPRESSED_SIZE, "ephemeral keys are points");
_Static_assert(SEALED_EPOCH1 + NOISE_EPOCH_LEN + SYMMETRIC_TAG_LEN == NOISE_MSG1_LEN, "msg1");
_Static_assert(SEALED_EPOCH2 + NOISE_EPOCH_LEN + SYMMETRIC_TAG_LEN == NOISE_MSG2_LEN, "msg2");

enum stage {
	STAGE_NEW,
	STAGE_WROTE1,	/* the initiator waits for msg2 */
	STAGE_READ1,	/* the responder owes msg2 */
	STAGE_DONE,
};

struct noise {
	struct symmetric sym;
	enum stage stage;
	const struct noise_identity *self;
	bool have_ephemeral;
	uint8_t secret[SECRET_SIZE];		/* of the ephemeral key */
	uint8_t public[COMPRESSED_SIZE];
	secp256k1_pubkey remote;		/* the other side's ephemeral key */
	uint8_t es[32];

	/* Room for what is on its way into the state. */
	uint8_t dh[32];
	uint8_t identity[COMPRESSED_SIZE];
	uint8_t epoch[NOISE_EPOCH_LEN];
};

const char *noise_strerror(int err)
{
	switch (err) {
	case 0:
		return "no error";
	case NOISE_E_POINT:
		return "a public key that is no point of the curve";
	case NOISE_E_TAG:
		return "it does not authenticate";
	case NOISE_E_SELF:
		return "the other side has our own key";
	case NOISE_E_KEY:
		return "our secret key is not valid";
	case NOISE_E_STATE:
		return "not the message that is due";
	}
	return "unknown error";
}

struct noise *noise_new(const struct noise_identity *self)
{
	struct noise *noise = secret_alloc(sizeof(*noise));

	memset(noise, 0, sizeof(*noise));
	noise->self = self;
	return noise;
}

void noise_free(struct noise *noise)
{
	secret_free(noise);
}

static int parse_point(secp256k1_pubkey *point, const uint8_t bytes[COMPRESSED_SIZE])
{
	if (!secp256k1_ec_pubkey_parse(secp256k1_context_static, point, bytes, COMPRESSED_SIZE))
		return NOISE_E_POINT;
	return 0;
}

/* Of an identity only x is known; which of its two points is taken shows nowhere. */
static void even_point(uint8_t out[COMPRESSED_SIZE], const uint8_t x[X_LEN])
{
	out[0] = SECP256K1_TAG_PUBKEY_EVEN;
	memcpy(out + 1, x, X_LEN);
}

static int hash_x(unsigned char *out, const unsigned char *x, const unsigned char *y, void *arg)
{
	(void)y;
	(void)arg;
	crypto_hash_sha256(out, x, X_LEN);
	return 1;
}

/* In constant time; the context is used for nothing that could be blinded. */
static int dh(uint8_t out[32], const uint8_t secret[SECRET_SIZE], const secp256k1_pubkey *point)
{
	if (!secp256k1_ecdh(secp256k1_context_static, out, point, secret, hash_x, NULL))
		return NOISE_E_KEY;
	return 0;
}

static int mix_dh(struct noise *noise, const uint8_t secret[SECRET_SIZE],
		  const secp256k1_pubkey *point)
{
	int err = dh(noise->dh, secret, point);

	if (!err)
		symmetric_mix_key(&noise->sym, noise->dh);
	return err;
}

static int use_ephemeral(struct noise *noise)
{
	if (public_from_secret(noise->public, noise->secret))
		return NOISE_E_KEY;
	noise->have_ephemeral = true;
	return 0;
}

static int take_ephemeral(struct noise *noise)
{
	if (noise->have_ephemeral)
		return 0;

	do {
		randombytes_buf(noise->secret, sizeof(noise->secret));
	} while (!secret_valid(noise->secret));
	return use_ephemeral(noise);
}

int noise_set_ephemeral(struct noise *noise, const uint8_t secret[SECRET_SIZE])
{
	int err;

	memcpy(noise->secret, secret, SECRET_SIZE);
	err = use_ephemeral(noise);
	sodium_stackzero(STACK_USED);
	return err;
}

static void begin(struct noise *noise, const uint8_t responder_x[X_LEN])
{
	uint8_t point[COMPRESSED_SIZE];

	even_point(point, responder_x);
	symmetric_init(&noise->sym);
	symmetric_mix_hash(&noise->sym, point, sizeof(point));
}

/* All that a message put here; an ephemeral key of ours that has not been sent stays. */
static void forget(struct noise *noise)
{
	sodium_memzero(&noise->sym, sizeof(noise->sym));
	sodium_memzero(&noise->remote, sizeof(noise->remote));
	sodium_memzero(noise->es, sizeof(noise->es));
	sodium_memzero(noise->dh, sizeof(noise->dh));
	sodium_memzero(noise->identity, sizeof(noise->identity));
	sodium_memzero(noise->epoch, sizeof(noise->epoch));
}

static void forget_ephemeral(struct noise *noise)
{
	sodium_memzero(noise->secret, sizeof(noise->secret));
	sodium_memzero(noise->public, sizeof(noise->public));
	noise->have_ephemeral = false;
}

static int write1(struct noise *noise, const uint8_t peer_x[X_LEN],
		  const uint8_t epoch[NOISE_EPOCH_LEN], uint8_t out[NOISE_MSG1_LEN])
{
	const struct noise_identity *self = noise->self;
	uint8_t peer[COMPRESSED_SIZE];
	secp256k1_pubkey point;
	int err;

	even_point(peer, peer_x);
	err = parse_point(&point, peer);
	if (err)
		return err;
	if (memcmp(peer_x, self->public + 1, X_LEN) == 0)
		return NOISE_E_SELF;
	err = take_ephemeral(noise);
	if (err)
		return err;

	begin(noise, peer_x);
	memcpy(out, noise->public, NOISE_EPHEMERAL_LEN);
	symmetric_mix_hash(&noise->sym, noise->public, NOISE_EPHEMERAL_LEN);

	err = dh(noise->es, noise->secret, &point);
	if (err)
		return err;
	symmetric_mix_key(&noise->sym, noise->es);
	symmetric_seal(&noise->sym, out + SEALED_STATIC, self->public, COMPRESSED_SIZE);

	err = mix_dh(noise, self->secret, &point);
	if (err)
		return err;
	symmetric_seal(&noise->sym, out + SEALED_EPOCH1, epoch, NOISE_EPOCH_LEN);
	return 0;
}

int noise_write1(struct noise *noise, const uint8_t peer_x[X_LEN],
		 const uint8_t epoch[NOISE_EPOCH_LEN], uint8_t out[NOISE_MSG1_LEN])
{
	int err;

	if (noise->stage != STAGE_NEW)
		return NOISE_E_STATE;

	err = write1(noise, peer_x, epoch, out);
	if (err)
		forget(noise);
	else
		noise->stage = STAGE_WROTE1;
	sodium_stackzero(STACK_USED);
	return err;
}

static int read1(struct noise *noise, const uint8_t in[NOISE_MSG1_LEN])
{
	const struct noise_identity *self = noise->self;
	secp256k1_pubkey initiator;
	int err;

	err = parse_point(&noise->remote, in);
	if (err)
		return err;

	begin(noise, self->public + 1);
	symmetric_mix_hash(&noise->sym, in, NOISE_EPHEMERAL_LEN);

	err = dh(noise->es, self->secret, &noise->remote);
	if (err)
		return err;
	symmetric_mix_key(&noise->sym, noise->es);
	if (!symmetric_open(&noise->sym, noise->identity, in + SEALED_STATIC, COMPRESSED_SIZE))
		return NOISE_E_TAG;
	err = parse_point(&initiator, noise->identity);
	if (err)
		return err;

	err = mix_dh(noise, self->secret, &initiator);
	if (err)
		return err;
	if (!symmetric_open(&noise->sym, noise->epoch, in + SEALED_EPOCH1, NOISE_EPOCH_LEN))
		return NOISE_E_TAG;

	/* Anybody can claim to be us: only now it is proven. */
	if (memcmp(noise->identity + 1, self->public + 1, X_LEN) == 0)
		return NOISE_E_SELF;
	return 0;
}

int noise_read1(struct noise *noise, const uint8_t in[NOISE_MSG1_LEN], uint8_t peer_x[X_LEN],
		uint8_t epoch[NOISE_EPOCH_LEN])
{
	int err;

	if (noise->stage != STAGE_NEW)
		return NOISE_E_STATE;

	err = read1(noise, in);
	if (err) {
		forget(noise);
	} else {
		memcpy(peer_x, noise->identity + 1, X_LEN);
		memcpy(epoch, noise->epoch, NOISE_EPOCH_LEN);
		noise->stage = STAGE_READ1;
	}
	sodium_stackzero(STACK_USED);
	return err;
}

/*
 * What both sides do for msg2.  The second secret is es again: where the book would have
 * the initiator's static and the responder's ephemeral key, every implementation has this.
 */
static int mix_msg2(struct noise *noise, const uint8_t ephemeral[NOISE_EPHEMERAL_LEN])
{
	int err;

	symmetric_mix_hash(&noise->sym, ephemeral, NOISE_EPHEMERAL_LEN);
	err = mix_dh(noise, noise->secret, &noise->remote);
	if (err)
		return err;
	symmetric_mix_key(&noise->sym, noise->es);
	return 0;
}

static int write2(struct noise *noise, const uint8_t epoch[NOISE_EPOCH_LEN],
		  uint8_t out[NOISE_MSG2_LEN], struct noise_keys *keys)
{
	int err;

	err = take_ephemeral(noise);
	if (err)
		return err;
	err = mix_msg2(noise, noise->public);
	if (err)
		return err;

	memcpy(out, noise->public, NOISE_EPHEMERAL_LEN);
	symmetric_seal(&noise->sym, out + SEALED_EPOCH2, epoch, NOISE_EPOCH_LEN);
	symmetric_split(&noise->sym, keys->receive, keys->send);
	return 0;
}

int noise_write2(struct noise *noise, const uint8_t epoch[NOISE_EPOCH_LEN],
		 uint8_t out[NOISE_MSG2_LEN], struct noise_keys *keys)
{
	int err;

	if (noise->stage != STAGE_READ1)
		return NOISE_E_STATE;

	err = write2(noise, epoch, out, keys);
	forget(noise);
	forget_ephemeral(noise);
	noise->stage = STAGE_DONE;
	sodium_stackzero(STACK_USED);
	return err;
}

static int read2(struct noise *noise, const uint8_t in[NOISE_MSG2_LEN])
{
	int err;

	err = parse_point(&noise->remote, in);
	if (err)
		return err;
	err = mix_msg2(noise, in);
	if (err)
		return err;
	if (!symmetric_open(&noise->sym, noise->epoch, in + SEALED_EPOCH2, NOISE_EPOCH_LEN))
		return NOISE_E_TAG;
	return 0;
}

int noise_read2(const struct noise *noise, const uint8_t in[NOISE_MSG2_LEN],
		uint8_t epoch[NOISE_EPOCH_LEN], struct noise_keys *keys)
{
	struct noise *copy;
	int err;

	if (noise->stage != STAGE_WROTE1)
		return NOISE_E_STATE;

	copy = secret_alloc(sizeof(*copy));
	*copy = *noise;
	err = read2(copy, in);
	if (!err) {
		memcpy(epoch, copy->epoch, NOISE_EPOCH_LEN);
		symmetric_split(&copy->sym, keys->send, keys->receive);
	}
	secret_free(copy);
	sodium_stackzero(STACK_USED);
	return err;
}
