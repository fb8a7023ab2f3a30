// SPDX-License-Identifier: GPL-2.0
#include "survey.h"

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

static int take_peers(struct survey *survey, struct nl *nl)
{
	const struct device *device;
	struct target target;
	int status = STATUS_OK;
	size_t i;

	survey->peers = xcalloc(survey->devices.count, sizeof(*survey->peers));
	for (i = 0; i < survey->devices.count && !status; i++) {
		device = &survey->devices.list[i];
		target.name = device->name ? device->name : "?";
		target.ifindex = device->ifindex;
		status = kernel_peers(nl, &target, &survey->peers[i]);
	}
	if (status)
		survey_release(survey);
	return status;
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
		status = take_peers(survey, nl);
	nl_close(nl);
	return status;
}
