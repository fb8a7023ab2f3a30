// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of the handshake.  The first byte says for which side, and whether tags count: no
 * mutation gets past a tag, and there is more behind it.
 */
#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "fuzz.h"
#include "hsframe.h"
#include "identity.h"
#include "key.h"
#include "noise.h"
#include "util.h"

enum {
	TO_INITIATOR = 1,
	WITHOUT_TAGS = 2,
};

#define INDEX_A 0x11223344
#define INDEX_B 0xaabbccdd

static const uint8_t epoch_a[NOISE_EPOCH_LEN] = { 0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22 };
static const uint8_t epoch_b[NOISE_EPOCH_LEN] = { 0x33, 0x33, 0x33, 0x33, 0x44, 0x44, 0x44, 0x44 };

/* The walk-through of the specification, which is one of the seeds. */
static struct noise_identity identity_a, identity_b;
static uint8_t ephemeral_a[32], ephemeral_b[32];
static struct noise *initiator;
static struct noise_keys *keys_a, *keys_b, *scratch;
static uint8_t genuine1[NOISE_MSG1_LEN], genuine2[NOISE_MSG2_LEN];

static bool without_tags;

int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(
	unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
	unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
	const unsigned char *npub, const unsigned char *k);
int __real_crypto_aead_chacha20poly1305_ietf_decrypt(
	unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
	unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
	const unsigned char *npub, const unsigned char *k);

int __wrap_crypto_aead_chacha20poly1305_ietf_decrypt(
	unsigned char *m, unsigned long long *mlen, unsigned char *nsec, const unsigned char *c,
	unsigned long long clen, const unsigned char *ad, unsigned long long adlen,
	const unsigned char *npub, const unsigned char *k)
{
	if (!without_tags)
		return __real_crypto_aead_chacha20poly1305_ietf_decrypt(m, mlen, nsec, c, clen, ad,
									adlen, npub, k);
	return crypto_stream_chacha20_ietf_xor_ic(m, c, clen - 16, npub, 1, k);
}

static void make_identity(struct noise_identity *identity, uint8_t *ephemeral, int fill, int other)
{
	memset(identity->secret, fill, sizeof(identity->secret));
	memset(ephemeral, other, SECRET_SIZE);
	MUST(public_from_secret(identity->public, identity->secret) == KEY_OK);
}

static struct noise *begin(const struct noise_identity *identity, const uint8_t *ephemeral)
{
	struct noise *noise = noise_new(identity);

	MUST(noise_set_ephemeral(noise, ephemeral) == 0);
	return noise;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	uint8_t peer[32], epoch[NOISE_EPOCH_LEN];
	struct noise *responder;

	(void)argc;
	(void)argv;
	MUST(sodium_init() >= 0);
	make_identity(&identity_a, ephemeral_a, 0x01, 0x21);
	make_identity(&identity_b, ephemeral_b, 0x04, 0x22);
	keys_a = secret_alloc(sizeof(*keys_a));
	keys_b = secret_alloc(sizeof(*keys_b));
	scratch = secret_alloc(sizeof(*scratch));

	initiator = begin(&identity_a, ephemeral_a);
	responder = begin(&identity_b, ephemeral_b);
	MUST(noise_write1(initiator, identity_b.public + 1, epoch_a, genuine1) == 0);
	MUST(noise_read1(responder, genuine1, peer, epoch) == 0);
	MUST(noise_write2(responder, epoch_b, genuine2, keys_b) == 0);
	MUST(noise_read2(initiator, genuine2, epoch, keys_a) == 0);
	noise_free(responder);
	return 0;
}

/* Whether the two differ in no more than the parity of the point that they begin with. */
static bool alike(const uint8_t *message, const uint8_t *genuine, size_t len)
{
	return (message[0] | 1) == 3 && memcmp(message + 1, genuine + 1, len - 1) == 0;
}

static void read_msg1(const struct msg1 *msg)
{
	struct noise *responder = begin(&identity_b, ephemeral_b);
	uint8_t peer[32], epoch[NOISE_EPOCH_LEN], msg2[NOISE_MSG2_LEN];
	char npub[NPUB_SIZE];
	int err = noise_read1(responder, msg->noise, peer, epoch);

	MUST(!err || err == NOISE_E_POINT || err == NOISE_E_TAG || err == NOISE_E_SELF);
	if (!without_tags)
		MUST(!err == alike(msg->noise, genuine1, sizeof(genuine1)));
	if (err) {
		/* What was refused leaves nothing behind. */
		MUST(noise_write2(responder, epoch_b, msg2, scratch) == NOISE_E_STATE);
		without_tags = false;
		MUST(noise_read1(responder, genuine1, peer, epoch) == 0);
		MUST(memcmp(peer, identity_a.public + 1, sizeof(peer)) == 0);
	}
	npub_encode(npub, peer);
	MUST(npub_decode(peer, npub) == KEY_OK);
	MUST(noise_write2(responder, epoch_b, msg2, scratch) == 0);
	if (err)
		MUST(memcmp(msg2, genuine2, sizeof(msg2)) == 0);
	noise_free(responder);
}

static void read_msg2(const struct msg2 *msg)
{
	uint8_t epoch[NOISE_EPOCH_LEN];
	int err = noise_read2(initiator, msg->noise, epoch, scratch);

	MUST(!err || err == NOISE_E_POINT || err == NOISE_E_TAG);
	if (!without_tags)
		MUST(!err == alike(msg->noise, genuine2, sizeof(genuine2)));
	without_tags = false;
	MUST(noise_read2(initiator, genuine2, epoch, scratch) == 0);
	MUST(memcmp(scratch, keys_a, sizeof(*scratch)) == 0);
}

/* What is a frame is what we would have built. */
static void rebuild(const struct msg1 *one, const struct msg2 *two, const uint8_t *frame,
		    size_t len)
{
	uint8_t built[MSG1_FRAME_LEN];

	if (one) {
		msg1_build(built, one->sender, one->noise);
		MUST(len == MSG1_FRAME_LEN && memcmp(built, frame, len) == 0);
	} else {
		msg2_build(built, two->sender, two->receiver, two->noise);
		MUST(len == MSG2_FRAME_LEN && memcmp(built, frame, len) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg1 one;
	struct msg2 two;
	bool is_one, is_two;
	uint8_t *frame;

	if (!size)
		return 0;
	without_tags = data[0] & WITHOUT_TAGS;
	/* Of its own size: a byte too far is found. */
	frame = xcalloc(1, size - 1);
	memcpy(frame, data + 1, size - 1);

	is_one = msg1_parse(&one, frame, size - 1);
	is_two = msg2_parse(&two, frame, size - 1);
	MUST(!is_one || !is_two);
	if (is_one || is_two)
		rebuild(is_one ? &one : NULL, &two, frame, size - 1);
	if (is_one && !(data[0] & TO_INITIATOR))
		read_msg1(&one);
	if (is_two && data[0] & TO_INITIATOR)
		read_msg2(&two);
	free(frame);
	return 0;
}
