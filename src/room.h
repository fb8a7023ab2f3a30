/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rooms: pages of a CPU that are used again.
 */
#ifndef FMP_ROOM_H
#define FMP_ROOM_H

#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/types.h>

/* As much as the page allocator has at hand, and no more. */
#define FMP_ROOM_ORDER		get_order(32768)
#define FMP_ROOM_SIZE		((unsigned int)PAGE_SIZE << FMP_ROOM_ORDER)
/* As many as one batch may need, and another that is still in a queue. */
#define FMP_ROOMS		4

/**
 * struct fmp_room - a page
 * @page: with a reference of ours, or NULL
 * @used: bytes from its beginning that were taken
 */
struct fmp_room {
	struct page *page;
	unsigned int used;
};

/**
 * struct fmp_rooms - the pages of a CPU
 * @lock: protects what follows where others run with bottom halves disabled
 * @room: the pages
 * @next: the one before that which is replaced next, when all are in use
 *
 * Kernels that zero what is allocated spend more time on that than on anything
 * else that a batch takes.
 */
struct fmp_rooms {
	local_lock_t lock; /* the pages of this CPU */
	struct fmp_room room[FMP_ROOMS];
	unsigned int next;
};

#define DEFINE_FMP_ROOMS(name) \
	DEFINE_PER_CPU(struct fmp_rooms, name) = { \
		.lock = INIT_LOCAL_LOCK(lock), \
	}

struct page *fmp_room_take(struct fmp_rooms __percpu *rooms, unsigned int size,
			   unsigned int *offset);
void fmp_room_give_back(struct fmp_rooms __percpu *rooms,
			const struct page *page, unsigned int from,
			unsigned int to);
bool fmp_room_owns(struct page *page);
void fmp_rooms_free(struct fmp_rooms __percpu *rooms);

#endif /* FMP_ROOM_H */
