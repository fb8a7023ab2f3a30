// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration files: whatever is in them is read or refused, and what is read can be
 * planned.  Addresses and key files of this machine do not matter to it.
 */
#include "conf-checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_conf(data, size, "fuzz.conf", NULL);
}
