// SPDX-License-Identifier: GPL-2.0
/*
 * Recipes: short strings of bytes that all choices of a fuzzer are read from.
 */
#include <string.h>

#include "recipe.h"

#define FRESH_MIN	8

/**
 * random_next() - the next of a series of numbers
 */
uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t limit)
{
	return random_next(state) % limit;
}

static void fill(uint8_t *bytes, size_t len, uint64_t *state)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = random_next(state) >> 56;
}

/**
 * recipe_fresh() - make a recipe that a seed and a number stand for
 */
void recipe_fresh(struct recipe *recipe, uint64_t seed, uint64_t number)
{
	uint64_t state = seed;

	state = random_next(&state) ^ number;
	memset(recipe, 0, sizeof(*recipe));
	recipe->len = FRESH_MIN + below(&state, RECIPE_MAX / 2);
	fill(recipe->bytes, recipe->len, &state);
}

static void cut_out(struct recipe *recipe, size_t at, size_t len)
{
	memmove(recipe->bytes + at, recipe->bytes + at + len, recipe->len - at - len);
	recipe->len -= len;
}

static void put_in(struct recipe *recipe, size_t at, size_t len)
{
	if (recipe->len + len > RECIPE_MAX)
		len = RECIPE_MAX - recipe->len;
	memmove(recipe->bytes + at + len, recipe->bytes + at, recipe->len - at);
	recipe->len += len;
}

/* One change. */
static void change(struct recipe *recipe, const struct corpus *corpus, uint64_t *state)
{
	unsigned long kept = corpus->n < CORPUS_MAX ? corpus->n : CORPUS_MAX;
	size_t at = below(state, recipe->len), len = 1 + below(state, 4);
	const struct recipe *other;

	switch (below(state, 6)) {
	case 0:
		recipe->bytes[at] ^= 1 << below(state, 8);
		break;
	case 1:
		recipe->bytes[at] = random_next(state) >> 56;
		break;
	case 2:
		recipe->bytes[at] += (int)below(state, 9) - 4;
		break;
	case 3:
		if (at + len < recipe->len)
			cut_out(recipe, at, len);
		break;
	case 4:
		put_in(recipe, at, len);
		fill(recipe->bytes + at, len < recipe->len - at ? len : recipe->len - at, state);
		break;
	default:
		other = &corpus->recipes[below(state, kept)];
		if (at < other->len) {
			memcpy(recipe->bytes + at, other->bytes + at, other->len - at);
			recipe->len = other->len;
		}
	}
}

/**
 * recipe_next() - make a recipe, of one of a corpus by changes, or a fresh one
 */
void recipe_next(struct recipe *recipe, const struct corpus *corpus, uint64_t seed, uint64_t number)
{
	unsigned long kept = corpus->n < CORPUS_MAX ? corpus->n : CORPUS_MAX;
	uint64_t state = ~seed;
	unsigned int changes;

	state = random_next(&state) ^ number;
	if (!kept || below(&state, 4) == 0) {
		recipe_fresh(recipe, seed, number);
		return;
	}
	*recipe = corpus->recipes[below(&state, kept)];
	for (changes = 1 + below(&state, 4); changes; changes--)
		change(recipe, corpus, &state);
}

/**
 * corpus_add() - keep a recipe
 */
void corpus_add(struct corpus *corpus, const struct recipe *recipe)
{
	corpus->recipes[corpus->n++ % CORPUS_MAX] = *recipe;
}

/**
 * recipe_read() - read a recipe that was printed
 *
 * Return: false if @hex is none.
 */
bool recipe_read(struct recipe *recipe, const char *hex)
{
	memset(recipe, 0, sizeof(*recipe));
	for (; *hex; hex += 2, recipe->len++)
		if (recipe->len == RECIPE_MAX || !hex[1] ||
		    sscanf(hex, "%2hhx", &recipe->bytes[recipe->len]) != 1)
			return false;
	return recipe->len;
}

/**
 * recipe_print() - print a recipe in hexadecimal digits
 */
void recipe_print(const struct recipe *recipe, FILE *to)
{
	size_t i;

	for (i = 0; i < recipe->len; i++)
		fprintf(to, "%02x", recipe->bytes[i]);
}

/**
 * dice_start() - begin to read choices from a recipe
 */
void dice_start(struct dice *dice, const struct recipe *recipe)
{
	size_t i;

	dice->recipe = recipe;
	dice->at = 0;
	dice->state = recipe->len;
	for (i = 0; i < recipe->len; i++)
		dice->state = (dice->state ^ recipe->bytes[i]) * 0x100000001b3;
}

static uint8_t next_byte(struct dice *dice)
{
	if (dice->at < dice->recipe->len)
		return dice->recipe->bytes[dice->at++];
	return random_next(&dice->state) >> 56;
}

/**
 * dice_roll() - choose a number below a limit
 */
uint32_t dice_roll(struct dice *dice, uint32_t sides)
{
	uint32_t value = next_byte(dice);

	if (sides > 0x100)
		value = value << 8 | next_byte(dice);
	if (sides > 0x10000)
		value = value << 16 | (uint32_t)next_byte(dice) << 8 | next_byte(dice);
	return value % sides;
}

/**
 * dice_chance() - say yes so many times in a hundred
 */
bool dice_chance(struct dice *dice, unsigned int percent)
{
	/* A zero says no: less of a recipe is less of a mutant. */
	return next_byte(dice) >= 256 - percent * 256 / 100;
}

/**
 * dice_number() - choose a number that is likely to be a limit of something
 */
uint64_t dice_number(struct dice *dice, unsigned int bits)
{
	uint64_t most = bits < 64 ? (1ull << bits) - 1 : ~0ull;
	uint64_t value;

	switch (dice_roll(dice, 5)) {
	case 0:
		return dice_roll(dice, 32) & most;
	case 1:
		return most - dice_roll(dice, 4);
	case 2:
		return (most >> 1) - 1 + dice_roll(dice, 4);
	case 3:
		return ((1ull << dice_roll(dice, bits)) - 1 + dice_roll(dice, 3)) & most;
	default:
		dice_bytes(dice, &value, sizeof(value));
		return value & most;
	}
}

/**
 * dice_bytes() - choose some bytes
 */
void dice_bytes(struct dice *dice, void *bytes, size_t len)
{
	uint8_t *to = bytes;
	size_t i;

	/* A recipe is not to be used up by what nobody looks at. */
	for (i = 0; i < len; i++)
		to[i] = i < 8 ? next_byte(dice) : random_next(&dice->state) >> 56;
}

/**
 * dice_spoil() - change some bytes
 */
void dice_spoil(struct dice *dice, uint8_t *bytes, size_t len)
{
	unsigned int n = 1 + dice_roll(dice, 4);
	size_t at;

	for (; len && n; n--) {
		at = dice_roll(dice, len);
		switch (dice_roll(dice, 3)) {
		case 0:
			bytes[at] ^= 1 << dice_roll(dice, 8);
			break;
		case 1:
			bytes[at] = dice_chance(dice, 50) ? 0xff : 0;
			break;
		default:
			bytes[at] = next_byte(dice);
		}
	}
}
