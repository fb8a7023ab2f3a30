// SPDX-License-Identifier: GPL-2.0
/*
 * The part of KUnit that these tests use, for kernels built without it.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "kunit/test.h"

struct kunit_allocation {
	struct list_head list;
	void *ptr;
};

unsigned int kunit_failed_suites;

/**
 * kunit_kmalloc() - allocate for a case
 * @test: the case that the memory lives as long as
 * @size: bytes
 * @gfp: flags
 *
 * Return: The memory, or NULL.
 */
void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	struct kunit_allocation *a = kmalloc(sizeof(*a), gfp);

	if (!a)
		return NULL;
	a->ptr = kmalloc(size, gfp);
	if (!a->ptr) {
		kfree(a);
		return NULL;
	}
	list_add(&a->list, &test->allocations);
	return a->ptr;
}

/**
 * kunit_kzalloc() - allocate zeroed memory for a case
 * @test: the case that the memory lives as long as
 * @size: bytes
 * @gfp: flags
 *
 * Return: The memory, or NULL.
 */
void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	return kunit_kmalloc(test, size, gfp | __GFP_ZERO);
}

static void kunit_free_allocation(struct kunit_allocation *a)
{
	list_del(&a->list);
	kfree(a->ptr);
	kfree(a);
}

/**
 * kunit_kfree() - free before the end of the case
 * @test: the case
 * @ptr: from kunit_kmalloc() or kunit_kzalloc()
 */
void kunit_kfree(struct kunit *test, const void *ptr)
{
	struct kunit_allocation *a, *next;

	list_for_each_entry_safe(a, next, &test->allocations, list) {
		if (a->ptr == ptr) {
			kunit_free_allocation(a);
			return;
		}
	}
	WARN(1, "%s: freed what it did not allocate\n", test->name);
}

/**
 * kunit_fail() - report a check that did not hold
 * @test: the case
 * @failure: the check
 * @left: value of the left operand
 * @right: value of the right operand
 * @fmt: what the test has to say, or NULL
 *
 * Does not return if the check was an assertion.
 */
void kunit_fail(struct kunit *test, const struct kunit_failure *failure,
		long long left, long long right, const char *fmt, ...)
{
	struct va_format message = { .fmt = fmt };
	va_list args;

	test->status = KUNIT_FAILURE;
	pr_err(KUNIT_SUBTEST_INDENT "# %s: %s FAILED at %s:%d\n",
	       test->name, failure->is_assertion ? "ASSERTION" : "EXPECTATION",
	       failure->file, failure->line);
	if (failure->op)
		pr_err(KUNIT_SUBTEST_INDENT
		       "Expected %s %s %s, but left is %lld (0x%llx), right is %lld (0x%llx)\n",
		       failure->left, failure->op, failure->right, left, left,
		       right, right);
	else
		pr_err(KUNIT_SUBTEST_INDENT "Expected %s\n",
		       failure->left);
	if (fmt) {
		va_start(args, fmt);
		message.va = &args;
		pr_err(KUNIT_SUBTEST_INDENT "%pV\n", &message);
		va_end(args);
	}
	if (failure->is_assertion)
		kunit_abort(test);
}

static int kunit_thread(void *data)
{
	struct kunit *test = data;

	test->run_case(test);
	kunit_abort(test);
}

/* In a thread of its own, so that an assertion can end it. */
static void kunit_run_case(struct kunit *test)
{
	struct kunit_allocation *a, *next;
	struct task_struct *thread;

	thread = kthread_run(kunit_thread, test, "kunit_try_catch");
	if (IS_ERR(thread)) {
		pr_err(KUNIT_SUBTEST_INDENT "# %s: no thread\n",
		       test->name);
		test->status = KUNIT_FAILURE;
		return;
	}
	wait_for_completion(&test->done);

	list_for_each_entry_safe(a, next, &test->allocations, list)
		kunit_free_allocation(a);
}

static void kunit_run_suite(struct kunit_suite *suite, size_t number)
{
	/* One at a time, and as lockdep knows it: not on the stack. */
	static struct kunit kunit_test;
	unsigned int totals[KUNIT_SKIPPED + 1] = {};
	struct kunit *test = &kunit_test;
	unsigned int count = 0, run = 0;
	struct kunit_case *c;

	for (c = suite->test_cases; c->run_case; c++)
		count++;
	pr_info(KUNIT_SUBTEST_INDENT "KTAP version 1\n");
	pr_info(KUNIT_SUBTEST_INDENT "# Subtest: %s\n", suite->name);
	pr_info(KUNIT_SUBTEST_INDENT "# module: %s\n", KBUILD_MODNAME);
	pr_info(KUNIT_SUBTEST_INDENT "1..%u\n", count);

	for (c = suite->test_cases; c->run_case; c++) {
		memset(test, 0, sizeof(*test));
		test->name = c->name;
		test->run_case = c->run_case;
		INIT_LIST_HEAD(&test->allocations);
		init_completion(&test->done);

		kunit_run_case(test);

		totals[test->status]++;
		pr_info(KUNIT_SUBTEST_INDENT "%sok %u %s%s%s\n",
			test->status == KUNIT_FAILURE ? "not " : "", ++run,
			test->name,
			test->status == KUNIT_SKIPPED ? " # SKIP " : "",
			test->status_comment);
	}

	pr_info("# %s: pass:%u fail:%u skip:%u total:%u\n", suite->name,
		totals[KUNIT_SUCCESS], totals[KUNIT_FAILURE],
		totals[KUNIT_SKIPPED], count);
	pr_info("# Totals: pass:%u fail:%u skip:%u total:%u\n",
		totals[KUNIT_SUCCESS], totals[KUNIT_FAILURE],
		totals[KUNIT_SKIPPED], count);
	pr_info("%sok %zu %s%s\n", totals[KUNIT_FAILURE] ? "not " : "",
		number, suite->name,
		totals[KUNIT_SKIPPED] == count ? " # SKIP" : "");
	kunit_failed_suites += !!totals[KUNIT_FAILURE];
}

static int __init kunit_run_suites(void)
{
	size_t count = 0, i;

	while (kunit_module_suites[count])
		count++;
	pr_info("KTAP version 1\n");
	pr_info("1..%zu\n", count);
	for (i = 0; i < count; i++)
		kunit_run_suite(kunit_module_suites[i], i + 1);
	return 0;
}
module_init(kunit_run_suites);

/* Without it the module could not be removed. */
static void __exit kunit_exit(void)
{
}
module_exit(kunit_exit);
