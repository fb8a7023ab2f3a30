// SPDX-License-Identifier: GPL-2.0
/*
 * Established frames as the specification's section 2.2 has them.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sodium.h>
#include <string.h>

#include "seal.h"

static void put_nonce(uint8_t *nonce, uint64_t counter)
{
	uint64_t le = htole64(counter);

	memset(nonce, 0, 4);
	memcpy(nonce + 4, &le, sizeof(le));
}

/**
 * seal_frame() - write a frame
 * @frame: len + SEAL_MIN bytes
 *
 * Return: The frame's length.
 */
size_t seal_frame(uint8_t *frame, const struct seal_head *head, const uint8_t *plain, size_t len,
		  const uint8_t *key)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	uint64_t counter = htole64(head->counter);
	uint32_t index = htole32(head->index);
	uint16_t plain_len = htole16(len);
	unsigned long long sealed;

	frame[0] = 0;
	frame[1] = head->flags;
	memcpy(frame + 2, &plain_len, sizeof(plain_len));
	memcpy(frame + 4, &index, sizeof(index));
	memcpy(frame + 8, &counter, sizeof(counter));
	put_nonce(nonce, head->counter);
	crypto_aead_chacha20poly1305_ietf_encrypt(frame + SEAL_HDR_LEN, &sealed, plain, len, frame,
						  SEAL_HDR_LEN, NULL, nonce, key);
	return SEAL_HDR_LEN + sealed;
}

/**
 * seal_read_head() - take the header of a frame apart
 *
 * Return: false if it is no established frame, or one of a wrong length.
 */
bool seal_read_head(const uint8_t *frame, size_t len, struct seal_head *head)
{
	uint16_t plain_len;

	if (len < SEAL_MIN || frame[0])
		return false;
	memcpy(&plain_len, frame + 2, sizeof(plain_len));
	memcpy(&head->index, frame + 4, sizeof(head->index));
	memcpy(&head->counter, frame + 8, sizeof(head->counter));
	head->flags = frame[1];
	head->index = le32toh(head->index);
	head->counter = le64toh(head->counter);
	return le16toh(plain_len) == len - SEAL_MIN;
}

/**
 * seal_open() - decrypt a frame
 * @plain: len - SEAL_MIN bytes
 *
 * Return: false if it is not authentic.
 */
bool seal_open(uint8_t *plain, const uint8_t *frame, size_t len, const uint8_t *key)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	struct seal_head head;

	if (!seal_read_head(frame, len, &head))
		return false;
	put_nonce(nonce, head.counter);
	return !crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL, frame + SEAL_HDR_LEN,
							  len - SEAL_HDR_LEN, frame, SEAL_HDR_LEN,
							  nonce, key);
}

static uint16_t checksum(const void *header, size_t len)
{
	const uint8_t *at = header;
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i += 2)
		sum += at[i] << 8 | at[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/**
 * seal_udp_packet() - write the plaintext of a frame that carries a datagram
 * @plain: SEAL_IP_HEAD + 28 + len bytes
 * @from: IPv4 address, in network order as the next one
 * @port: source and destination, in network order
 *
 * Return: The plaintext's length.
 */
size_t seal_udp_packet(uint8_t *plain, uint32_t from, uint32_t to, uint16_t port,
		       const void *data, size_t len)
{
	struct iphdr ip = {
		.version	= 4,
		.ihl		= 5,
		.ttl		= 64,
		.protocol	= IPPROTO_UDP,
		.saddr		= from,
		.daddr		= to,
		.tot_len	= htons(sizeof(struct iphdr) + sizeof(struct udphdr) + len),
	};
	/* Without a checksum, which IPv4 allows. */
	struct udphdr udp = {
		.source	= port,
		.dest	= port,
		.len	= htons(sizeof(struct udphdr) + len),
	};

	ip.check = checksum(&ip, sizeof(ip));
	memset(plain, 0, SEAL_IP_HEAD);
	plain[4] = SEAL_TYPE_IP;
	plain += SEAL_IP_HEAD;
	memcpy(plain, &ip, sizeof(ip));
	memcpy(plain + sizeof(ip), &udp, sizeof(udp));
	memcpy(plain + sizeof(ip) + sizeof(udp), data, len);
	return SEAL_IP_HEAD + sizeof(ip) + sizeof(udp) + len;
}

/**
 * seal_seeded() - bytes that a name stands for: keys, indices
 * @what: so that one name has several
 */
void seal_seeded(uint8_t *bytes, size_t len, const char *what, const char *name)
{
	crypto_generichash_state state;
	uint8_t hash[32];

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, (const uint8_t *)what, strlen(what) + 1);
	crypto_generichash_update(&state, (const uint8_t *)name, strlen(name) + 1);
	crypto_generichash_final(&state, hash, sizeof(hash));
	memcpy(bytes, hash, len);
}
