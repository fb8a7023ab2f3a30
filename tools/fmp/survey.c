// SPDX-License-Identifier: GPL-2.0
#include "survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "util.h"

void survey_release(struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->devices.count; i++)
		peers_release(&survey->peers[i]);
	free(survey->peers);
	devices_release(&survey->devices);
	memset(survey, 0, sizeof(*survey));
}

static void drop_device(struct devices *devices, size_t i)
{
	device_release(&devices->list[i]);
	devices->count--;
	memmove(&devices->list[i], &devices->list[i + 1],
		(devices->count - i) * sizeof(*devices->list));
}

/* A device may go between the lists; that is no error unless it was asked for. */
static int take_peers(struct survey *survey, struct nl *nl, bool named)
{
	const struct device *device;
	struct target target;
	size_t i = 0;
	int err;

	survey->peers = xcalloc(survey->devices.count, sizeof(*survey->peers));
	while (i < survey->devices.count) {
		device = &survey->devices.list[i];
		target.name = device->name ? device->name : "?";
		target.ifindex = device->ifindex;
		err = kernel_try_peers(nl, &target, &survey->peers[i]);
		if (err == -ENODEV && !named) {
			drop_device(&survey->devices, i);
		} else if (err) {
			err = kernel_peers_refused(nl, err, &target);
			survey_release(survey);
			return err;
		} else {
			i++;
		}
	}
	return STATUS_OK;
}

int survey_take(struct survey *survey, const struct target *target)
{
	struct nl *nl;
	int status;

	memset(survey, 0, sizeof(*survey));
	status = nl_open(&nl);
	if (status)
		return status;
	if (target->name)
		status = kernel_device(nl, target, &survey->devices);
	else
		status = kernel_devices(nl, &survey->devices);
	if (!status)
		status = take_peers(survey, nl, target->name);
	nl_close(nl);
	return status;
}
