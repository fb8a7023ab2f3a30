// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/fmp_bench: a request is written as words of the form name=value, and
 * its result read. The writer's network namespace is that of who sends.
 */
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "bench.h"

#define REQUEST_LEN_MAX	512

static DEFINE_MUTEX(bench_lock); /* bench_answer, and one load at a time */
static char bench_answer[128];

static const char * const bench_modes[] = {
	[BENCH_THROUGH] = "through",
	[BENCH_SEND] = "send",
	[BENCH_RECEIVE] = "receive",
	[BENCH_ECHO] = "echo",
	[BENCH_SEAL] = "seal",
	[BENCH_OPEN] = "open",
};

static int parse_text(struct bench_request *request, const char *name,
		      const char *value)
{
	int mode;

	if (!strcmp(name, "mode")) {
		mode = match_string(bench_modes, ARRAY_SIZE(bench_modes),
				    value);
		if (mode < 0)
			return mode;
		request->mode = mode;
		return 0;
	}
	if (!strcmp(name, "dev"))
		return strscpy(request->dev, value, IFNAMSIZ) < 0 ? -EINVAL : 0;
	if (!strcmp(name, "far-dev"))
		return strscpy(request->far_dev, value, IFNAMSIZ) < 0 ?
		       -EINVAL : 0;
	if (!strcmp(name, "from"))
		return in4_pton(value, -1, (u8 *)&request->from, -1, NULL) ?
		       0 : -EINVAL;
	if (!strcmp(name, "to"))
		return in4_pton(value, -1, (u8 *)&request->to, -1, NULL) ?
		       0 : -EINVAL;
	return -ENOENT;
}

static int parse_word(struct bench_request *request, char *word)
{
	const struct {
		const char *name;
		unsigned int *value;
	} numbers[] = {
		{ "netns", &request->netns },
		{ "flows", &request->flows },
		{ "port", &request->port },
		{ "size", &request->size },
		{ "count", &request->count },
		{ "warm", &request->warm },
		{ "window", &request->window },
		{ "burst", &request->burst },
		{ "gso", &request->gso },
		{ "gro", &request->gro },
	};
	char *name = strsep(&word, "=");
	unsigned int i;

	if (!word)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!strcmp(name, numbers[i].name))
			return kstrtouint(word, 0, numbers[i].value);
	return parse_text(request, name, word);
}

static int parse_request(struct bench_request *request, char *text)
{
	char *word;
	int err;

	while ((word = strsep(&text, "\n "))) {
		if (!*word)
			continue;
		err = parse_word(request, word);
		if (err)
			return err;
	}
	return 0;
}

static int serve(char *text)
{
	struct bench_request request = {
		.flows = 1,
		.size = 1420,
		.count = 1000,
		.window = 1,
		.burst = 1,
	};
	struct bench_result result = {};
	int err;

	err = parse_request(&request, text);
	if (err)
		return err;
	if (request.mode == BENCH_SEAL || request.mode == BENCH_OPEN)
		err = bench_cipher(&request, &result);
	else
		err = bench_pps(&request, &result);
	if (err)
		return err;

	scnprintf(bench_answer, sizeof(bench_answer), "%u %llu %llu\n",
		  result.packets, result.ns, result.idle_us);
	return 0;
}

static ssize_t bench_write(struct file *file, const char __user *from,
			   size_t len, loff_t *pos)
{
	char *text;
	int err;

	if (len > REQUEST_LEN_MAX)
		return -E2BIG;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);

	mutex_lock(&bench_lock);
	bench_answer[0] = '\0';
	err = serve(text);
	mutex_unlock(&bench_lock);
	kfree(text);
	return err ?: len;
}

static ssize_t bench_read(struct file *file, char __user *to, size_t len,
			  loff_t *pos)
{
	ssize_t n;

	mutex_lock(&bench_lock);
	n = simple_read_from_buffer(to, len, pos, bench_answer,
				    strlen(bench_answer));
	mutex_unlock(&bench_lock);
	return n;
}

static const struct proc_ops bench_proc_ops = {
	.proc_read = bench_read,
	.proc_write = bench_write,
	.proc_lseek = default_llseek,
};

static int __init bench_init(void)
{
	if (!proc_create("fmp_bench", 0600, NULL, &bench_proc_ops))
		return -ENOMEM;
	return 0;
}

static void __exit bench_exit(void)
{
	remove_proc_entry("fmp_bench", NULL);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Load for the benchmark of fmp");
