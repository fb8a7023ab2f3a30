/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_IDENTITY_H
#define FMP_IDENTITY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/fmp.h>

#include "bech32.h"

enum key_error {
	KEY_OK,
	KEY_MALFORMED,
	KEY_CASE,
	KEY_CHECKSUM,
	KEY_HRP,	/* another kind of bech32 word */
	KEY_SECRET,	/* a secret key where a public one belongs */
	KEY_LENGTH,
	KEY_POINT,	/* no point of the curve has this x */
	KEY_RANGE,	/* not in 1..n-1 */
};

#define NPUB_SIZE BECH32_SIZE(4, FMP_PUBLIC_KEY_SIZE)
#define NSEC_SIZE BECH32_SIZE(4, FMP_KEY_SIZE)
#define SECRET_SIZE 32
#define COMPRESSED_SIZE 33

/* What is wrong, to follow the key in a message. */
const char *key_strerror(enum key_error err);

enum key_error npub_decode(uint8_t key[FMP_PUBLIC_KEY_SIZE], const char *word);
void npub_encode(char out[NPUB_SIZE], const uint8_t key[FMP_PUBLIC_KEY_SIZE]);

/* As a user writes it: npub or 64 hexadecimal digits. */
enum key_error public_key_decode(uint8_t key[FMP_PUBLIC_KEY_SIZE], const char *word);

/* nsec or 64 hexadecimal digits; nothing of the secret is left on the stack. */
enum key_error secret_decode(uint8_t secret[SECRET_SIZE], const char *word);

/* out and secret are in memory that the caller wipes. */
void nsec_encode(char out[NSEC_SIZE], const uint8_t secret[SECRET_SIZE]);

bool secret_valid(const uint8_t secret[SECRET_SIZE]);

/* The compressed point; its bytes from the second on are the public identity. */
enum key_error public_from_secret(uint8_t out[COMPRESSED_SIZE],
				  const uint8_t secret[SECRET_SIZE]);

void node_addr_of(uint8_t out[FMP_NODE_ADDR_SIZE],
		  const uint8_t key[FMP_PUBLIC_KEY_SIZE]);

/* Negative, zero or positive; the smaller one wins ties. */
int node_addr_compare(const uint8_t a[FMP_NODE_ADDR_SIZE],
		      const uint8_t b[FMP_NODE_ADDR_SIZE]);

/* The fd00::/8 address that belongs to a NodeAddr. */
struct in6_addr address_of_node(const uint8_t node_addr[FMP_NODE_ADDR_SIZE]);

/* That of a public key. */
struct in6_addr address_of_key(const uint8_t key[FMP_PUBLIC_KEY_SIZE]);

#endif /* FMP_IDENTITY_H */
