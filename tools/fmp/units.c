// SPDX-License-Identifier: GPL-2.0
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

const char *bytes_text(char *out, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	int unit = -1;

	if (bytes < 1024) {
		snprintf(out, UNIT_TEXT, "%" PRIu64 " B", bytes);
		return out;
	}
	while (value >= 1024 && unit + 1 < (int)ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, UNIT_TEXT, "%.2f %s", value, units[unit]);
	return out;
}

/* Two units are as much as a reader wants of a time that goes on. */
const char *duration_text(char *out, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s < 60)
		snprintf(out, UNIT_TEXT, "%" PRIu64 " s", s);
	else if (s < 3600)
		snprintf(out, UNIT_TEXT, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, UNIT_TEXT, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			 s / 60 % 60);
	else
		snprintf(out, UNIT_TEXT, "%" PRIu64 " d %" PRIu64 " h", s / 86400,
			 s / 3600 % 24);
	return out;
}

const char *rate_text(char *out, uint64_t bytes_a_second)
{
	bytes_text(out, bytes_a_second);
	return strcat(out, "/s");
}

const char *micros_text(char *out, uint64_t us)
{
	if (us < 1000)
		snprintf(out, UNIT_TEXT, "%" PRIu64 " us", us);
	else if (us < 10000)
		snprintf(out, UNIT_TEXT, "%.2f ms", (double)us / 1000);
	else if (us < 1000000)
		snprintf(out, UNIT_TEXT, "%.1f ms", (double)us / 1000);
	else
		snprintf(out, UNIT_TEXT, "%.2f s", (double)us / 1000000);
	return out;
}

/* What is lost is not shown as nothing. */
const char *share_text(char *out, uint64_t millionths)
{
	if (millionths == 0)
		snprintf(out, UNIT_TEXT, "0 %%");
	else if (millionths < 100)
		snprintf(out, UNIT_TEXT, "<0.01 %%");
	else if (millionths < 100000)
		snprintf(out, UNIT_TEXT, "%.2f %%", (double)millionths / 10000);
	else
		snprintf(out, UNIT_TEXT, "%.1f %%", (double)millionths / 10000);
	return out;
}

const char *factor_text(char *out, uint64_t thousandths)
{
	snprintf(out, UNIT_TEXT, "%.2f", (double)thousandths / 1000);
	return out;
}
