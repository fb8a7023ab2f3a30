/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_EXPOSITION_H
#define FMP_EXPOSITION_H

#include <stdio.h>

#include "kernel.h"

/* A device and its peers, for the text that Prometheus reads. */
struct exposition {
	struct device *device;
	struct peers peers;
};

/* Version 0.0.4 of the format, with what is known; the rest is left out. */
void exposition_write(FILE *out, const struct exposition *list, size_t count);

#endif /* FMP_EXPOSITION_H */
