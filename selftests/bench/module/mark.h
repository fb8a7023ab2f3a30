/* SPDX-License-Identifier: GPL-2.0 */
/*
 * No-ops between which the profiler (profile.c) counts, of the module and of
 * programs. Whatever ran before the first and after the second is not of the
 * load.
 */
#ifndef MARK_H
#define MARK_H

static inline void bench_mark_begin(void)
{
	__asm__ __volatile__(".byte 0x0f, 0x1f, 0x84, 0x00, 1, 'P', 'M', 'F'"
			     ::: "memory");
}

static inline void bench_mark_end(void)
{
	__asm__ __volatile__(".byte 0x0f, 0x1f, 0x84, 0x00, 2, 'P', 'M', 'F'"
			     ::: "memory");
}

#endif /* MARK_H */
