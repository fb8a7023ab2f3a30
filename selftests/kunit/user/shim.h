/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the kernel that the units and their tests use, in userspace.
 *
 * Included ahead of each source; the kernel's headers that those include are
 * then empty, or the ones that userspace has.
 */
#ifndef FMP_USER_SHIM_H
#define FMP_USER_SHIM_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int32_t s32;
typedef long long s64;
typedef unsigned int gfp_t;

#define U8_MAX			UINT8_MAX
#define U16_MAX			UINT16_MAX
#define U32_MAX			((u32)~0U)
#define U64_MAX			((u64)~0ULL)
#define S32_MIN			INT32_MIN
#define S32_MAX			INT32_MAX
#define S64_MAX			INT64_MAX
#define BIT_ULL(bit)		(1ULL << (bit))
#define BITS_PER_LONG		(8 * sizeof(long))

#define IS_ENABLED(option)	0
#define KBUILD_MODNAME		"fmp_kunit"
#define MODULE_LICENSE(text)
#define MODULE_DESCRIPTION(text)

#define likely(condition)	__builtin_expect(!!(condition), 1)
#define __uninitialized
#define unlikely(condition)	__builtin_expect(!!(condition), 0)
#define __noreturn		__attribute__((noreturn))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define __init
#define __exit
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile typeof(x) *)&(x) = (value))
#define data_race(expression)	(expression)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define lower_32_bits(n)	((u32)(n))
#define upper_32_bits(n)	((u32)((u64)(n) >> 32))
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define clamp_t(type, value, low, high) \
	min_t(type, (type)(value) > (type)(low) ? (value) : (low), high)
#define cond_resched()		((void)0)

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline s64 div64_s64(s64 a, s64 b)
{
	return a / b;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#define cpu_to_le16(x)		htole16(x)
#define cpu_to_le32(x)		htole32(x)
#define cpu_to_le64(x)		((u64)htole64(x))
#define le16_to_cpu(x)		le16toh(x)
#define le32_to_cpu(x)		le32toh(x)
#define le64_to_cpu(x)		((u64)le64toh(x))

#define FMP_SHIM_UNALIGNED(bits, type)					\
static inline type get_unaligned_le##bits(const void *p)		\
{									\
	type value;							\
									\
	memcpy(&value, p, sizeof(value));				\
	return le##bits##toh(value);					\
}									\
									\
static inline void put_unaligned_le##bits(type value, void *p)		\
{									\
	value = htole##bits(value);					\
	memcpy(p, &value, sizeof(value));				\
}

FMP_SHIM_UNALIGNED(16, u16)
FMP_SHIM_UNALIGNED(32, u32)
FMP_SHIM_UNALIGNED(64, u64)

typedef struct {
	s64 counter;
} atomic64_t;

#define ATOMIC64_INIT(value)	{ (value) }

static inline void atomic64_set(atomic64_t *v, s64 n)
{
	__atomic_store_n(&v->counter, n, __ATOMIC_SEQ_CST);
}

static inline s64 atomic64_fetch_add(s64 n, atomic64_t *v)
{
	return __atomic_fetch_add(&v->counter, n, __ATOMIC_SEQ_CST);
}

static inline s64 atomic64_fetch_inc(atomic64_t *v)
{
	return atomic64_fetch_add(1, v);
}

#define DECLARE_BITMAP(name, bits) \
	unsigned long name[((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG]

static inline bool test_bit(unsigned int bit, const unsigned long *map)
{
	return map[bit / BITS_PER_LONG] >> (bit % BITS_PER_LONG) & 1;
}

static inline void __clear_bit(unsigned int nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] &= ~(1UL << (nr % BITS_PER_LONG));
}

static inline void __set_bit(unsigned int bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] |= 1UL << (bit % BITS_PER_LONG);
}

static inline void bitmap_clear(unsigned long *map, unsigned int start,
				unsigned int count)
{
	for (; count; count--, start++)
		map[start / BITS_PER_LONG] &= ~(1UL << (start % BITS_PER_LONG));
}

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	bitmap_clear(map, 0, bits);
}

static inline unsigned int bitmap_weight(const unsigned long *map,
					 unsigned int bits)
{
	unsigned int bit, weight = 0;

	for (bit = 0; bit < bits; bit++)
		weight += test_bit(bit, map);
	return weight;
}

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	head->next = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

#define list_entry_of(ptr, pos, member) \
	container_of(ptr, typeof(*(pos)), member)
#define list_for_each_entry_safe(pos, n, head, member)			\
	for (pos = list_entry_of((head)->next, pos, member),		\
	     n = list_entry_of(pos->member.next, pos, member);		\
	     &pos->member != (head);					\
	     pos = n, n = list_entry_of(n->member.next, n, member))

#define GFP_KERNEL		0U
#define __GFP_ZERO		1U

/* An empty allocation has an address here, and none of its bytes is readable. */
static inline void *kmalloc(size_t size, gfp_t gfp)
{
	return gfp & __GFP_ZERO ? calloc(1, size) : malloc(size);
}

#define kfree(ptr)		free((void *)(ptr))

#define KERN_INFO		""
#define pr_info			printk
#define pr_err			printk
#define WARN(condition, ...)	((condition) ? (printf(__VA_ARGS__), abort()) : \
					       (void)0)

/* As %pV, which no printf() of userspace knows. */
struct va_format {
	const char *fmt;
	va_list *va;
};

int __printf(1, 2) printk(const char *fmt, ...);

struct completion {
	sem_t done;
};

#define init_completion(c)	sem_init(&(c)->done, 0, 0)
#define wait_for_completion(c)	sem_wait(&(c)->done)

/* Nobody looks into it. */
struct task_struct {
	char unused;
};

#define IS_ERR(ptr)		(!(ptr))

struct task_struct *kthread_run(int (*run)(void *), void *data,
				const char *name);
void __noreturn kthread_complete_and_exit(struct completion *done, long code);

extern int (* const fmp_module_init)(void);

#define module_init(function)	int (* const fmp_module_init)(void) = function
#define module_exit(function)	void (* const fmp_module_exit)(void) = function

#define CHACHA_BLOCK_SIZE	64
#define CHACHA_KEY_SIZE		crypto_stream_chacha20_ietf_KEYBYTES
#define POLY1305_BLOCK_SIZE	16
#define POLY1305_KEY_SIZE	crypto_onetimeauth_KEYBYTES
#define POLY1305_DIGEST_SIZE	crypto_onetimeauth_BYTES

struct chacha_state {
	u32 x[16];
};

/* The constants are libsodium's own. */
#define chacha_init_consts(state)	((void)(state))

void chacha20_crypt(struct chacha_state *state, u8 *dst, const u8 *src,
		    unsigned int bytes);

struct poly1305_desc_ctx {
	crypto_onetimeauth_state state;
};

#define poly1305_init(ctx, key)		crypto_onetimeauth_init(&(ctx)->state, key)
#define poly1305_update(ctx, src, len)	crypto_onetimeauth_update(&(ctx)->state, src, len)
#define poly1305_final(ctx, tag)	crypto_onetimeauth_final(&(ctx)->state, tag)

static inline void crypto_xor(u8 *dst, const u8 *src, unsigned int len)
{
	while (len--)
		*dst++ ^= *src++;
}

#define crypto_memneq(a, b, len)	(!!sodium_memcmp(a, b, len))
#define memzero_explicit(p, len)	sodium_memzero(p, len)

void chacha20poly1305_encrypt(u8 *dst, const u8 *src, size_t src_len,
			      const u8 *ad, size_t ad_len, u64 nonce,
			      const u8 *key);

#endif /* FMP_USER_SHIM_H */
