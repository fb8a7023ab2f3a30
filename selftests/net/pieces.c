// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes on their way into a request, while they can still be put in disorder.
 */
#include <endian.h>
#include <linux/netlink.h>
#include <string.h>

#include "pieces.h"

#define NEST_DEPTH	40
#define PAYLOAD_LONG	60000
/* Of addresses to choose from, as many are somebody's. */
#define ADDRESSES_GOOD	4

/* Attributes of which a request has one, or none. */
static const char *const exclusive[][2] = {
	{ "endpoint-ipv4", "endpoint-ipv6" },
	{ "local-ipv4", "local-ipv6" },
	{ "initiator", "candidate" },
};

/**
 * pieces_begin() - begin with none
 */
void pieces_begin(struct pieces *pieces, bool careful)
{
	pieces->n = 0;
	pieces->used = 0;
	pieces->careful = careful;
}

static void *take_room(struct pieces *pieces, size_t len)
{
	void *data = pieces->room + pieces->used;

	if (len > PIECES_ROOM - pieces->used)
		return NULL;
	pieces->used += len;
	return data;
}

static struct piece *add(struct pieces *pieces, uint16_t type, const void *data, size_t len)
{
	struct piece *piece = &pieces->at[pieces->n];
	void *copy = take_room(pieces, len);

	if (pieces->n == PIECES_MAX || !copy || len > UINT16_MAX - NLA_HDRLEN)
		return NULL;
	pieces->n++;
	memcpy(copy, data, len);
	*piece = (struct piece){ type, NLA_HDRLEN + len, len, copy };
	return piece;
}

/* --- values */

static uint32_t choose_ifindex(struct dice *dice, const struct mutant_world *world, bool careful)
{
	if (!world->n || (!careful && dice_chance(dice, 10)))
		return dice_number(dice, 32);
	/* Most happens in one place, or there would be little anywhere. */
	return world->ifindex[dice_chance(dice, 60) ? 0 : dice_roll(dice, world->n)];
}

static uint32_t choose_index(struct dice *dice, const struct mutant_world *world)
{
	unsigned int learned = world->n_learned;

	if (learned > MUTANT_LEARNED)
		learned = MUTANT_LEARNED;
	if (learned && dice_chance(dice, 60))
		return world->learned[dice_roll(dice, learned)];
	return 1 + dice_roll(dice, MUTANT_INDICES);
}

static uint32_t choose_number(struct dice *dice, const struct spec_attr *attr,
			      const struct mutant_world *world, bool careful)
{
	static const uint32_t addresses[] = {
		0x0a000102, 0x0a000202, 0x0a090001, 0x0a090002, 0x7f000001, 0, 0xffffffff,
		0xe00000fb, 0xa9fe0001, 0xc0000201,
	};
	static const unsigned int bits[] = { 8, 16, 32 };
	uint32_t value;

	if (attr->role == SPEC_IFINDEX)
		return choose_ifindex(dice, world, careful);
	if (attr->role == SPEC_INDEX && !dice_chance(dice, 10))
		return choose_index(dice, world);
	if (attr->role == SPEC_IPV4 && careful)
		return htobe32(addresses[dice_roll(dice, ADDRESSES_GOOD)] + dice_roll(dice, 16));
	if (attr->role == SPEC_IPV4 && !dice_chance(dice, 20))
		return htobe32(addresses[dice_roll(dice, sizeof(addresses) / 4)]);
	if (attr->role == SPEC_PORT || attr->role == SPEC_PORT_BE) {
		value = 2121 + dice_roll(dice, 8);
		if (!careful && dice_chance(dice, 30))
			value = dice_number(dice, 16);
		return attr->role == SPEC_PORT ? value : htobe16(value);
	}
	if (!careful && dice_chance(dice, 15))
		return dice_number(dice, bits[attr->type]);
	/* Around both ends, the ends being the most likely. */
	value = dice_roll(dice, 8);
	if (attr->max - attr->min <= value)
		return attr->min + value % (attr->max - attr->min + 1);
	return dice_chance(dice, 30) ? attr->max - value : attr->min + value;
}

static size_t choose_ip6(struct dice *dice, uint8_t *to, bool careful)
{
	static const uint8_t heads[][4] = {
		{ 0xfd, 0, 0, 1 }, { 0xfd, 0, 0, 2 }, { 0xfd, 9, 0, 0 }, { 0x20, 1, 0x0d, 0xb8 },
		{ 0xfe, 0x80 }, { 0xff, 2 }, { 0 },
	};

	memset(to, 0, 16);
	memcpy(to, heads[dice_roll(dice, careful ? ADDRESSES_GOOD : sizeof(heads) / 4)], 4);
	if (!careful && dice_chance(dice, 10))
		to[10] = to[11] = 0xff;
	to[15] = 1 + dice_roll(dice, 4);
	if (!careful && dice_chance(dice, 10))
		dice_bytes(dice, to, 16);
	return 16;
}

static size_t choose_frame(struct dice *dice, uint8_t *to, bool careful)
{
	unsigned int phase = 1 + dice_roll(dice, 2);
	size_t len = phase == 1 ? 114 : 69;

	dice_bytes(dice, to, 256);
	to[0] = phase;
	to[1] = 0;
	to[2] = len - 4;
	to[3] = 0;
	if (!careful && dice_chance(dice, 25))
		dice_spoil(dice, to, 12);
	return !careful && dice_chance(dice, 15) ? dice_roll(dice, 256) : len;
}

static size_t choose_payload(struct dice *dice, uint8_t *to)
{
	static const uint8_t types[] = { 0, 0x10, 0x20, 0x30, 0x31, 0x50, 1, 2, 0x40, 0x51, 0x77 };
	size_t len = dice_roll(dice, 1600);

	if (dice_chance(dice, 6))
		len = PAYLOAD_LONG + dice_roll(dice, 5500);
	dice_bytes(dice, to, len);
	to[0] = types[dice_roll(dice, sizeof(types))];
	return len;
}

static size_t choose_binary(struct dice *dice, const struct spec_attr *attr, bool careful,
			    uint8_t *to)
{
	switch (attr->role) {
	case SPEC_PEER:
		mutant_peer_key(to, dice_roll(dice, MUTANT_PEERS));
		return attr->len;
	case SPEC_KEY:
		mutant_session_key(to, dice_roll(dice, MUTANT_KEYS));
		return attr->len;
	case SPEC_IPV6:
		return choose_ip6(dice, to, careful);
	case SPEC_FRAME:
		return choose_frame(dice, to, careful);
	case SPEC_PAYLOAD:
		return choose_payload(dice, to);
	default:
		dice_bytes(dice, to, attr->len);
		return attr->len;
	}
}

static size_t choose_string(struct dice *dice, const struct spec_attr *attr, bool careful,
			    uint8_t *to)
{
	static const char *const names[] = {
		"", "lo", "eth0", "fz1", "fmp0", "no", "a:1", "[::1]:1",
	};
	size_t len;

	switch (careful ? 2 : dice_roll(dice, 6)) {
	case 0:
		/* As long as it may be, or a little more. */
		len = attr->len - 1 + dice_roll(dice, 3);
		memset(to, 'x', len);
		to[len] = 0;
		return len + !dice_chance(dice, 20);
	case 1:
		len = dice_roll(dice, attr->len + 1);
		dice_bytes(dice, to, len);
		to[len] = 0;
		return len + 1;
	default:
		strcpy((char *)to, names[dice_roll(dice, sizeof(names) / sizeof(*names))]);
		return strlen((char *)to) + 1;
	}
}

static size_t choose_value(struct dice *dice, const struct spec_attr *attr,
			   const struct mutant_world *world, bool careful, uint8_t *to)
{
	uint32_t number;

	switch (attr->type) {
	case SPEC_U8:
	case SPEC_U16:
	case SPEC_U32:
		number = choose_number(dice, attr, world, careful);
		memcpy(to, &number, sizeof(number));
		return 1u << attr->type;
	case SPEC_BINARY:
		return choose_binary(dice, attr, careful, to);
	case SPEC_STRING:
		return choose_string(dice, attr, careful, to);
	default:
		return 0;
	}
}

/* Attributes of a nest, one of them as a rule. */
static size_t fill_nest(struct dice *dice, const struct spec_set *set,
			const struct mutant_world *world, bool careful, uint8_t *to)
{
	unsigned int n = !careful && dice_chance(dice, 25) ? dice_roll(dice, 4) : 1;
	const struct spec_attr *attr;
	struct nlattr head;
	size_t len = 0, size;

	for (; n; n--) {
		attr = &set->attrs[dice_roll(dice, set->n)];
		/* To take something away is one thing more to be right about. */
		if (careful && attr->type == SPEC_FLAG)
			attr = set->attrs;
		size = choose_value(dice, attr, world, careful, to + len + NLA_HDRLEN);
		if (!careful && dice_chance(dice, 4))
			size = dice_roll(dice, 24);
		head = (struct nlattr){ NLA_HDRLEN + size, attr->number };
		memcpy(to + len, &head, sizeof(head));
		memset(to + len + NLA_HDRLEN + size, 0, NLA_ALIGNTO);
		len += NLA_ALIGN(NLA_HDRLEN + size);
	}
	if (len && !careful && dice_chance(dice, 8))
		dice_spoil(dice, to, len);
	return len;
}

static void add_value(struct pieces *pieces, struct dice *dice, const struct spec_attr *attr,
		      const struct mutant_world *world)
{
	static const uint16_t odd[] = { 0, 1, 2, 3, 5, 8, 15, 17, 31, 33, 255, 4096 };
	static uint8_t value[UINT16_MAX + 16];
	uint16_t type = attr->number;
	size_t len;

	if (attr->type == SPEC_NEST) {
		len = fill_nest(dice, attr->nested, world, pieces->careful, value);
		type |= NLA_F_NESTED;
	} else {
		len = choose_value(dice, attr, world, pieces->careful, value);
	}
	if (!pieces->careful && dice_chance(dice, 5)) {
		len = odd[dice_roll(dice, sizeof(odd) / sizeof(*odd))];
		dice_bytes(dice, value, len);
	}
	add(pieces, type, value, len);
}

static bool needed(const struct spec_attr *attr)
{
	return attr->role == SPEC_IFINDEX || attr->role == SPEC_PEER || attr->role == SPEC_KEY ||
	       attr->role == SPEC_FRAME || attr->role == SPEC_PAYLOAD ||
	       attr->role == SPEC_INDEX || !strcmp(attr->name, "event");
}

static bool has(const struct pieces *pieces, const struct spec_set *set, const char *name)
{
	unsigned int i, k;

	for (i = 0; i < set->n; i++)
		for (k = 0; k < pieces->n && !strcmp(set->attrs[i].name, name); k++)
			if (pieces->at[k].type == set->attrs[i].number)
				return true;
	return false;
}

/* Whether another one rules it out, or one that it needs is not there. */
static bool is_out_of_place(const struct pieces *pieces, const struct spec_set *set,
			    const struct spec_attr *attr)
{
	unsigned int i;

	for (i = 0; i < sizeof(exclusive) / sizeof(*exclusive); i++)
		if (!strcmp(attr->name, exclusive[i][1]) && has(pieces, set, exclusive[i][0]))
			return true;
	if (!strcmp(attr->name, "endpoint-scope-id"))
		return true;
	return !strcmp(attr->name, "endpoint-port") && !has(pieces, set, "endpoint-ipv4") &&
	       !has(pieces, set, "endpoint-ipv6");
}

static bool is_called_for(const struct pieces *pieces, const struct spec_set *set,
			  const struct spec_attr *attr)
{
	if (!strcmp(attr->name, "endpoint-port"))
		return has(pieces, set, "endpoint-ipv4") || has(pieces, set, "endpoint-ipv6");
	return needed(attr);
}

/**
 * pieces_fill() - choose attributes of a set, and values for them
 */
void pieces_fill(struct pieces *pieces, struct dice *dice, const struct spec_set *set,
		 const struct mutant_world *world)
{
	static const unsigned int often[] = { 12, 35, 80 };
	unsigned int percent = often[dice_roll(dice, 3)], i, times;
	const struct spec_attr *attr;

	for (i = 0; i < set->n; i++) {
		attr = &set->attrs[i];
		/* A session that we initiated takes over by itself. */
		if (world->lasting && !strcmp(attr->name, "initiator"))
			continue;
		if (pieces->careful && is_out_of_place(pieces, set, attr))
			continue;
		if (!dice_chance(dice, is_called_for(pieces, set, attr) ? 96 : percent))
			continue;
		for (times = attr->multi ? 1 + dice_roll(dice, 3) : 1; times; times--)
			add_value(pieces, dice, attr, world);
	}
}

/* --- disorder */

static void add_deep(struct pieces *pieces, struct dice *dice, uint16_t type)
{
	unsigned int depth = 1 + dice_roll(dice, NEST_DEPTH), i;
	uint8_t data[NEST_DEPTH * NLA_HDRLEN];
	struct nlattr head;

	for (i = 0; i < depth; i++) {
		head.nla_len = (depth - i) * NLA_HDRLEN;
		head.nla_type = NLA_F_NESTED | dice_roll(dice, 4);
		memcpy(data + i * NLA_HDRLEN, &head, sizeof(head));
	}
	add(pieces, type | NLA_F_NESTED, data, depth * NLA_HDRLEN);
}

static void add_huge(struct pieces *pieces, struct dice *dice, uint16_t type)
{
	static uint8_t data[PAYLOAD_LONG + 5000];
	size_t len = PAYLOAD_LONG + dice_roll(dice, 5000);

	dice_bytes(dice, data, 16);
	add(pieces, type, data, len);
}

static void add_again(struct pieces *pieces, struct dice *dice, const struct piece *piece)
{
	unsigned int times = dice_chance(dice, 20) ? 200 : 1;
	struct piece copy = *piece;

	for (; times && pieces->n < PIECES_MAX; times--)
		pieces->at[pieces->n++] = copy;
}

static uint16_t choose_length(struct dice *dice, uint16_t len)
{
	switch (dice_roll(dice, 3)) {
	case 0:
		return dice_roll(dice, 6);
	case 1:
		return len - 4 + dice_roll(dice, 9);
	default:
		return dice_number(dice, 16);
	}
}

/**
 * pieces_disturb() - do something to them that no program would
 */
void pieces_disturb(struct pieces *pieces, struct dice *dice, const struct mutant_world *world)
{
	struct piece *piece, other;
	unsigned int what = dice_roll(dice, 10);

	if (!pieces->n)
		what = 8;
	piece = &pieces->at[pieces->n ? dice_roll(dice, pieces->n) : 0];
	switch (what) {
	case 0:
		add_again(pieces, dice, piece);
		break;
	case 1:
		piece->type = dice_number(dice, 16);
		break;
	case 2:
		other = *piece;
		*piece = pieces->at[pieces->n - 1];
		pieces->at[pieces->n - 1] = other;
		break;
	case 3:
		piece->claimed = choose_length(dice, piece->claimed);
		break;
	case 4:
		piece->type ^= dice_chance(dice, 30) ? NLA_F_NET_BYTEORDER : NLA_F_NESTED;
		break;
	case 5:
		add_deep(pieces, dice, piece->type & NLA_TYPE_MASK);
		break;
	case 6:
		add_huge(pieces, dice, piece->type);
		break;
	case 7:
		*piece = pieces->at[--pieces->n];
		break;
	case 8:
		add_value(pieces, dice, &spec_all.attrs[dice_roll(dice, spec_all.n)], world);
		break;
	default:
		piece->len = choose_length(dice, piece->len) % (piece->len + 1u);
		piece->claimed = NLA_HDRLEN + piece->len;
	}
}

/**
 * pieces_write() - write them down
 *
 * Return: Bytes written, of those that there is room for.
 */
size_t pieces_write(const struct pieces *pieces, uint8_t *to, size_t room)
{
	const struct piece *piece;
	struct nlattr head;
	size_t len = 0;

	for (piece = pieces->at; piece < pieces->at + pieces->n; piece++) {
		if ((size_t)NLA_ALIGN(NLA_HDRLEN + piece->len) > room - len)
			break;
		head = (struct nlattr){ piece->claimed, piece->type };
		memcpy(to + len, &head, sizeof(head));
		memcpy(to + len + NLA_HDRLEN, piece->data, piece->len);
		memset(to + len + NLA_HDRLEN + piece->len, 0,
		       NLA_ALIGN(NLA_HDRLEN + piece->len) - NLA_HDRLEN - piece->len);
		len += NLA_ALIGN(NLA_HDRLEN + piece->len);
	}
	return len;
}
