// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <sodium.h>

#include "harness.h"
#include "hsframe.h"
#include "identity.h"
#include "key.h"
#include "noise.h"
#include "record.h"
#include "symmetric.h"
#include "util.h"

static const uint8_t epoch_a[NOISE_EPOCH_LEN] = "epoch a";
static const uint8_t epoch_b[NOISE_EPOCH_LEN] = "epoch b";

static struct noise_identity identity_of(int fill)
{
	struct noise_identity identity;

	memset(identity.secret, fill, sizeof(identity.secret));
	CHECK(public_from_secret(identity.public, identity.secret) == KEY_OK);
	return identity;
}

static struct noise_keys *keys_new(void)
{
	struct noise_keys *keys = secret_alloc(sizeof(*keys));

	memset(keys, 0xee, sizeof(*keys));
	return keys;
}

static bool keys_match(const struct noise_keys *a, const struct noise_keys *b)
{
	return memcmp(a->send, b->receive, sizeof(a->send)) == 0 &&
	       memcmp(a->receive, b->send, sizeof(a->send)) == 0 &&
	       memcmp(a->send, a->receive, sizeof(a->send)) != 0;
}

static bool untouched(const void *data, size_t len, int fill)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < len && bytes[i] == fill; i++)
		;
	return i == len;
}

/* Two sides that know each other's identity, as far as msg2. */
struct couple {
	struct noise_identity a, b;
	struct noise *initiator, *responder;
	size_t size;	/* of each of these */
	struct noise_keys *ours, *theirs;
	uint8_t msg1[NOISE_MSG1_LEN];
	uint8_t msg2[NOISE_MSG2_LEN];
};

static void couple_start(struct couple *couple, int a, int b)
{
	uint8_t peer[FMP_PUBLIC_KEY_SIZE], epoch[NOISE_EPOCH_LEN];

	couple->a = identity_of(a);
	couple->b = identity_of(b);
	couple->initiator = noise_new(&couple->a);
	couple->responder = noise_new(&couple->b);
	couple->size = secret_size;
	couple->ours = keys_new();
	couple->theirs = keys_new();

	CHECK(noise_write1(couple->initiator, couple->b.public + 1, epoch_a, couple->msg1) == 0);
	CHECK(noise_read1(couple->responder, couple->msg1, peer, epoch) == 0);
	CHECK(memcmp(peer, couple->a.public + 1, sizeof(peer)) == 0);
	CHECK(memcmp(epoch, epoch_a, sizeof(epoch)) == 0);
	CHECK(noise_write2(couple->responder, epoch_b, couple->msg2, couple->theirs) == 0);
}

static void couple_check(struct couple *couple)
{
	uint8_t epoch[NOISE_EPOCH_LEN];

	memset(couple->ours, 0, sizeof(*couple->ours));
	CHECK(noise_read2(couple->initiator, couple->msg2, epoch, couple->ours) == 0);
	CHECK(memcmp(epoch, epoch_b, sizeof(epoch)) == 0);
	CHECK(keys_match(couple->ours, couple->theirs));
}

static void couple_end(struct couple *couple)
{
	noise_free(couple->initiator);
	noise_free(couple->responder);
	secret_free(couple->ours);
	secret_free(couple->theirs);
}

static void test_parities(void)
{
	static const int secrets[] = { 0x01, 0x04, 0x02, 0x03 };
	unsigned int odd = 0, even = 0, i, j;
	struct couple couple;

	for (i = 0; i < ARRAY_SIZE(secrets); i++) {
		for (j = 0; j < ARRAY_SIZE(secrets); j++) {
			if (i == j)
				continue;
			couple_start(&couple, secrets[i], secrets[j]);
			couple_check(&couple);
			odd += couple.b.public[0] == 3;
			even += couple.b.public[0] == 2;
			couple_end(&couple);
		}
	}
	CHECK(secrets_live == 0);
	CHECK_FMT(odd && even, "%u responders of odd and %u of even parity", odd, even);
}

/* The responder of the walk-through, whose key is odd, as an administrator names it. */
static void test_npub(void)
{
	struct noise_identity self = identity_of(0x02), other = identity_of(0x04);
	uint8_t npub_x[FMP_PUBLIC_KEY_SIZE], peer[FMP_PUBLIC_KEY_SIZE], epoch[NOISE_EPOCH_LEN];
	uint8_t msg1[NOISE_MSG1_LEN];
	struct noise *initiator = noise_new(&self), *responder = noise_new(&other);
	char npub[NPUB_SIZE];

	CHECK(other.public[0] == 3);
	npub_encode(npub, other.public + 1);
	CHECK(public_key_decode(npub_x, npub) == KEY_OK);
	CHECK(noise_write1(initiator, npub_x, epoch_a, msg1) == 0);
	CHECK(noise_read1(responder, msg1, peer, epoch) == 0);
	CHECK(memcmp(peer, self.public + 1, sizeof(peer)) == 0);
	noise_free(initiator);
	noise_free(responder);
}

static void test_fresh(void)
{
	struct couple one, two;

	couple_start(&one, 0x01, 0x02);
	couple_start(&two, 0x01, 0x02);
	CHECK(memcmp(one.msg1, two.msg1, NOISE_EPHEMERAL_LEN) != 0);
	CHECK(memcmp(one.msg2, two.msg2, NOISE_EPHEMERAL_LEN) != 0);
	CHECK(memcmp(one.theirs, two.theirs, sizeof(*one.theirs)) != 0);
	couple_end(&one);
	couple_end(&two);
	CHECK(secrets_live == 0);
}

/* Each bit of msg2: all but the parity of its point are refused, and nothing is spoilt. */
static void test_forged_msg2(void)
{
	uint8_t forged[NOISE_MSG2_LEN], epoch[NOISE_EPOCH_LEN], *before;
	unsigned int bit, points = 0, tags = 0, taken = 0;
	struct couple couple;
	int err;

	couple_start(&couple, 0x01, 0x04);
	before = xcalloc(1, couple.size);
	memcpy(before, couple.initiator, couple.size);

	for (bit = 0; bit < 8 * NOISE_MSG2_LEN; bit++) {
		memcpy(forged, couple.msg2, sizeof(forged));
		forged[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(epoch, 0xdd, sizeof(epoch));
		memset(couple.ours, 0xdd, sizeof(*couple.ours));

		err = noise_read2(couple.initiator, forged, epoch, couple.ours);
		points += err == NOISE_E_POINT;
		tags += err == NOISE_E_TAG;
		if (!err) {
			taken++;
			CHECK_FMT(bit == 0, "bit %u", bit);
			CHECK(keys_match(couple.ours, couple.theirs));
			continue;
		}
		CHECK(untouched(epoch, sizeof(epoch), 0xdd));
		CHECK(untouched(couple.ours, sizeof(*couple.ours), 0xdd));
	}
	CHECK_FMT(taken == 1 && points > 8 && tags > 24 * 8 - 1 &&
		  points + tags + taken == bit, "%u points, %u tags", points, tags);

	CHECK(memcmp(before, couple.initiator, couple.size) == 0);
	free(before);
	couple_check(&couple);
	/* As often as it arrives. */
	couple_check(&couple);
	couple_end(&couple);
	CHECK(secrets_live == 0);
}

/* Of another handshake between the same two, and of somebody else. */
static void test_other_msg2(void)
{
	struct couple one, two, stranger;
	uint8_t epoch[NOISE_EPOCH_LEN];

	couple_start(&one, 0x01, 0x04);
	couple_start(&two, 0x01, 0x04);
	couple_start(&stranger, 0x01, 0x05);
	CHECK(noise_read2(one.initiator, two.msg2, epoch, one.ours) == NOISE_E_TAG);
	CHECK(noise_read2(one.initiator, stranger.msg2, epoch, one.ours) == NOISE_E_TAG);
	couple_check(&one);
	couple_check(&two);
	couple_check(&stranger);
	couple_end(&one);
	couple_end(&two);
	couple_end(&stranger);
	CHECK(secrets_live == 0);
}

/* Each bit of msg1: refused, after which the genuine one is read by the same state. */
static void test_forged_msg1(void)
{
	struct noise_identity a = identity_of(0x01), b = identity_of(0x04);
	uint8_t msg1[NOISE_MSG1_LEN], forged[NOISE_MSG1_LEN], peer[32], epoch[NOISE_EPOCH_LEN];
	struct noise *initiator = noise_new(&a), *responder = noise_new(&b);
	unsigned int bit, points = 0, tags = 0;
	int err;

	CHECK(noise_write1(initiator, b.public + 1, epoch_a, msg1) == 0);
	for (bit = 1; bit < 8 * NOISE_MSG1_LEN; bit++) {
		memcpy(forged, msg1, sizeof(forged));
		forged[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(peer, 0xdd, sizeof(peer));
		memset(epoch, 0xdd, sizeof(epoch));
		err = noise_read1(responder, forged, peer, epoch);
		points += err == NOISE_E_POINT;
		tags += err == NOISE_E_TAG;
		CHECK(untouched(peer, sizeof(peer), 0xdd));
		CHECK(untouched(epoch, sizeof(epoch), 0xdd));
	}
	CHECK_FMT(points > 7 && tags >= 73 * 8 && points + tags == bit - 1,
		  "%u points, %u tags", points, tags);
	CHECK(noise_read1(responder, msg1, peer, epoch) == 0);
	CHECK(memcmp(peer, a.public + 1, sizeof(peer)) == 0);
	noise_free(initiator);
	noise_free(responder);
	CHECK(secrets_live == 0);
}

static void test_turns(void)
{
	uint8_t peer[32], epoch[NOISE_EPOCH_LEN], out1[NOISE_MSG1_LEN], out2[NOISE_MSG2_LEN];
	struct couple couple;
	struct noise *fresh;

	couple_start(&couple, 0x01, 0x04);
	fresh = noise_new(&couple.a);
	memset(out1, 0xdd, sizeof(out1));
	memset(out2, 0xdd, sizeof(out2));

	/* Neither has begun, the initiator is no responder, the responder has said all. */
	CHECK(noise_read2(fresh, couple.msg2, epoch, couple.ours) == NOISE_E_STATE);
	CHECK(noise_write2(fresh, epoch_a, out2, couple.ours) == NOISE_E_STATE);
	CHECK(noise_write1(couple.initiator, couple.b.public + 1, epoch_a, out1) == NOISE_E_STATE);
	CHECK(noise_read1(couple.initiator, couple.msg1, peer, epoch) == NOISE_E_STATE);
	CHECK(noise_write2(couple.initiator, epoch_a, out2, couple.ours) == NOISE_E_STATE);
	CHECK(noise_write1(couple.responder, couple.a.public + 1, epoch_a, out1) == NOISE_E_STATE);
	CHECK(noise_read1(couple.responder, couple.msg1, peer, epoch) == NOISE_E_STATE);
	CHECK(noise_read2(couple.responder, couple.msg2, epoch, couple.ours) == NOISE_E_STATE);
	CHECK(noise_write2(couple.responder, epoch_a, out2, couple.ours) == NOISE_E_STATE);
	CHECK(untouched(out1, sizeof(out1), 0xdd) && untouched(out2, sizeof(out2), 0xdd));
	CHECK(untouched(couple.ours, sizeof(*couple.ours), 0xee));

	/* A message goes in one direction. */
	CHECK(noise_read1(fresh, couple.msg1, peer, epoch) == NOISE_E_TAG);
	noise_free(fresh);

	/* Between msg1 and msg2 it is the responder's turn to write and nothing else. */
	fresh = noise_new(&couple.b);
	CHECK(noise_read1(fresh, couple.msg1, peer, epoch) == 0);
	CHECK(noise_read1(fresh, couple.msg1, peer, epoch) == NOISE_E_STATE);
	CHECK(noise_read2(fresh, couple.msg2, epoch, couple.ours) == NOISE_E_STATE);
	CHECK(noise_write1(fresh, couple.a.public + 1, epoch_a, out1) == NOISE_E_STATE);
	noise_free(fresh);

	couple_check(&couple);
	couple_end(&couple);
}

static int only_x(unsigned char *out, const unsigned char *x, const unsigned char *y, void *arg)
{
	(void)y;
	(void)arg;
	crypto_hash_sha256(out, x, 32);
	return 1;
}

static void product(uint8_t out[32], const uint8_t *secret, const uint8_t *point)
{
	secp256k1_pubkey parsed;

	CHECK(secp256k1_ec_pubkey_parse(secp256k1_context_static, &parsed, point, 33));
	CHECK(secp256k1_ecdh(secp256k1_context_static, out, &parsed, secret, only_x, NULL));
}

/* A msg1 by whoever says it is s, and knows secret: what noise_write1() would not make. */
static void craft_msg1(uint8_t out[NOISE_MSG1_LEN], const struct noise_identity *responder,
		       const uint8_t s[33], const uint8_t secret[32])
{
	struct noise_identity e = identity_of(0x55);
	struct symmetric sym;
	uint8_t premessage[33], dh[32];

	memcpy(premessage, responder->public, sizeof(premessage));
	premessage[0] = 2;
	symmetric_init(&sym);
	symmetric_mix_hash(&sym, premessage, sizeof(premessage));
	memcpy(out, e.public, 33);
	symmetric_mix_hash(&sym, e.public, 33);
	product(dh, e.secret, responder->public);
	symmetric_mix_key(&sym, dh);
	symmetric_seal(&sym, out + 33, s, 33);
	product(dh, secret, responder->public);
	symmetric_mix_key(&sym, dh);
	symmetric_seal(&sym, out + 82, epoch_a, sizeof(epoch_a));
}

static int read_crafted(const struct noise_identity *responder, const uint8_t s[33],
			const uint8_t secret[32], uint8_t peer[32])
{
	struct noise *noise = noise_new(responder);
	uint8_t msg1[NOISE_MSG1_LEN], epoch[NOISE_EPOCH_LEN];
	int err;

	craft_msg1(msg1, responder, s, secret);
	err = noise_read1(noise, msg1, peer, epoch);
	noise_free(noise);
	return err;
}

static void test_identities(void)
{
	struct noise_identity b = identity_of(0x04), other = identity_of(0x09);
	uint8_t claim[33], peer[32];

	CHECK(read_crafted(&b, other.public, other.secret, peer) == 0);
	CHECK(memcmp(peer, other.public + 1, sizeof(peer)) == 0);

	/* Somebody else's name, or ours, without the key to it. */
	CHECK(read_crafted(&b, identity_of(0x0a).public, other.secret, peer) == NOISE_E_TAG);
	CHECK(read_crafted(&b, b.public, other.secret, peer) == NOISE_E_TAG);

	/* Who knows the key has either parity of it: it is the same identity. */
	memcpy(claim, other.public, sizeof(claim));
	claim[0] ^= 1;
	CHECK(read_crafted(&b, claim, other.secret, peer) == 0);
	CHECK(memcmp(peer, other.public + 1, sizeof(peer)) == 0);

	/* No point: nothing of that x, or not what a compressed point begins with. */
	claim[0] = 4;
	CHECK(read_crafted(&b, claim, other.secret, peer) == NOISE_E_POINT);
	memset(claim, 0xff, sizeof(claim));
	claim[0] = 2;
	CHECK(read_crafted(&b, claim, other.secret, peer) == NOISE_E_POINT);
	memset(claim + 1, 0, sizeof(claim) - 1);
	CHECK(read_crafted(&b, claim, other.secret, peer) == NOISE_E_POINT);
}

static void test_self(void)
{
	struct noise_identity self = identity_of(0x04);
	struct noise *noise = noise_new(&self);
	uint8_t msg1[NOISE_MSG1_LEN], claim[33], peer[32];

	CHECK(noise_write1(noise, self.public + 1, epoch_a, msg1) == NOISE_E_SELF);
	CHECK(noise_write1(noise, identity_of(0x05).public + 1, epoch_a, msg1) == 0);
	noise_free(noise);

	CHECK(read_crafted(&self, self.public, self.secret, peer) == NOISE_E_SELF);
	memcpy(claim, self.public, sizeof(claim));
	claim[0] ^= 1;
	CHECK(read_crafted(&self, claim, self.secret, peer) == NOISE_E_SELF);
}

static void test_bad_keys(void)
{
	static const uint8_t zero[32];
	struct noise_identity self = identity_of(0x04), other = identity_of(0x05);
	uint8_t msg1[NOISE_MSG1_LEN], high[32], peer[32], epoch[NOISE_EPOCH_LEN];
	struct noise *noise = noise_new(&self), *sender;

	memset(high, 0xff, sizeof(high));
	CHECK(noise_write1(noise, high, epoch_a, msg1) == NOISE_E_POINT);
	CHECK(noise_write1(noise, zero, epoch_a, msg1) == NOISE_E_POINT);
	CHECK(noise_set_ephemeral(noise, zero) == NOISE_E_KEY);
	CHECK(noise_set_ephemeral(noise, high) == NOISE_E_KEY);
	/* After which the handshake has not begun. */
	CHECK(noise_write1(noise, other.public + 1, epoch_a, msg1) == 0);
	noise_free(noise);

	memset(self.secret, 0, sizeof(self.secret));
	noise = noise_new(&self);
	CHECK(noise_write1(noise, other.public + 1, epoch_a, msg1) == NOISE_E_KEY);
	noise_free(noise);

	sender = noise_new(&other);
	CHECK(noise_write1(sender, self.public + 1, epoch_a, msg1) == 0);
	noise = noise_new(&self);
	CHECK(noise_read1(noise, msg1, peer, epoch) == NOISE_E_KEY);
	noise_free(noise);
	noise_free(sender);
	noise_free(NULL);
	CHECK(secrets_live == 0);
}

static void test_errors(void)
{
	static const int errors[] = {
		0, NOISE_E_POINT, NOISE_E_TAG, NOISE_E_SELF, NOISE_E_KEY, NOISE_E_STATE,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		CHECK(errors[i] <= 0 && strcmp(noise_strerror(errors[i]), "unknown error") != 0);
		for (j = 0; j < i; j++)
			CHECK(strcmp(noise_strerror(errors[i]), noise_strerror(errors[j])) != 0);
	}
	CHECK(strcmp(noise_strerror(-1000), "unknown error") == 0);
}

/* What nobody but the two sides may know, of a handshake whose ephemeral keys are set. */
struct secrets {
	uint8_t list[48][32];
	size_t count;
};

static struct secrets secrets;

static void add_secret(const uint8_t secret[32])
{
	uint8_t *reversed;
	size_t i;

	if (!CHECK(secrets.count + 2 <= ARRAY_SIZE(secrets.list)) || sodium_is_zero(secret, 32))
		return;
	memcpy(secrets.list[secrets.count++], secret, 32);
	/* As a number of the machine. */
	reversed = secrets.list[secrets.count++];
	for (i = 0; i < 32; i++)
		reversed[i] = secret[31 - i];
}

/* How many of them are in memory; 16 bytes of one are enough. */
static size_t count_secrets(const uint8_t *memory, size_t len)
{
	size_t i, found = 0;

	for (i = 0; i < secrets.count; i++) {
		if (memmem(memory, len, secrets.list[i], 16) ||
		    memmem(memory, len, secrets.list[i] + 16, 16))
			found++;
	}
	return found;
}

static const uint8_t ephemeral_a[32] = "the initiator's ephemeral secret";
static const uint8_t ephemeral_b[32] = "the responder's ephemeral secret";
static struct noise_identity *long_term;	/* in locked memory */
static struct noise *seen_initiator, *seen_responder;
static size_t seen_size;
static struct noise_keys *seen_keys;

static void play_failures(void)
{
	uint8_t msg1[NOISE_MSG1_LEN] = { 2 }, peer[32], epoch[NOISE_EPOCH_LEN];
	struct noise *noise = noise_new(&long_term[1]);

	memcpy(msg1 + 1, long_term[0].public + 1, 32);
	CHECK(noise_read1(noise, msg1, peer, epoch) == NOISE_E_TAG);
	noise_free(noise);
}

static void *play_both(void *arg)
{
	uint8_t msg1[NOISE_MSG1_LEN], msg2[NOISE_MSG2_LEN], peer[32], epoch[NOISE_EPOCH_LEN];

	(void)arg;
	play_failures();
	seen_initiator = noise_new(&long_term[0]);
	seen_responder = noise_new(&long_term[1]);
	seen_size = secret_size;
	CHECK(noise_set_ephemeral(seen_initiator, ephemeral_a) == 0);
	CHECK(noise_set_ephemeral(seen_responder, ephemeral_b) == 0);
	CHECK(noise_write1(seen_initiator, long_term[1].public + 1, epoch_a, msg1) == 0);
	CHECK(noise_read1(seen_responder, msg1, peer, epoch) == 0);
	CHECK(noise_write2(seen_responder, epoch_b, msg2, &seen_keys[1]) == 0);
	msg2[NOISE_MSG2_LEN - 1] ^= 1;
	CHECK(noise_read2(seen_initiator, msg2, epoch, &seen_keys[0]) == NOISE_E_TAG);
	msg2[NOISE_MSG2_LEN - 1] ^= 1;
	CHECK(noise_read2(seen_initiator, msg2, epoch, &seen_keys[0]) == 0);
	return NULL;
}

static void *play_carelessly(void *arg)
{
	uint8_t room[1024];

	/* Deep enough not to be written over on the way out of the thread. */
	memset(room, 0, sizeof(room));
	memcpy(room, ephemeral_a, sizeof(ephemeral_a));
	__asm__ volatile("" : : "r"(room) : "memory");
	return play_both(arg);
}

#define STACK (256 << 10)

/* By way of the kernel: that a stack is not in use is no news here. */
static void read_memory(uint8_t *out, const void *from, size_t len)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	CHECK(pread(fd, out, len, (off_t)(uintptr_t)from) == (ssize_t)len);
	close(fd);
}

/* Runs play on a stack of its own and returns how many secrets are left on it. */
static size_t left_on_stack(void *(*play)(void *))
{
	uint8_t *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *copy = xcalloc(1, STACK);
	pthread_attr_t attr;
	pthread_t thread;
	size_t found;

	CHECK(stack != MAP_FAILED);
	CHECK(pthread_attr_init(&attr) == 0 && pthread_attr_setstack(&attr, stack, STACK) == 0);
	CHECK(pthread_create(&thread, &attr, play, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	pthread_attr_destroy(&attr);

	read_memory(copy, stack, STACK);
	found = count_secrets(copy, STACK);
	free(copy);
	munmap(stack, STACK);
	return found;
}

static void learn_secrets(const struct record *record)
{
	const struct step *step;

	for (step = record->steps; step < record->steps + record->count; step++) {
		if (step->kind == STEP_KEY) {
			add_secret(step->ck);
			add_secret(step->k);
			add_secret(step->dh_x);
		}
		if (step->kind == STEP_KEY && step != &record->steps[9])
			add_secret(step->dh);
	}
	add_secret(seen_keys[0].send);
	add_secret(seen_keys[0].receive);
	add_secret(long_term[0].secret);
	add_secret(long_term[1].secret);
	add_secret(ephemeral_a);
	add_secret(ephemeral_b);
}

static void seen_free(void)
{
	noise_free(seen_initiator);
	noise_free(seen_responder);
}

static void learn(void)
{
	uint8_t msg1[NOISE_MSG1_LEN], msg2[NOISE_MSG2_LEN], peer[32], epoch[NOISE_EPOCH_LEN];
	struct noise *initiator = noise_new(&long_term[0]);
	struct noise *responder = noise_new(&long_term[1]);
	struct record record;

	CHECK(noise_set_ephemeral(initiator, ephemeral_a) == 0);
	CHECK(noise_set_ephemeral(responder, ephemeral_b) == 0);
	CHECK(noise_write1(initiator, long_term[1].public + 1, epoch_a, msg1) == 0);
	record_start(&record);
	CHECK(noise_read1(responder, msg1, peer, epoch) == 0);
	CHECK(noise_write2(responder, epoch_b, msg2, &seen_keys[1]) == 0);
	record_stop();
	CHECK(noise_read2(initiator, msg2, epoch, &seen_keys[0]) == 0);
	learn_secrets(&record);
	CHECK_FMT(secrets.count >= 36, "%zu secrets", secrets.count);
	noise_free(initiator);
	noise_free(responder);
}

static void test_traces(void)
{
	size_t left, i;

	long_term = secret_alloc(2 * sizeof(*long_term));
	for (i = 0; i < 2; i++) {
		randombytes_buf(long_term[i].secret, sizeof(long_term[i].secret));
		CHECK(public_from_secret(long_term[i].public, long_term[i].secret) == KEY_OK);
	}
	seen_keys = secret_alloc(2 * sizeof(*seen_keys));
	learn();

	left = left_on_stack(play_both);
	CHECK_FMT(left == 0, "%zu secrets on the stack", left);
	/* The initiator still needs what it has; of the responder's nothing is left. */
	CHECK(count_secrets((const uint8_t *)seen_initiator, seen_size) > 0);
	left = count_secrets((const uint8_t *)seen_responder, seen_size);
	CHECK_FMT(left == 0, "%zu secrets in the state", left);
	seen_free();

	/* That they would have been found. */
	CHECK(left_on_stack(play_carelessly) > 0);
	seen_free();
	secret_free(seen_keys);
	secret_free(long_term);
	CHECK(secrets_live == 0);
}

/* Lengths other than the one, and each bit of what a frame begins with. */
static void check_refused(bool (*parses)(const uint8_t *, size_t), const uint8_t *good, size_t len)
{
	uint8_t *frame;
	size_t i;

	for (i = 0; i < 2 * len; i++) {
		frame = xcalloc(i, 1);
		memcpy(frame, good, i < len ? i : len);
		CHECK_FMT(parses(frame, i) == (i == len), "%zu bytes", i);
		free(frame);
	}
	frame = xcalloc(len, 1);
	for (i = 0; i < 8 * len; i++) {
		memcpy(frame, good, len);
		frame[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECK_FMT(parses(frame, len) == (i >= 32), "bit %zu", i);
	}
	free(frame);
}

static bool is_msg1(const uint8_t *frame, size_t len)
{
	struct msg1 msg;

	return msg1_parse(&msg, frame, len);
}

static bool is_msg2(const uint8_t *frame, size_t len)
{
	struct msg2 msg;

	return msg2_parse(&msg, frame, len);
}

static void test_frames(void)
{
	static const uint32_t indices[] = { 0, 1, 0x11223344, 0xaabbccdd, UINT32_MAX };
	uint8_t noise1[NOISE_MSG1_LEN], noise2[NOISE_MSG2_LEN];
	uint8_t frame1[MSG1_FRAME_LEN], frame2[MSG2_FRAME_LEN];
	struct msg1 msg1;
	struct msg2 msg2;
	size_t i;

	randombytes_buf(noise1, sizeof(noise1));
	randombytes_buf(noise2, sizeof(noise2));
	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		uint32_t other = indices[ARRAY_SIZE(indices) - 1 - i] ^ 7;

		msg1_build(frame1, indices[i], noise1);
		CHECK(msg1_parse(&msg1, frame1, sizeof(frame1)) && msg1.sender == indices[i]);
		CHECK(msg1.noise + sizeof(noise1) == frame1 + sizeof(frame1));
		CHECK(memcmp(msg1.noise, noise1, sizeof(noise1)) == 0);

		msg2_build(frame2, indices[i], other, noise2);
		CHECK(msg2_parse(&msg2, frame2, sizeof(frame2)) && msg2.sender == indices[i]);
		CHECK(msg2.receiver == other);
		CHECK(msg2.noise + sizeof(noise2) == frame2 + sizeof(frame2));
		CHECK(memcmp(msg2.noise, noise2, sizeof(noise2)) == 0);
	}
	check_refused(is_msg1, frame1, sizeof(frame1));
	check_refused(is_msg2, frame2, sizeof(frame2));
	CHECK(!is_msg1(frame2, sizeof(frame2)) && !is_msg2(frame1, sizeof(frame1)));
}

const struct test noise_tests[] = {
	{ "every_parity", test_parities },
	{ "odd_responder_known_by_npub", test_npub },
	{ "fresh_ephemeral_keys", test_fresh },
	{ "forged_second_message", test_forged_msg2 },
	{ "second_message_of_another_handshake", test_other_msg2 },
	{ "forged_first_message", test_forged_msg1 },
	{ "turns_and_roles", test_turns },
	{ "claimed_identities", test_identities },
	{ "with_oneself", test_self },
	{ "keys_that_are_none", test_bad_keys },
	{ "errors_have_names", test_errors },
	{ "secrets_leave_no_traces", test_traces },
	{ "frames", test_frames },
	{ 0 },
};
