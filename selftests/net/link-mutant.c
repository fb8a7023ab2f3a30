// SPDX-License-Identifier: GPL-2.0
/*
 * Mutants of what is asked of rtnetlink: devices of the kind fmp are made, changed, moved
 * and removed. Only what is in IFLA_LINKINFO is disturbed, for the rest is not ours.
 */
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "mutant.h"
#include "pieces.h"

/* That it makes, besides those that are there. */
#define DEVICES	3

const char *const mutant_link_names[MUTANT_LINKS] = {
	[MUTANT_LINK_NEW] = "link-new",
	[MUTANT_LINK_CHANGE] = "link-change",
	[MUTANT_LINK_UP] = "link-up",
	[MUTANT_LINK_DOWN] = "link-down",
	[MUTANT_LINK_MOVE] = "link-move",
	[MUTANT_LINK_DEL] = "link-del",
	[MUTANT_LINK_GET] = "link-get",
	[MUTANT_LINK_GETS] = "link-gets",
};

static const struct {
	uint16_t type, flags;
} messages[MUTANT_LINKS] = {
	[MUTANT_LINK_NEW] = { RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL },
	[MUTANT_LINK_CHANGE] = { RTM_NEWLINK, 0 },
	[MUTANT_LINK_UP] = { RTM_NEWLINK, 0 },
	[MUTANT_LINK_DOWN] = { RTM_NEWLINK, 0 },
	[MUTANT_LINK_MOVE] = { RTM_NEWLINK, 0 },
	[MUTANT_LINK_DEL] = { RTM_DELLINK, 0 },
	[MUTANT_LINK_GET] = { RTM_GETLINK, 0 },
	[MUTANT_LINK_GETS] = { RTM_GETLINK, NLM_F_DUMP },
};

static enum mutant_link choose(struct dice *dice)
{
	static const enum mutant_link often[] = {
		MUTANT_LINK_NEW, MUTANT_LINK_NEW, MUTANT_LINK_NEW, MUTANT_LINK_CHANGE,
		MUTANT_LINK_CHANGE, MUTANT_LINK_CHANGE, MUTANT_LINK_CHANGE, MUTANT_LINK_UP,
		MUTANT_LINK_UP, MUTANT_LINK_DOWN, MUTANT_LINK_MOVE, MUTANT_LINK_DEL,
		MUTANT_LINK_GET, MUTANT_LINK_GETS,
	};

	return often[dice_roll(dice, sizeof(often) / sizeof(*often))];
}

static size_t put(struct mutant *mutant, uint16_t type, const void *data, size_t len)
{
	struct nlattr head = { NLA_HDRLEN + len, type };
	size_t at = mutant->len;

	memset(mutant->data + at, 0, NLA_ALIGN(head.nla_len));
	memcpy(mutant->data + at, &head, sizeof(head));
	if (len)
		memcpy(mutant->data + at + NLA_HDRLEN, data, len);
	mutant->len += NLA_ALIGN(head.nla_len);
	return at;
}

static void put_u32(struct mutant *mutant, uint16_t type, uint32_t value)
{
	put(mutant, type, &value, sizeof(value));
}

/* To where the message ends. */
static void close_nest(struct mutant *mutant, size_t at)
{
	size_t len = mutant->len - at;
	uint16_t claimed = len < UINT16_MAX ? len : UINT16_MAX - 3;

	memcpy(mutant->data + at, &claimed, sizeof(claimed));
}

static void put_kind(struct mutant *mutant, struct dice *dice)
{
	static const struct {
		const char *name;
		size_t len;
	} kinds[] = { { "", 1 }, { "fm", 3 }, { "fmp\0fmp", 8 }, { "dummy", 6 }, { "fmpx", 5 } };
	unsigned int i;

	if (!mutant->faults || !dice_chance(dice, 5)) {
		put(mutant, IFLA_INFO_KIND, "fmp", 4);
		return;
	}
	i = dice_roll(dice, sizeof(kinds) / sizeof(*kinds));
	put(mutant, IFLA_INFO_KIND, kinds[i].name, kinds[i].len);
}

static void put_settings(struct mutant *mutant, struct dice *dice, const struct mutant_world *world)
{
	size_t nest = put(mutant, IFLA_INFO_DATA | NLA_F_NESTED, NULL, 0), begin = mutant->len;
	static struct pieces pieces;
	unsigned int i;

	pieces_begin(&pieces, mutant->careful);
	pieces_fill(&pieces, dice, &spec_link, world);
	for (i = 0; i < mutant->faults; i++)
		pieces_disturb(&pieces, dice, world);
	mutant->len += pieces_write(&pieces, mutant->data + begin, UINT16_MAX - 1024);
	if (mutant->faults && mutant->len > begin && dice_chance(dice, 30))
		dice_spoil(dice, mutant->data + begin, mutant->len - begin);
	close_nest(mutant, nest);
}

static void put_info(struct mutant *mutant, struct dice *dice, const struct mutant_world *world)
{
	size_t nest = put(mutant, IFLA_LINKINFO | NLA_F_NESTED, NULL, 0);
	unsigned int odd = mutant->faults ? dice_roll(dice, 16) : 0;

	if (odd != 1)
		put_kind(mutant, dice);
	if (odd != 2)
		put_settings(mutant, dice, world);
	if (odd == 3)
		put_settings(mutant, dice, world);
	if (odd == 4)
		put(mutant, IFLA_INFO_SLAVE_KIND, "fmp", 4);
	if (odd == 5)
		put(mutant, IFLA_INFO_XSTATS, "", 1);
	close_nest(mutant, nest);
}

/* What the core does with a device, or asks of it. */
static void put_others(struct mutant *mutant, struct dice *dice)
{
	if (dice_chance(dice, 12))
		put_u32(mutant, IFLA_MTU, dice_chance(dice, 50) ? 1280 + dice_roll(dice, 200) :
								  dice_number(dice, 32));
	if (dice_chance(dice, 5))
		put_u32(mutant, IFLA_TXQLEN, dice_number(dice, 16));
	if (dice_chance(dice, 5))
		put_u32(mutant, IFLA_GROUP, dice_number(dice, 32));
	if (dice_chance(dice, 4))
		put_u32(mutant, IFLA_LINK, dice_number(dice, 4));
	if (dice_chance(dice, 4))
		put_u32(mutant, IFLA_LINK_NETNSID, dice_number(dice, 4));
	if (dice_chance(dice, 4))
		put_u32(mutant, IFLA_NUM_TX_QUEUES, dice_roll(dice, 5));
	if (dice_chance(dice, 4))
		put_u32(mutant, IFLA_GSO_MAX_SIZE, dice_number(dice, 17));
	if (dice_chance(dice, 3))
		put(mutant, IFLA_ADDRESS, "\1\2\3\4\5\6", 6);
}

static int32_t choose_index(struct mutant *mutant, struct dice *dice,
			    const struct mutant_world *world)
{
	if (mutant->link == MUTANT_LINK_NEW && dice_chance(dice, 92))
		return 0;
	if (mutant->link == MUTANT_LINK_NEW)
		return dice_chance(dice, 50) ? INT32_MAX : dice_number(dice, 31);
	if (mutant->link == MUTANT_LINK_GETS)
		return dice_chance(dice, 10) ? dice_number(dice, 31) : 0;
	if (!world->n || dice_chance(dice, 4))
		return dice_number(dice, 31);
	return world->ifindex[dice_roll(dice, world->n)];
}

/**
 * mutant_make_link() - make a request to rtnetlink
 */
void mutant_make_link(struct mutant *mutant, struct dice *dice, const struct mutant_world *world)
{
	struct nlmsghdr *head = (void *)mutant->data;
	struct ifinfomsg *link = NLMSG_DATA(head);
	char name[IFNAMSIZ];

	mutant->link = choose(dice);
	mutant->kind = spec_n_ops + mutant->link;
	mutant->dump = mutant->link == MUTANT_LINK_GETS;
	*head = (struct nlmsghdr){
		.nlmsg_type = messages[mutant->link].type,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | messages[mutant->link].flags,
	};
	*link = (struct ifinfomsg){ .ifi_index = choose_index(mutant, dice, world) };
	mutant->len = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(*link));

	if (mutant->link == MUTANT_LINK_NEW) {
		snprintf(name, sizeof(name), "fz%u", dice_roll(dice, DEVICES));
		put(mutant, IFLA_IFNAME, name, strlen(name) + 1);
	}
	if (mutant->link == MUTANT_LINK_UP || mutant->link == MUTANT_LINK_DOWN)
		link->ifi_change = IFF_UP;
	if (mutant->link == MUTANT_LINK_UP ||
	    (mutant->link == MUTANT_LINK_NEW && dice_chance(dice, 40)))
		link->ifi_flags = link->ifi_change = IFF_UP;
	if (mutant->link <= MUTANT_LINK_CHANGE) {
		put_info(mutant, dice, world);
		/* The core keeps what it did before something of this failed. */
		if (!world->lasting)
			put_others(mutant, dice);
	}
	if (world->away >= 0 &&
	    (mutant->link == MUTANT_LINK_MOVE ||
	     (mutant->link == MUTANT_LINK_NEW && dice_chance(dice, 10))))
		put_u32(mutant, IFLA_NET_NS_FD, world->away);
	head->nlmsg_len = mutant->len;
}
