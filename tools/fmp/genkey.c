// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "command.h"
#include "fail.h"
#include "identity.h"
#include "key.h"

struct fresh {
	uint8_t secret[SECRET_SIZE];
	char line[NSEC_SIZE];	/* its line end takes the place of the terminator */
};

/* Not through stdio, whose buffer is neither locked nor wiped. */
static int write_all(const char *text, size_t len)
{
	while (len) {
		ssize_t done = write(STDOUT_FILENO, text, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return refused("cannot write the key: %s", strerror(errno));
		text += done;
		len -= (size_t)done;
	}
	return STATUS_OK;
}

static int run(struct args *args, const struct options *options)
{
	struct fresh *fresh;
	int status;

	(void)options;
	status = args_end(args);
	if (status)
		return status;

	warn_of_readers();
	fresh = secret_alloc(sizeof(*fresh));
	do
		randombytes_buf(fresh->secret, sizeof(fresh->secret));
	while (!secret_valid(fresh->secret));

	nsec_encode(fresh->line, fresh->secret);
	fresh->line[NSEC_SIZE - 1] = '\n';
	status = write_all(fresh->line, NSEC_SIZE);
	secret_free(fresh);
	return status;
}

const struct command command_genkey = {
	.name = "genkey",
	.summary = "make a secret key",
	.help =
	"Usage: fmp genkey >FILE\n"
	"\n"
	"Writes a new secret key (nsec) to standard output.\n",
	.run = run,
};
