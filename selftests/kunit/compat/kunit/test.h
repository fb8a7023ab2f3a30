/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of KUnit that these tests use, for kernels built without it.
 *
 * Names, semantics and output are those of the kernel's <kunit/test.h>.
 */
#ifndef FMP_COMPAT_KUNIT_TEST_H
#define FMP_COMPAT_KUNIT_TEST_H

#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#define KUNIT_SUBTEST_INDENT	"    "

enum kunit_status {
	KUNIT_SUCCESS,
	KUNIT_FAILURE,
	KUNIT_SKIPPED,
};

/**
 * struct kunit - a running case
 * @name: name of the case
 * @status: what became of it
 * @status_comment: why it was skipped
 * @allocations: what is freed behind it
 * @run_case: what its thread runs
 * @done: completed when its thread is gone
 */
struct kunit {
	const char *name;
	enum kunit_status status;
	char status_comment[128];
	struct list_head allocations;
	void (*run_case)(struct kunit *test);
	struct completion done;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

/**
 * struct kunit_failure - a check that did not hold
 * @file: where
 * @line: where
 * @is_assertion: end the case
 * @left: text of the left operand, or of the condition
 * @op: comparison, or NULL for a condition
 * @right: text of the right operand
 */
struct kunit_failure {
	const char *file;
	int line;
	bool is_assertion;
	const char *left;
	const char *op;
	const char *right;
};

#define KUNIT_CASE(function) { .run_case = (function), .name = #function }

extern struct kunit_suite * const kunit_module_suites[];
extern unsigned int kunit_failed_suites;

void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp);
void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp);
void kunit_kfree(struct kunit *test, const void *ptr);
void __printf(5, 6)
kunit_fail(struct kunit *test, const struct kunit_failure *failure,
	   long long left, long long right, const char *fmt, ...);

/*
 * Ends the case from any depth. Inline, because objtool only knows the
 * kernel's own functions not to return.
 */
static inline void __noreturn kunit_abort(struct kunit *test)
{
	kthread_complete_and_exit(&test->done, 0);
}

#define kunit_log(level, test, fmt, ...)				\
	((void)(level), (void)(test), pr_info(fmt "\n", ##__VA_ARGS__))

#define kunit_info(test, fmt, ...)					\
	pr_info(KUNIT_SUBTEST_INDENT "# %s: " fmt, (test)->name,	\
		##__VA_ARGS__)

#define kunit_skip(test, fmt, ...)					\
do {									\
	struct kunit *test_ = (test);					\
									\
	test_->status = KUNIT_SKIPPED;					\
	snprintf(test_->status_comment, sizeof(test_->status_comment),	\
		 fmt, ##__VA_ARGS__);					\
	kunit_abort(test_);						\
} while (0)

#define kunit_test_suites(...)						\
	struct kunit_suite * const kunit_module_suites[] = {		\
		__VA_ARGS__, NULL					\
	}

#define KUNIT_CHECK(test, assertion, holds, a_text, a, op_text, b_text,	\
		    b, fmt, ...)					\
do {									\
	static const struct kunit_failure failure_ = {			\
		.file = __FILE__,					\
		.line = __LINE__,					\
		.is_assertion = (assertion),				\
		.left = a_text,						\
		.op = op_text,						\
		.right = b_text,					\
	};								\
									\
	if (unlikely(!(holds)))						\
		kunit_fail(test, &failure_, (long long)(a),		\
			   (long long)(b), fmt, ##__VA_ARGS__);		\
} while (0)

#define KUNIT_COMPARE(test, assertion, a, op, b, fmt, ...)		\
do {									\
	const typeof(a) a_ = (a);					\
	const typeof(b) b_ = (b);					\
									\
	KUNIT_CHECK(test, assertion, a_ op b_, #a, a_, #op, #b, b_,	\
		    fmt, ##__VA_ARGS__);				\
} while (0)

#define KUNIT_CONDITION(test, assertion, condition, text, fmt, ...)	\
	KUNIT_CHECK(test, assertion, condition, text, 0, NULL, NULL, 0,	\
		    fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_EQ(test, a, b) \
	KUNIT_COMPARE(test, false, a, ==, b, NULL)
#define KUNIT_EXPECT_EQ_MSG(test, a, b, fmt, ...) \
	KUNIT_COMPARE(test, false, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_LT(test, a, b) \
	KUNIT_COMPARE(test, false, a, <, b, NULL)
#define KUNIT_EXPECT_GT(test, a, b) \
	KUNIT_COMPARE(test, false, a, >, b, NULL)
#define KUNIT_EXPECT_GE_MSG(test, a, b, fmt, ...) \
	KUNIT_COMPARE(test, false, a, >=, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_TRUE(test, condition) \
	KUNIT_CONDITION(test, false, condition, #condition, NULL)
#define KUNIT_EXPECT_TRUE_MSG(test, condition, fmt, ...) \
	KUNIT_CONDITION(test, false, condition, #condition, \
			fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE(test, condition) \
	KUNIT_CONDITION(test, false, !(condition), "!" #condition, NULL)
#define KUNIT_EXPECT_FALSE_MSG(test, condition, fmt, ...) \
	KUNIT_CONDITION(test, false, !(condition), "!" #condition, \
			fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_MEMEQ(test, a, b, size) \
	KUNIT_CONDITION(test, false, !memcmp(a, b, size), \
			"memory " #a " == " #b, NULL)
#define KUNIT_EXPECT_MEMEQ_MSG(test, a, b, size, fmt, ...) \
	KUNIT_CONDITION(test, false, !memcmp(a, b, size), \
			"memory " #a " == " #b, fmt, ##__VA_ARGS__)

#define KUNIT_ASSERT_EQ(test, a, b) \
	KUNIT_COMPARE(test, true, a, ==, b, NULL)
#define KUNIT_ASSERT_EQ_MSG(test, a, b, fmt, ...) \
	KUNIT_COMPARE(test, true, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_LT(test, a, b) \
	KUNIT_COMPARE(test, true, a, <, b, NULL)
#define KUNIT_ASSERT_GE(test, a, b) \
	KUNIT_COMPARE(test, true, a, >=, b, NULL)
#define KUNIT_ASSERT_TRUE(test, condition) \
	KUNIT_CONDITION(test, true, condition, #condition, NULL)
#define KUNIT_ASSERT_TRUE_MSG(test, condition, fmt, ...) \
	KUNIT_CONDITION(test, true, condition, #condition, \
			fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_FALSE(test, condition) \
	KUNIT_CONDITION(test, true, !(condition), "!" #condition, NULL)
#define KUNIT_ASSERT_NOT_NULL(test, pointer) \
	KUNIT_CONDITION(test, true, (pointer), #pointer, NULL)

#endif /* FMP_COMPAT_KUNIT_TEST_H */
