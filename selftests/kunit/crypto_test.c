// SPDX-License-Identifier: GPL-2.0
/*
 * The AEAD of established frames beyond the vectors.
 *
 * The source is included, so that this module has its own object of it.
 */
#include "../../src/crypto.c"

#include <crypto/chacha20poly1305.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "suites.h"

#define FMP_SMALL_INNER	5U
#define FMP_SMALL_FRAME	(FMP_FRAME_MIN + FMP_SMALL_INNER)
#define FMP_LONG_INNER	2100U
#define FMP_CANARY	0xa5

static const struct fmp_key fmp_test_key = {
	.bytes = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
};

static void fmp_seal_pattern(u8 *frame, size_t inner_len, u64 counter)
{
	size_t i;

	fmp_hdr_write(frame, FMP_FLAG_K, inner_len, 0x01020304, counter);
	for (i = 0; i < inner_len; i++)
		frame[FMP_HDR_LEN + i] = i * 7 + 1;
	fmp_seal(frame, inner_len, counter, &fmp_test_key);
}

/* Each bit of header, ciphertext and tag is covered. */
static void fmp_crypto_bit_flips(struct kunit *test)
{
	u8 room[2][FMP_SEAL_HEADROOM + FMP_SMALL_FRAME];
	u8 *sealed = room[0] + FMP_SEAL_HEADROOM;
	u8 *frame = room[1] + FMP_SEAL_HEADROOM;
	unsigned int bit;

	fmp_seal_pattern(sealed, FMP_SMALL_INNER, 7);
	for (bit = 0; bit < 8 * FMP_SMALL_FRAME; bit++) {
		memcpy(frame, sealed, FMP_SMALL_FRAME);
		frame[bit / 8] ^= 1 << (bit % 8);
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_open(frame, FMP_SMALL_INNER, 7,
						&fmp_test_key),
				       "byte %u, bit %u", bit / 8, bit % 8);
	}
	KUNIT_EXPECT_TRUE(test, fmp_open(sealed, FMP_SMALL_INNER, 7,
					 &fmp_test_key));
}

/* The nonce has all 64 bits of the counter, and the key all its bytes. */
static void fmp_crypto_nonce_and_key(struct kunit *test)
{
	u8 room[2][FMP_SEAL_HEADROOM + FMP_SMALL_FRAME];
	u8 *sealed = room[0] + FMP_SEAL_HEADROOM;
	u8 *frame = room[1] + FMP_SEAL_HEADROOM;
	struct fmp_key key;
	unsigned int i;

	fmp_seal_pattern(sealed, FMP_SMALL_INNER, 0);
	for (i = 0; i < 64; i++) {
		memcpy(frame, sealed, FMP_SMALL_FRAME);
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_open(frame, FMP_SMALL_INNER,
						1ULL << i, &fmp_test_key),
				       "bit %u of the counter", i);
	}
	for (i = 0; i < FMP_KEY_LEN; i++) {
		memcpy(frame, sealed, FMP_SMALL_FRAME);
		key = fmp_test_key;
		key.bytes[i] ^= 0x80;
		KUNIT_EXPECT_FALSE_MSG(test,
				       fmp_open(frame, FMP_SMALL_INNER, 0, &key),
						"byte %u of the key", i);
	}
}

/* Lengths around the blocks of the cipher and of its vectorized versions. */
static void fmp_crypto_round_trip(struct kunit *test)
{
	static const u64 counters[] = { 0, 1, U32_MAX, 1ULL << 32,
					1ULL << 63, U64_MAX - 1 };
	size_t inner_len, i, c, bad;
	u8 *frame;

	frame = kunit_kmalloc(test, FMP_SEAL_HEADROOM + FMP_FRAME_MIN + 1500 + 1,
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	frame += FMP_SEAL_HEADROOM;

	for (inner_len = 0; inner_len <= 1500;
	     inner_len += inner_len < 520 ? 1 : 49) {
		c = inner_len % ARRAY_SIZE(counters);
		frame[FMP_FRAME_MIN + inner_len] = FMP_CANARY;
		fmp_seal_pattern(frame, inner_len, counters[c]);
		KUNIT_ASSERT_TRUE_MSG(test,
				      fmp_open(frame, inner_len, counters[c],
					       &fmp_test_key),
				      "length %zu", inner_len);
		for (i = bad = 0; i < inner_len; i++)
			bad += frame[FMP_HDR_LEN + i] != (u8)(i * 7 + 1);
		KUNIT_EXPECT_EQ_MSG(test, bad, 0, "length %zu", inner_len);
		KUNIT_EXPECT_EQ_MSG(test, frame[FMP_FRAME_MIN + inner_len],
				    FMP_CANARY, "length %zu", inner_len);
	}
}

static void fmp_crypto_seal_by_library(u8 *frame, size_t inner_len, u64 counter)
{
	size_t i;

	fmp_hdr_write(frame, FMP_FLAG_K, inner_len, 0x01020304, counter);
	for (i = 0; i < inner_len; i++)
		frame[FMP_HDR_LEN + i] = i * 7 + 1;
	chacha20poly1305_encrypt(frame + FMP_HDR_LEN, frame + FMP_HDR_LEN,
				 inner_len, frame, FMP_HDR_LEN, counter,
				 fmp_test_key.bytes);
}

/* It is the construction of the kernel's library, at every length. */
static void fmp_crypto_is_the_library(struct kunit *test)
{
	size_t size = FMP_SEAL_HEADROOM + FMP_FRAME_MIN + FMP_LONG_INNER, len;
	u8 *ours, *theirs, *inner;
	u64 counter;

	ours = kunit_kzalloc(test, size, GFP_KERNEL);
	theirs = kunit_kzalloc(test, size, GFP_KERNEL);
	inner = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, ours && theirs && inner);
	ours += FMP_SEAL_HEADROOM;
	theirs += FMP_OPEN_HEADROOM;
	memset(inner, FMP_CANARY, FMP_OPEN_HEADROOM + FMP_HDR_LEN);
	inner += FMP_OPEN_HEADROOM + FMP_HDR_LEN;

	for (len = 0; len <= FMP_LONG_INNER; len++) {
		counter = 0x0123456789abcdefULL * (len + 1);
		fmp_seal_pattern(ours, len, counter);
		fmp_crypto_seal_by_library(theirs, len, counter);
		KUNIT_ASSERT_EQ_MSG(test,
				    memcmp(ours, theirs, FMP_FRAME_MIN + len),
				    0, "length %zu", len);
		KUNIT_ASSERT_TRUE_MSG(test,
				      fmp_open_into(inner, theirs, len, counter,
						    &fmp_test_key),
				      "length %zu", len);
		KUNIT_ASSERT_TRUE_MSG(test, fmp_open(theirs, len, counter,
						     &fmp_test_key),
				      "length %zu", len);
		KUNIT_ASSERT_EQ_MSG(test,
				    memcmp(inner, theirs + FMP_HDR_LEN, len),
				    0, "length %zu", len);
	}
	/* What was borrowed is what it was. */
	for (len = 1; len <= FMP_OPEN_HEADROOM + FMP_HDR_LEN; len++)
		KUNIT_EXPECT_EQ(test, inner[-(int)len], FMP_CANARY);
}

/* Nobody can take what is not authentic for plaintext. */
static void fmp_crypto_forged_stays(struct kunit *test)
{
	u8 room[FMP_SEAL_HEADROOM + FMP_SMALL_FRAME], forged[FMP_SMALL_FRAME];
	u8 *frame = room + FMP_SEAL_HEADROOM;

	fmp_seal_pattern(frame, FMP_SMALL_INNER, 1);
	frame[FMP_HDR_LEN] ^= 1;
	memcpy(forged, frame, sizeof(forged));
	KUNIT_EXPECT_FALSE(test, fmp_open(frame, FMP_SMALL_INNER, 1,
					  &fmp_test_key));
	KUNIT_EXPECT_MEMEQ(test, frame, forged, sizeof(forged));
}

/* A frame is sealed behind any headroom, and received at any alignment. */
static void fmp_crypto_unaligned(struct kunit *test)
{
	u8 room[FMP_SEAL_HEADROOM + FMP_SMALL_FRAME + 16];
	u8 first_room[FMP_SEAL_HEADROOM + FMP_SMALL_FRAME];
	u8 *first = first_room + FMP_SEAL_HEADROOM, *frame;
	unsigned int shift, i;

	fmp_seal_pattern(first, FMP_SMALL_INNER, 3);
	for (shift = 0; shift < 16; shift++) {
		memset(room, FMP_CANARY, sizeof(room));
		frame = room + shift + FMP_SEAL_HEADROOM;
		fmp_seal_pattern(frame, FMP_SMALL_INNER, 3);
		KUNIT_EXPECT_MEMEQ_MSG(test, frame, first, FMP_SMALL_FRAME,
				       "shift %u", shift);
		KUNIT_EXPECT_TRUE_MSG(test,
				      fmp_open(frame, FMP_SMALL_INNER, 3,
					       &fmp_test_key),
				      "shift %u", shift);
		/* What was borrowed is what it was. */
		for (i = 0; i < shift + FMP_SEAL_HEADROOM; i++)
			KUNIT_EXPECT_EQ_MSG(test, room[i], FMP_CANARY,
					    "shift %u, byte %u", shift, i);
	}
}

static void fmp_crypto_header_is_kept(struct kunit *test)
{
	u8 room[FMP_SEAL_HEADROOM + FMP_SMALL_FRAME], hdr[FMP_HDR_LEN];
	u8 *frame = room + FMP_SEAL_HEADROOM;

	fmp_hdr_write(hdr, FMP_FLAG_K, FMP_SMALL_INNER, 0x01020304, 9);
	fmp_seal_pattern(frame, FMP_SMALL_INNER, 9);
	KUNIT_EXPECT_MEMEQ(test, frame, hdr, sizeof(hdr));
	KUNIT_EXPECT_TRUE(test, fmp_open(frame, FMP_SMALL_INNER, 9,
					 &fmp_test_key));
	KUNIT_EXPECT_MEMEQ(test, frame, hdr, sizeof(hdr));
}

static struct kunit_case fmp_crypto_cases[] = {
	KUNIT_CASE(fmp_crypto_bit_flips),
	KUNIT_CASE(fmp_crypto_nonce_and_key),
	KUNIT_CASE(fmp_crypto_round_trip),
	KUNIT_CASE(fmp_crypto_is_the_library),
	KUNIT_CASE(fmp_crypto_forged_stays),
	KUNIT_CASE(fmp_crypto_unaligned),
	KUNIT_CASE(fmp_crypto_header_is_kept),
	{}
};

struct kunit_suite fmp_crypto_suite = {
	.name = "fmp_crypto",
	.test_cases = fmp_crypto_cases,
};
