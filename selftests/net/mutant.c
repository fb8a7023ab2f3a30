// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink requests that a recipe makes of the specification, right and wrong ones.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include <linux/fmp.h>

#include "mutant.h"
#include "pieces.h"
#include "seal.h"

/**
 * mutant_peer_key() - public key of one of the peers that requests are about
 */
void mutant_peer_key(uint8_t *key, unsigned int number)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	seal_seeded(key, FMP_PUBLIC_KEY_SIZE, "mutant peer", name);
}

/**
 * mutant_session_key() - one of the keys that requests give to sessions
 */
void mutant_session_key(uint8_t *key, unsigned int number)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	seal_seeded(key, FMP_KEY_SIZE, "mutant key", name);
	memcpy(key, MUTANT_SECRET, strlen(MUTANT_SECRET));
}

/**
 * mutant_learn() - keep an index that the kernel tells, if it does
 */
void mutant_learn(struct mutant_world *world, const struct nlmsghdr *reply)
{
	const struct genlmsghdr *genl = NLMSG_DATA(reply);
	/* The device comes first. */
	const char *at = (const char *)(genl + 1) + NLA_HDRLEN + sizeof(uint32_t);

	if ((genl->cmd == FMP_CMD_SESSION_NEW || genl->cmd == FMP_CMD_INDEX_RESERVE) &&
	    reply->nlmsg_len >= NLMSG_LENGTH(GENL_HDRLEN + 2 * (NLA_HDRLEN + sizeof(uint32_t))))
		memcpy(&world->learned[world->n_learned++ % MUTANT_LEARNED], at + NLA_HDRLEN,
		       sizeof(uint32_t));
}

/**
 * mutant_name() - what kind of request a number stands for
 */
const char *mutant_name(unsigned int kind)
{
	return kind < spec_n_ops ? spec_ops[kind].name : mutant_link_names[kind - spec_n_ops];
}

/* What is wrong with the message as a whole. */
static void disturb_message(struct mutant *mutant, struct dice *dice)
{
	struct nlmsghdr *head = (void *)mutant->data;
	struct genlmsghdr *genl = NLMSG_DATA(head);
	size_t body = mutant->len - NLMSG_HDRLEN;

	switch (dice_roll(dice, 9)) {
	case 0:
		mutant->len = NLMSG_HDRLEN + dice_roll(dice, body + 1);
		head->nlmsg_len = mutant->len;
		break;
	case 1:
		/* What is said is not what is sent. */
		head->nlmsg_len = dice_number(dice, 32);
		break;
	case 2:
		mutant->len = NLMSG_HDRLEN + dice_roll(dice, body + 1);
		break;
	case 3:
		dice_spoil(dice, (uint8_t *)(genl + 1), body - GENL_HDRLEN);
		break;
	case 4:
		dice_bytes(dice, mutant->data + mutant->len, 16);
		mutant->len += 1 + dice_roll(dice, 16);
		head->nlmsg_len = mutant->len;
		break;
	case 5:
		genl->version = dice_number(dice, 8);
		break;
	case 6:
		genl->reserved = dice_number(dice, 16);
		break;
	case 7:
		genl->cmd = dice_roll(dice, 64);
		break;
	default:
		head->nlmsg_flags = dice_number(dice, 16);
	}
}

static void make_generic(struct mutant *mutant, struct dice *dice, const struct mutant_world *world)
{
	struct nlmsghdr *head = (void *)mutant->data;
	struct genlmsghdr *genl = NLMSG_DATA(head);
	static struct pieces pieces;
	unsigned int i;

	mutant->kind = dice_roll(dice, spec_n_ops);
	/* There has to be something for others. */
	if (strstr(spec_ops[mutant->kind].name, "-del") && dice_chance(dice, 60))
		mutant->kind = dice_roll(dice, spec_n_ops);
	mutant->op = &spec_ops[mutant->kind];
	mutant->dump = mutant->op->dump;
	pieces_begin(&pieces, mutant->careful);
	pieces_fill(&pieces, dice, &mutant->op->set, world);
	for (i = 0; i < mutant->faults; i++)
		pieces_disturb(&pieces, dice, world);

	*head = (struct nlmsghdr){
		.nlmsg_type = world->family,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (mutant->dump ? NLM_F_DUMP : 0),
	};
	*genl = (struct genlmsghdr){ .cmd = mutant->op->number, .version = FMP_FAMILY_VERSION };
	mutant->len = NLMSG_HDRLEN + GENL_HDRLEN;
	mutant->len += pieces_write(&pieces, mutant->data + mutant->len,
				    MUTANT_SIZE - mutant->len - 64);
	head->nlmsg_len = mutant->len;
	if (mutant->faults && dice_chance(dice, 40))
		disturb_message(mutant, dice);
}

/**
 * mutant_make() - make a request
 */
void mutant_make(struct mutant *mutant, const struct recipe *recipe,
		 const struct mutant_world *world)
{
	struct dice dice;

	dice_start(&dice, recipe);
	mutant->op = NULL;
	mutant->faults = dice_chance(&dice, 30) ? 1 + dice_roll(&dice, 3) : 0;
	mutant->careful = !mutant->faults && !dice_chance(&dice, 20);
	if (dice_chance(&dice, 10))
		mutant_make_link(mutant, &dice, world);
	else
		make_generic(mutant, &dice, world);
}
