// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "harness.h"
#include "key.h"

static char dir[] = "/tmp/fmp-unit-XXXXXX";
static char path[sizeof(dir) + 8];

static void make_dir(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/key", dir);
	capture_messages();
}

static void remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

static void put_file(const void *data, size_t len, mode_t mode)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, len, file) != len || fclose(file))
		abort();
	if (chmod(path, mode))
		abort();
}

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* Both with 0x00..0x1f as the key, and ours full of something else before. */
static int read_key(void)
{
	uint8_t key[FMP_KEY_SIZE];
	size_t i;
	int status;

	memset(key, 0xaa, sizeof(key));
	status = key_read(key, path);
	if (status)
		return status;
	for (i = 0; i < sizeof(key); i++)
		CHECK(key[i] == i);
	return status;
}

static int read_as(const void *data, size_t len)
{
	put_file(data, len, 0600);
	return read_key();
}

static void test_good(void)
{
	uint8_t raw[FMP_KEY_SIZE];
	char *all;
	size_t i;

	make_dir();
	for (i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)i;
	CHECK(read_as(raw, sizeof(raw)) == STATUS_OK);
	CHECK(read_as(DIGITS, 64) == STATUS_OK);
	CHECK(read_as(DIGITS "\n", 65) == STATUS_OK);
	CHECK(read_as(DIGITS "\r\n", 66) == STATUS_OK);
	all = captured_messages();
	CHECK_FMT(!*all, "%s", all);
	free(all);
	remove_dir();
}

static void test_bad_contents(void)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
		{ "", 0 }, { "\n", 1 }, { DIGITS, 31 }, { DIGITS, 33 }, { DIGITS, 63 },
		{ DIGITS "0", 65 }, { DIGITS " ", 65 }, { DIGITS "\n\n", 66 },
		{ DIGITS "\n0", 66 }, { " " DIGITS, 65 }, { DIGITS "\r\n\n", 67 },
		{ DIGITS DIGITS, 128 }, { "xyz" DIGITS, 64 }, { DIGITS "\0", 65 },
	};
	char *all;
	size_t i;

	make_dir();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		capture_messages();
		CHECK_FMT(read_as(bad[i].data, bad[i].len) == STATUS_USAGE, "case %zu", i);
		all = captured_messages();
		CHECK(strstr(all, path));
		CHECK_FMT(!strstr(all, "000102"), "the key is shown: %s", all);
		free(all);
	}
	remove_dir();
}

static void test_bad_files(void)
{
	static const char big[1 << 20];

	make_dir();
	CHECK(key_read((uint8_t[FMP_KEY_SIZE]){ 0 }, path) == STATUS_REFUSED);
	CHECK(said("No such file"));
	CHECK(key_read((uint8_t[FMP_KEY_SIZE]){ 0 }, dir) == STATUS_REFUSED);
	CHECK(said("Is a directory"));
	CHECK(read_as(big, sizeof(big)) == STATUS_USAGE);
	CHECK(said("too long"));
	CHECK(key_read((uint8_t[FMP_KEY_SIZE]){ 0 }, "/dev/zero") == STATUS_USAGE);
	CHECK(said("too long"));
	CHECK(key_read((uint8_t[FMP_KEY_SIZE]){ 0 }, "/dev/null") == STATUS_USAGE);
	CHECK(said("0 bytes"));
	remove_dir();
}

static void test_warning(void)
{
	make_dir();
	put_file(DIGITS, 64, 0640);
	CHECK(read_key() == STATUS_OK);
	CHECK(said("warning: "));
	put_file(DIGITS, 64, 0604);
	CHECK(read_key() == STATUS_OK);
	CHECK(said("0604"));
	remove_dir();
}

static void test_pieces(void)
{
	int pipes[2];
	pid_t writer;
	size_t i;

	/* What comes through a pipe comes in pieces. */
	if (pipe(pipes))
		abort();
	writer = fork();
	if (writer == 0) {
		for (i = 0; i < 64; i++)
			if (write(pipes[1], DIGITS + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(pipes[1]);
	dup2(pipes[0], STDIN_FILENO);
	snprintf(path, sizeof(path), "-");
	capture_messages();
	CHECK(read_key() == STATUS_OK);
}

static void test_secret(void)
{
	static const char nsec[] = "nsec1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqpqcc2y\n";
	static const char npub[] = "npub1sjlh2c3x9w7kjsqg2ay080n2lff2uvt325vpan33ke34rn8l5jcqawh57m";
	uint8_t secret[32];

	make_dir();
	put_file(nsec, sizeof(nsec) - 1, 0600);
	CHECK(secret_read(secret, path) == STATUS_OK && secret[0] == 1 && secret[31] == 32);
	put_file(DIGITS, 64, 0600);
	CHECK(secret_read(secret, path) == STATUS_OK && secret[31] == 31);
	put_file(npub, sizeof(npub) - 1, 0600);
	CHECK(secret_read(secret, path) == STATUS_USAGE);
	CHECK(said("public key where a secret"));
	put_file("nsec1x\0yz", 9, 0600);
	CHECK(secret_read(secret, path) == STATUS_USAGE);
	put_file(DIGITS DIGITS, 128, 0600);
	CHECK(secret_read(secret, path) == STATUS_USAGE);
	CHECK(said("too long"));
	remove_dir();
}

const struct test key_tests[] = {
	{ "good_files", test_good },
	{ "bad_contents", test_bad_contents },
	{ "bad_files", test_bad_files },
	{ "readable_by_others", test_warning },
	{ "standard_input_in_pieces", test_pieces },
	{ "secret_keys", test_secret },
	{ 0 },
};
