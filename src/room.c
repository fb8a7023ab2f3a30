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

static bool fmp_room_new_page(struct fmp_room *room)
{
	if (room->page)
		put_page(room->page);
	room->used = 0;
	room->page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN |
				 __GFP_NORETRY | __GFP_NOMEMALLOC,
				 FMP_ROOM_ORDER);
	if (room->page)
		set_page_private(room->page, (unsigned long)&fmp_room_mark);
	return room->page;
}

static bool fmp_room_fits(struct fmp_room *room, unsigned int size)
{
	if (!room->page)
		return fmp_room_new_page(room);
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
	rooms->oldest = (rooms->oldest + 1) % FMP_ROOMS;
	room = &rooms->room[rooms->oldest];
	return fmp_room_new_page(room) ? room : NULL;
}

static struct page *fmp_room_take_locked(struct fmp_rooms *rooms,
					 unsigned int size,
					 unsigned int *offset)
{
	struct fmp_room *room = fmp_room_find(rooms, size);

	if (!room || !room->page)
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

/**
 * fmp_room_owns() - tell whether nobody but this module writes to a page
 * @page: of a packet
 *
 * Others may have pages that programs map. The mark is in a word that the
 * allocator clears for whoever gets the page next.
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
			if (of_cpu->room[i].page)
				put_page(of_cpu->room[i].page);
	}
}
