// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent-internal.h"
#include "fail.h"
#include "identity.h"
#include "util.h"

#define BURST 100
#define LINE_MS 100

static struct {
	uint64_t at;		/* when tokens were counted */
	uint64_t tokens;
	uint64_t suppressed;
} bucket = { .tokens = BURST };

static bool may_speak(uint64_t now_ms)
{
	uint64_t earned = (now_ms - bucket.at) / LINE_MS;

	bucket.at += earned * LINE_MS;
	bucket.tokens += earned;
	if (bucket.tokens > BURST)
		bucket.tokens = BURST;
	if (!bucket.tokens) {
		bucket.suppressed++;
		return false;
	}
	bucket.tokens--;
	return true;
}

void agent_log(uint64_t now_ms, const uint8_t *key, const char *fmt, ...)
{
	char npub[NPUB_SIZE], *text = NULL;
	va_list ap;
	int len;

	if (!may_speak(now_ms))
		return;
	if (bucket.suppressed)
		report("%llu messages suppressed", (unsigned long long)bucket.suppressed);
	bucket.suppressed = 0;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if (key) {
		npub_encode(npub, key);
		report("%s: %s", npub, text);
	} else {
		report("%s", text);
	}
	free(text);
}
