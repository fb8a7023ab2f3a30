/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recipes: short strings of bytes that all choices of a fuzzer are read from, so that a
 * change of some bytes is a change of some choices, and a recipe makes the same again.
 */
#ifndef RECIPE_H
#define RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RECIPE_MAX	96
#define CORPUS_MAX	4096

/**
 * struct recipe - the bytes
 */
struct recipe {
	uint8_t bytes[RECIPE_MAX];
	size_t len;
};

/**
 * struct corpus - recipes that led to something new
 * @n: how many; the oldest are replaced when there are too many
 */
struct corpus {
	struct recipe recipes[CORPUS_MAX];
	unsigned long n;
};

/**
 * struct dice - reads choices from a recipe, and goes on at random, always the same, when
 * it ends
 */
struct dice {
	const struct recipe *recipe;
	size_t at;
	uint64_t state;
};

uint64_t random_next(uint64_t *state);

void recipe_fresh(struct recipe *recipe, uint64_t seed, uint64_t number);
void recipe_next(struct recipe *recipe, const struct corpus *corpus, uint64_t seed,
		 uint64_t number);
bool recipe_read(struct recipe *recipe, const char *hex);
void recipe_print(const struct recipe *recipe, FILE *to);
void corpus_add(struct corpus *corpus, const struct recipe *recipe);

void dice_start(struct dice *dice, const struct recipe *recipe);
uint32_t dice_roll(struct dice *dice, uint32_t sides);
bool dice_chance(struct dice *dice, unsigned int percent);
uint64_t dice_number(struct dice *dice, unsigned int bits);
void dice_bytes(struct dice *dice, void *bytes, size_t len);
void dice_spoil(struct dice *dice, uint8_t *bytes, size_t len);

#endif /* RECIPE_H */
