// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration files: whatever is in them is read or refused, and what is read can be
 * planned.  Addresses and key files of this machine do not matter to it.
 */
#include "conf-checks.h"
#include "fail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *silence;
	struct conf conf;
	FILE *file;

	if (!silence)
		silence = fopen("/dev/null", "w");
	if (!silence)
		return 0;
	file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	if (!file)
		return 0;
	fail_stream(silence);
	if (!conf_read(&conf, file, "fuzz.conf")) {
		check_conf(&conf);
		check_plan(&conf);
	}
	conf_release(&conf);
	fclose(file);
	return 0;
}
