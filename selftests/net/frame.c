// SPDX-License-Identifier: GPL-2.0
/*
 * frame [-s ADDRESS] [-p PORT] [-k FILE] [-i INDEX] [-c COUNTER] [-t TOS] [-C CPU]
 *       ADDRESS PORT
 *
 * Sends FMP datagrams, one for each line of its input, as wrong as they are asked
 * for, and prints how many they were, how many bytes, and the counter after the last.
 * They are sealed for the session with the key in FILE (64 hexadecimal digits) and
 * INDEX. The counter of the first is COUNTER, that of others one more than of the
 * one before.
 *
 * Words of a line:
 *
 *   counter=N index=N flags=N version=N phase=N len=N
 *               fields of the header, for all of which the seal is right
 *   plain=HEX   plaintext, a heartbeat without
 *   pad=N       zeroes after the plaintext
 *   flip=BYTE.BIT
 *               after sealing; a negative BYTE counts from the end
 *   cut=N       length of the datagram; longer ones end in zeroes
 *   raw=HEX     nothing but this, to which flip and cut apply
 *   times=N     the line stands for N like it, with counters of their own
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <sched.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HDR_LEN		16
#define TAG_LEN		crypto_aead_chacha20poly1305_ietf_ABYTES
#define NONCE_LEN	crypto_aead_chacha20poly1305_ietf_NPUBBYTES
#define KEY_LEN		crypto_aead_chacha20poly1305_ietf_KEYBYTES
#define DATAGRAM_MAX	65507
#define PLAIN_MAX	(DATAGRAM_MAX - HDR_LEN - TAG_LEN)

static const uint8_t heartbeat[] = { 0, 0, 0, 0, 0x51 };

struct session {
	uint8_t key[KEY_LEN];
	uint32_t index;
	uint64_t counter;
};

struct frame {
	uint64_t counter;
	uint32_t index;
	uint8_t flags;
	uint8_t version;
	uint8_t phase;
	long len;
	uint8_t plain[PLAIN_MAX];
	size_t plain_len;
	bool raw;
	bool flip;
	long flip_byte;
	unsigned int flip_bit;
	long cut;
	unsigned long times;
};

struct sums {
	unsigned long frames;
	unsigned long bytes;
};

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("frame: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		die("no number: %s", text);
	return value;
}

static size_t unhex(uint8_t *bytes, size_t max, const char *hex)
{
	const char *end;
	size_t len;

	if (sodium_hex2bin(bytes, max, hex, strlen(hex), NULL, &len, &end) || *end)
		die("not hexadecimal, or too much: %s", hex);
	return len;
}

static void read_key(struct session *session, const char *name)
{
	char hex[2 * KEY_LEN + 1] = "";
	FILE *file = fopen(name, "r");

	if (!file || fread(hex, 1, 2 * KEY_LEN, file) != 2 * KEY_LEN)
		die("no key in %s", name);
	fclose(file);
	if (unhex(session->key, KEY_LEN, hex) != KEY_LEN)
		die("half a key in %s", name);
}

static void read_flip(struct frame *frame, const char *value)
{
	char *end;

	frame->flip = true;
	frame->flip_byte = strtol(value, &end, 0);
	if (end == value || *end != '.')
		die("no bit: %s", value);
	frame->flip_bit = number(end + 1);
	if (frame->flip_bit > 7)
		die("no bit: %s", value);
}

static void read_pad(struct frame *frame, const char *value)
{
	size_t len = number(value);

	if (len > PLAIN_MAX - frame->plain_len)
		die("too much: %s", value);
	memset(frame->plain + frame->plain_len, 0, len);
	frame->plain_len += len;
}

static void read_word(struct frame *frame, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		die("no value: %s", word);
	*value++ = '\0';

	if (!strcmp(word, "counter"))
		frame->counter = number(value);
	else if (!strcmp(word, "index"))
		frame->index = number(value);
	else if (!strcmp(word, "flags"))
		frame->flags = number(value);
	else if (!strcmp(word, "version"))
		frame->version = number(value);
	else if (!strcmp(word, "phase"))
		frame->phase = number(value);
	else if (!strcmp(word, "len"))
		frame->len = number(value);
	else if (!strcmp(word, "pad"))
		read_pad(frame, value);
	else if (!strcmp(word, "flip"))
		read_flip(frame, value);
	else if (!strcmp(word, "cut"))
		frame->cut = number(value);
	else if (!strcmp(word, "times"))
		frame->times = number(value);
	else if (!strcmp(word, "plain") || !strcmp(word, "raw"))
		frame->plain_len = unhex(frame->plain, PLAIN_MAX, value);
	else
		die("unknown word: %s", word);
	if (!strcmp(word, "raw"))
		frame->raw = true;
}

static void read_line(struct frame *frame, char *line, const struct session *session)
{
	char *save, *word;

	frame->counter = session->counter;
	frame->index = session->index;
	frame->flags = 0;
	frame->version = 0;
	frame->phase = 0;
	frame->len = -1;
	memcpy(frame->plain, heartbeat, sizeof(heartbeat));
	frame->plain_len = sizeof(heartbeat);
	frame->raw = false;
	frame->flip = false;
	frame->cut = -1;
	frame->times = 1;

	for (word = strtok_r(line, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save))
		read_word(frame, word);
}

static void put_header(uint8_t *header, const struct frame *frame)
{
	uint16_t len = htole16(frame->len < 0 ? (long)frame->plain_len : frame->len);
	uint32_t index = htole32(frame->index);
	uint64_t counter = htole64(frame->counter);

	header[0] = frame->version << 4 | frame->phase;
	header[1] = frame->flags;
	memcpy(header + 2, &len, sizeof(len));
	memcpy(header + 4, &index, sizeof(index));
	memcpy(header + 8, &counter, sizeof(counter));
}

static size_t seal(uint8_t *datagram, const struct frame *frame, const uint8_t *key)
{
	uint64_t counter = htole64(frame->counter);
	uint8_t nonce[NONCE_LEN] = { 0 };
	unsigned long long len;

	memcpy(nonce + NONCE_LEN - sizeof(counter), &counter, sizeof(counter));
	put_header(datagram, frame);
	crypto_aead_chacha20poly1305_ietf_encrypt(datagram + HDR_LEN, &len, frame->plain,
						  frame->plain_len, datagram, HDR_LEN,
						  NULL, nonce, key);
	return HDR_LEN + len;
}

static size_t spoil(uint8_t *datagram, size_t len, const struct frame *frame)
{
	long byte = frame->flip_byte;

	if (frame->flip) {
		if (byte < 0)
			byte += len;
		if (byte < 0 || (size_t)byte >= len)
			die("no byte %ld to flip", frame->flip_byte);
		datagram[byte] ^= 1 << frame->flip_bit;
	}
	if (frame->cut < 0)
		return len;
	if (frame->cut > DATAGRAM_MAX)
		die("too long: %ld", frame->cut);
	if ((size_t)frame->cut > len)
		memset(datagram + len, 0, frame->cut - len);
	return frame->cut;
}

static void send_frame(int fd, const struct frame *frame, const struct session *session,
		       struct sums *sums)
{
	static uint8_t datagram[DATAGRAM_MAX + TAG_LEN];
	size_t len = frame->plain_len;

	if (frame->raw)
		memcpy(datagram, frame->plain, len);
	else
		len = seal(datagram, frame, session->key);
	len = spoil(datagram, len, frame);
	if (send(fd, datagram, len, 0) != (ssize_t)len)
		die("send: %s", strerror(errno));
	sums->frames++;
	sums->bytes += len;
}

static void send_lines(int fd, struct session *session, struct sums *sums)
{
	static struct frame frame;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		read_line(&frame, line, session);
		for (; frame.times; frame.times--) {
			send_frame(fd, &frame, session, sums);
			session->counter = ++frame.counter;
		}
	}
	free(line);
}

static struct addrinfo *resolve(const char *address, const char *port)
{
	struct addrinfo hints = {
		.ai_flags	= AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype	= SOCK_DGRAM,
	};
	struct addrinfo *info;
	int err = getaddrinfo(address, port, &hints, &info);

	if (err)
		die("%s %s: %s", address, port, gai_strerror(err));
	return info;
}

static void bind_source(int fd, int family, const char *address, const char *port)
{
	struct addrinfo *info;
	int one = 1;

	if (!address)
		address = family == AF_INET ? "0.0.0.0" : "::";
	info = resolve(address, port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen))
		die("bind to %s %s: %s", address, port, strerror(errno));
	freeaddrinfo(info);
}

static void set_tos(int fd, int family, int tos)
{
	int err;

	if (family == AF_INET)
		err = setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	else
		err = setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	if (err)
		die("traffic class: %s", strerror(errno));
}

/* Frames that leave from one CPU arrive in their order. */
static void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("affinity: %s", strerror(errno));
}

struct options {
	const char *source;
	const char *port;
	int tos;
	int cpu;
};

static void read_option(struct options *options, struct session *session, int opt)
{
	switch (opt) {
	case 's':
		options->source = optarg;
		break;
	case 'p':
		options->port = optarg;
		break;
	case 't':
		options->tos = number(optarg);
		break;
	case 'C':
		options->cpu = number(optarg);
		break;
	case 'k':
		read_key(session, optarg);
		break;
	case 'i':
		session->index = number(optarg);
		break;
	case 'c':
		session->counter = number(optarg);
		break;
	default:
		exit(1);
	}
}

static int open_socket(const struct options *options, const char *address, const char *port)
{
	struct addrinfo *to = resolve(address, port);
	int fd = socket(to->ai_family, SOCK_DGRAM, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	bind_source(fd, to->ai_family, options->source, options->port);
	set_tos(fd, to->ai_family, options->tos);
	if (connect(fd, to->ai_addr, to->ai_addrlen))
		die("connect: %s", strerror(errno));
	freeaddrinfo(to);
	return fd;
}

int main(int argc, char **argv)
{
	struct options options = { .port = "0", .cpu = sched_getcpu() };
	struct session session = { .index = 0 };
	struct sums sums = { 0 };
	int opt, fd;

	while ((opt = getopt(argc, argv, "s:p:k:i:c:t:C:")) != -1)
		read_option(&options, &session, opt);
	if (argc - optind != 2)
		die("where to?");

	stay_on_cpu(options.cpu);
	fd = open_socket(&options, argv[optind], argv[optind + 1]);
	send_lines(fd, &session, &sums);
	printf("%lu %lu %" PRIu64 "\n", sums.frames, sums.bytes, session.counter);
	return 0;
}
