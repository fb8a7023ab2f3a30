// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf-text.h"
#include "fail.h"
#include "harness.h"

int read_conf_bytes(struct conf *conf, const char *text, size_t len)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, len, "r");
	int status;

	if (!file)
		abort();
	status = conf_read(conf, file, "t.conf");
	fclose(file);
	return status;
}

int read_conf_text(struct conf *conf, const char *text)
{
	return read_conf_bytes(conf, text, strlen(text));
}

void check_conf_refused(const char *text, size_t len, const char *want, const char *file, int line)
{
	struct conf conf;
	char *messages;
	int status;

	capture_messages();
	status = read_conf_bytes(&conf, text, len);
	messages = captured_messages();
	check(status == STATUS_USAGE, file, line, "status %d", status);
	check(strstr(messages, want), file, line, "wanted %s, said: %s", want, messages);
	free(messages);
	conf_release(&conf);
}
