// SPDX-License-Identifier: GPL-2.0
/*
 * What the cipher alone costs: the ceiling of everything that uses it.
 */
#include <crypto/chacha20poly1305.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "bench.h"

#define CIPHER_SIZE_MAX	65536
/* As long as the header of a frame. */
#define CIPHER_AD_LEN	16

/**
 * struct cipher - two buffers and a key
 * @key: of all that is sealed
 * @ad: what stands for the header
 * @clear: plaintext
 * @sealed: ciphertext, tag
 */
struct cipher {
	u8 key[CHACHA20POLY1305_KEY_SIZE];
	u8 ad[CIPHER_AD_LEN];
	u8 *clear;
	u8 *sealed;
};

static bool cipher_once(struct cipher *c, enum bench_mode mode, size_t len)
{
	if (mode == BENCH_OPEN)
		return chacha20poly1305_decrypt(c->clear, c->sealed,
						len + CHACHA20POLY1305_AUTHTAG_SIZE,
						c->ad, sizeof(c->ad), 1,
						c->key);
	chacha20poly1305_encrypt(c->sealed, c->clear, len, c->ad,
				 sizeof(c->ad), 1, c->key);
	return true;
}

static int cipher_repeat(struct cipher *c, const struct bench_request *request,
			 unsigned int n)
{
	while (n--)
		if (!cipher_once(c, request->mode, request->size))
			return -EBADMSG;
	return 0;
}

static int cipher_measure(struct cipher *c,
			  const struct bench_request *request,
			  struct bench_result *result)
{
	u64 start;
	int err;

	/* There has to be something to open. */
	cipher_once(c, BENCH_SEAL, request->size);
	err = cipher_repeat(c, request, request->warm);
	if (err)
		return err;

	start = ktime_get_ns();
	err = cipher_repeat(c, request, request->count);
	result->ns = ktime_get_ns() - start;
	result->packets = request->count;
	result->idle_us = 0;
	return err;
}

/**
 * bench_cipher() - seal or open buffers
 * @request: mode, size, count
 * @result: what it took
 *
 * Context: Process context.
 * Return: 0, or -E2BIG, -ENOMEM, -EBADMSG.
 */
int bench_cipher(const struct bench_request *request,
		 struct bench_result *result)
{
	struct cipher c = {};
	int err = -ENOMEM;

	if (request->size > CIPHER_SIZE_MAX)
		return -E2BIG;

	c.clear = kzalloc(request->size, GFP_KERNEL);
	c.sealed = kzalloc(request->size + CHACHA20POLY1305_AUTHTAG_SIZE,
			   GFP_KERNEL);
	if (c.clear && c.sealed)
		err = cipher_measure(&c, request, result);
	kfree(c.clear);
	kfree(c.sealed);
	return err;
}
