// SPDX-License-Identifier: GPL-2.0
/*
 * Rooms: pages of a CPU that are used again.
 *
 * What batches are written to, where one page holds many frames or packets. A
 * page is free again when nobody but its room has a reference.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>

#include "room.h"

/* An address that is nobody else's. */
static const char fmp_room_mark;

/* Who has parts of it frees it; the mark is not to outlive our reference. */
static void fmp_room_put_page(struct fmp_room *room)
{
	if (!room->page)
		return;
	set_page_private(room->page, 0);
	put_page(room->page);
	room->page = NULL;
}

static bool fmp_room_new_page(struct fmp_room *room)
{
	struct page *page;

	page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN |
			   __GFP_NORETRY | __GFP_NOMEMALLOC, FMP_ROOM_ORDER);
	if (!page)
		return false;
	fmp_room_put_page(room);
	set_page_private(page, (unsigned long)&fmp_room_mark);
	room->page = page;
	room->used = 0;
	return true;
}

static bool fmp_room_fits(struct fmp_room *room, unsigned int size)
{
	if (!room->page)
		return false;
	/* What was in it is out. */
	if (page_ref_count(room->page) == 1)
		room->used = 0;
	return room->used + size <= FMP_ROOM_SIZE;
}

/* The first that has room is in the caches; NULL without memory. */
static struct fmp_room *fmp_room_find(struct fmp_rooms *rooms,
				      unsigned int size)
{
	struct fmp_room *room;
	unsigned int i;

	for (i = 0; i < FMP_ROOMS; i++)
		if (fmp_room_fits(&rooms->room[i], size))
			return &rooms->room[i];
	rooms->next = (rooms->next + 1) % FMP_ROOMS;
	room = &rooms->room[rooms->next];
	return fmp_room_new_page(room) ? room : NULL;
}

static struct page *fmp_room_take_locked(struct fmp_rooms *rooms,
					 unsigned int size,
					 unsigned int *offset)
{
	struct fmp_room *room = fmp_room_find(rooms, size);

	if (!room)
		return NULL;
	get_page(room->page);
	*offset = room->used;
	room->used += size;
	return room->page;
}

/**
 * fmp_room_take() - get memory in a page of this CPU
 * @rooms: of each CPU
 * @size: at most FMP_ROOM_SIZE
 * @offset: of the memory in the page; result
 *
 * Context: Bottom halves disabled.
 * Return: The page with a reference for the caller, or NULL without memory.
 */
struct page *fmp_room_take(struct fmp_rooms __percpu *rooms, unsigned int size,
			   unsigned int *offset)
{
	struct page *page;

	local_lock_nested_bh(&rooms->lock);
	page = fmp_room_take_locked(this_cpu_ptr(rooms), size, offset);
	local_unlock_nested_bh(&rooms->lock);
	return page;
}

static void fmp_room_give_back_locked(struct fmp_rooms *rooms,
				      const struct page *page,
				      unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = 0; i < FMP_ROOMS; i++)
		if (rooms->room[i].page == page && rooms->room[i].used == to)
			rooms->room[i].used = from;
}

/**
 * fmp_room_give_back() - not need the end of what was taken
 * @rooms: of each CPU
 * @page: as fmp_room_take() gave it; the caller still has its reference
 * @from: where in the page begins what is not needed
 * @to: where that ends which was taken
 *
 * Others may have it, unless more was taken meanwhile.
 *
 * Context: Bottom halves disabled, since fmp_room_take().
 */
void fmp_room_give_back(struct fmp_rooms __percpu *rooms,
			const struct page *page, unsigned int from,
			unsigned int to)
{
	local_lock_nested_bh(&rooms->lock);
	fmp_room_give_back_locked(this_cpu_ptr(rooms), page, from, to);
	local_unlock_nested_bh(&rooms->lock);
}

/**
 * fmp_room_owns() - tell whether nobody but this module writes to a page
 * @page: of a packet
 *
 * Others may have pages that programs map.
 *
 * Context: Any; the caller has a reference.
 * Return: true if it is one of those in rooms.
 */
bool fmp_room_owns(struct page *page)
{
	return page_private(compound_head(page)) ==
	       (unsigned long)&fmp_room_mark;
}

/**
 * fmp_rooms_free() - free the pages that are kept
 * @rooms: of each CPU
 *
 * Context: Process context, no device is left.
 */
void fmp_rooms_free(struct fmp_rooms __percpu *rooms)
{
	struct fmp_rooms *of_cpu;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu) {
		of_cpu = per_cpu_ptr(rooms, cpu);
		for (i = 0; i < FMP_ROOMS; i++)
			fmp_room_put_page(&of_cpu->room[i]);
	}
}
