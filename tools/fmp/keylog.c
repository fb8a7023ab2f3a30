// SPDX-License-Identifier: GPL-2.0
#include "keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "fail.h"
#include "key.h"
#include "util.h"

#define LINE_MAX_SIZE 256

struct keylog {
	int fd;
	bool torn;	/* the last line has no end */
};

/* Two lines, of which the keys are filled in last and by nothing that copies them. */
struct lines {
	size_t len;
	char text[2 * LINE_MAX_SIZE];
};

/* Whoever else can read the file has the keys; who else can write may have others read them. */
static int check_file(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st))
		return refused_word(path, "cannot look at the key log: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refused_word(path, "the key log is not a regular file");
	if (st.st_uid != geteuid())
		return refused_word(path, "the key log belongs to another user (%u)",
				    (unsigned int)st.st_uid);
	if (st.st_nlink != 1)
		return refused_word(path, "the key log has another name as well");
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return refused_word(path, "the key log is accessible to others (mode %04o)",
				    (unsigned int)st.st_mode & 07777);
	return STATUS_OK;
}

/* O_NONBLOCK for what turns out to be a pipe: nobody may read there for ever. */
static int open_file(int *fd, const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK |
			  O_CLOEXEC;
	int status;

	*fd = open(path, flags, 0600);
	if (*fd < 0 && errno == ELOOP)
		return refused_word(path, "the key log is a symbolic link");
	if (*fd < 0)
		return refused_word(path, "cannot open the key log: %s", strerror(errno));
	status = check_file(*fd, path);
	if (status)
		close(*fd);
	return status;
}

int keylog_open(struct keylog **keylog, const char *path)
{
	int fd, status = open_file(&fd, path);

	if (status)
		return status;
	/* A limit of sizes is an error of a write, and no end of the agent. */
	signal(SIGXFSZ, SIG_IGN);
	*keylog = xcalloc(1, sizeof(**keylog));
	(*keylog)->fd = fd;
	/* A line that a predecessor did not finish must not spoil the first of ours. */
	(*keylog)->torn = true;
	return STATUS_OK;
}

void keylog_close(struct keylog *keylog)
{
	if (!keylog)
		return;
	close(keylog->fd);
	free(keylog);
}

bool keylog_is_gone(const struct keylog *keylog)
{
	struct stat st;

	return fstat(keylog->fd, &st) == 0 && st.st_nlink == 0;
}

static void add_line(struct lines *lines, const char *direction, uint32_t index,
		     const uint8_t *peer, uint64_t time_ms, const uint8_t *key)
{
	char name[2 * FMP_PUBLIC_KEY_SIZE + 1];

	hex_encode(name, peer, FMP_PUBLIC_KEY_SIZE);
	lines->len += (size_t)snprintf(lines->text + lines->len, LINE_MAX_SIZE,
				       "FMP1 %" PRIu64 ".%03u %s %08" PRIx32 " %s ",
				       time_ms / 1000, (unsigned int)(time_ms % 1000), direction,
				       index, name);
	hex_encode(lines->text + lines->len, key, FMP_KEY_SIZE);
	lines->len += 2 * FMP_KEY_SIZE;
	lines->text[lines->len++] = '\n';
}

static int append(struct keylog *keylog, const struct lines *lines)
{
	ssize_t done = write(keylog->fd, lines->text, lines->len);

	if (done < 0)
		return -errno;
	keylog->torn = (size_t)done < lines->len;
	return keylog->torn ? -ENOSPC : 0;
}

int keylog_write(struct keylog *keylog, const struct engine_session *session, uint32_t local,
		 uint64_t time_ms)
{
	struct lines *lines = secret_alloc(sizeof(*lines));
	int err;

	lines->len = 0;
	if (keylog->torn)
		lines->text[lines->len++] = '\n';
	add_line(lines, "send", session->remote, session->key, time_ms, session->keys->send);
	add_line(lines, "receive", local, session->key, time_ms, session->keys->receive);
	err = append(keylog, lines);
	secret_free(lines);
	return err;
}
