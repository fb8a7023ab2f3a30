// SPDX-License-Identifier: GPL-2.0
#include "key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "fail.h"
#include "identity.h"
#include "util.h"

/* The longest thing a key file holds is 64 digits and a line end; one more shows junk. */
#define FILE_MAX 66

struct contents {
	size_t len;
	char text[FILE_MAX + 2];
};

void *secret_alloc(size_t size)
{
	/* Pages are what is locked, and the end of one is what is guarded. */
	void *secret = sodium_malloc((size + 15) & ~(size_t)15);

	if (!secret)
		exit(refused("no memory for secrets"));
	return secret;
}

void secret_free(void *secret)
{
	sodium_free(secret);
}

static void warn_of_mode(const struct stat *st, const char *name)
{
	if (S_ISREG(st->st_mode) && (st->st_mode & (S_IRWXG | S_IRWXO)))
		warning_word(name, "accessible to others (mode %04o)",
			     (unsigned int)st->st_mode & 07777);
}

void warn_of_readers(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) || !S_ISREG(st.st_mode))
		return;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		warning("the secret key goes to a file accessible to others, consider 'umask 077'");
}

static int open_key_file(int *fd, const char *path, bool warn)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat st;

	*fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return refused_word(path, "cannot open the key file: %s", strerror(errno));

	if (warn && fstat(*fd, &st) == 0)
		warn_of_mode(&st, standard ? "standard input" : path);
	return STATUS_OK;
}

static int read_contents(struct contents *file, const char *path, bool warn)
{
	ssize_t got = 0;
	int fd, status;

	status = open_key_file(&fd, path, warn);
	if (status)
		return status;

	file->len = 0;
	while (file->len <= FILE_MAX) {
		got = read(fd, file->text + file->len, FILE_MAX + 1 - file->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		file->len += (size_t)got;
	}
	file->text[file->len] = '\0';

	if (got < 0)
		status = refused_word(path, "cannot read the key file: %s", strerror(errno));
	close(fd);
	return status;
}

static void cut_line_end(struct contents *file)
{
	if (file->len && file->text[file->len - 1] == '\n')
		file->len--;
	if (file->len && file->text[file->len - 1] == '\r')
		file->len--;
	file->text[file->len] = '\0';
}

static bool from_hex(uint8_t *key, const char *digits)
{
	size_t i;

	for (i = 0; i < FMP_KEY_SIZE; i++) {
		int high = hex_digit(digits[2 * i]);
		int low = hex_digit(digits[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int take_key(uint8_t *key, struct contents *file, const char *path)
{
	size_t raw_len = file->len;

	if (raw_len == FMP_KEY_SIZE) {
		memcpy(key, file->text, FMP_KEY_SIZE);
		return STATUS_OK;
	}

	cut_line_end(file);
	if (file->len == 2 * FMP_KEY_SIZE) {
		if (from_hex(key, file->text))
			return STATUS_OK;
		return usage_word(path, "what is in the key file is not hexadecimal");
	}
	if (raw_len > FILE_MAX)
		return usage_word(path, "the key file is too long: 32 bytes or 64 hexadecimal digits are a key");
	return usage_word(path, "the key file has %zu bytes: 32 bytes or 64 hexadecimal digits are a key",
			  raw_len);
}

static int take_secret(uint8_t *secret, struct contents *file, const char *path)
{
	enum key_error err;

	if (file->len > FILE_MAX)
		return usage_word(path, "the key file is too long: an nsec or 64 hexadecimal digits are a secret key");

	cut_line_end(file);
	if (strlen(file->text) != file->len)
		return usage_word(path, "%s", key_strerror(KEY_MALFORMED));

	err = secret_decode(secret, file->text);
	if (err == KEY_HRP)
		return usage_word(path, "a public key where a secret one (nsec) belongs");
	if (err)
		return usage_word(path, "%s", key_strerror(err));
	return STATUS_OK;
}

static int read_with(int (*take)(uint8_t *, struct contents *, const char *),
		     uint8_t *key, const char *path, bool warn)
{
	struct contents *file = secret_alloc(sizeof(*file));
	int status = read_contents(file, path, warn);

	if (!status)
		status = take(key, file, path);
	secret_free(file);
	return status;
}

int key_read(uint8_t key[FMP_KEY_SIZE], const char *path)
{
	return read_with(take_key, key, path, true);
}

int secret_read(uint8_t secret[32], const char *path)
{
	return read_with(take_secret, secret, path, true);
}

int secret_read_quietly(uint8_t secret[32], const char *path)
{
	return read_with(take_secret, secret, path, false);
}
