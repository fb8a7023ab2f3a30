// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of keys when the machine sleeps, or is copied.
 *
 * Memory of a machine that sleeps can be read by who has the machine, and that
 * of one that hibernates is on its disk. A virtual machine that is started
 * twice from one image would use each nonce twice.
 */
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/suspend.h>

#include "device.h"
#include "power.h"

static int fmp_power_event(struct notifier_block *block, unsigned long event,
			   void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
		fmp_dev_wipe_all(false);
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
		fmp_dev_awake_all();
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block fmp_power_block = {
	.notifier_call = fmp_power_event,
};

static int fmp_power_copied(struct notifier_block *block, unsigned long event,
			    void *unused)
{
	fmp_dev_wipe_all(true);
	return NOTIFY_DONE;
}

static struct notifier_block fmp_power_copied_block = {
	.notifier_call = fmp_power_copied,
};

/**
 * fmp_power_register() - be told when the machine sleeps, or was copied
 *
 * Context: Process context, at module load.
 * Return: 0, or a negative error.
 */
int fmp_power_register(void)
{
	int err;

	err = register_pm_notifier(&fmp_power_block);
	if (err)
		return err;
	err = register_random_vmfork_notifier(&fmp_power_copied_block);
	if (err)
		unregister_pm_notifier(&fmp_power_block);
	return err;
}

/**
 * fmp_power_unregister() - undo fmp_power_register()
 *
 * Context: Process context, at module unload.
 */
void fmp_power_unregister(void)
{
	unregister_random_vmfork_notifier(&fmp_power_copied_block);
	unregister_pm_notifier(&fmp_power_block);
}
