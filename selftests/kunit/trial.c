// SPDX-License-Identifier: GPL-2.0
/*
 * Frames fed to the module's receiver and to the reference side by side.
 *
 * The reference must agree with the vectors, and the module with the reference
 * under the rules. What is left between the vectors and the module is then the
 * effect of the rules, and nothing else.
 */
#include <linux/string.h>

#include "../../src/wire.h"
#include "../../src/crypto.h"
#include "trial.h"

/**
 * fmp_trial_new() - allocate the receivers
 * @test: the test that they live as long as
 *
 * Return: The receivers, to be reset before use.
 */
struct fmp_trial *fmp_trial_new(struct kunit *test)
{
	struct fmp_model *models;
	struct fmp_trial *trial;

	trial = kunit_kzalloc(test, sizeof(*trial), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, trial);
	models = kunit_kzalloc(test, 2 * sizeof(*models), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, models);

	trial->reference.model = &models[0];
	trial->ruled.model = &models[1];
	trial->ruled.model->rules = true;
	return trial;
}

/**
 * fmp_trial_reset() - start a session
 * @trial: the receivers
 * @key: receive key
 * @index: our index
 */
void fmp_trial_reset(struct fmp_trial *trial, const u8 *key, u32 index)
{
	fmp_rx_reset(&trial->module, key, index);
	fmp_rx_reset(&trial->reference, key, index);
	fmp_rx_reset(&trial->ruled, key, index);
}

static enum fmp_rx_verdict fmp_trial_frame(struct kunit *test,
					   struct fmp_rx *rx,
					   const struct fmp_bytes *wire,
					   const struct fmp_bytes *inner,
					   const char *name)
{
	enum fmp_rx_verdict verdict;
	u8 *room, *frame;

	/* Of this very size, so that reading past it is noticed. */
	room = kunit_kmalloc(test, FMP_OPEN_HEADROOM + wire->len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, room);
	frame = room + FMP_OPEN_HEADROOM;
	memcpy(frame, wire->data, wire->len);

	verdict = fmp_rx_frame(rx, frame, wire->len);
	if (verdict == FMP_RX_ACCEPT && inner)
		KUNIT_EXPECT_TRUE_MSG(test,
				      !memcmp(frame + FMP_HDR_LEN, inner->data,
					      inner->len),
				      "%s: decrypted to something else", name);

	kunit_kfree(test, room);
	return verdict;
}

/**
 * fmp_trial_feed() - feed a frame to all, and judge the verdicts
 * @test: the test to fail
 * @trial: the receivers
 * @fed: the frame and the verdict of the vectors
 * @inner: what an accepted frame decrypts to, or NULL
 * @name: entry of the vectors
 */
void fmp_trial_feed(struct kunit *test, struct fmp_trial *trial,
		    const struct fmp_fed_frame *fed,
		    const struct fmp_bytes *inner, const char *name)
{
	unsigned int never_sent = trial->module.never_sent;
	unsigned int opened = trial->module.opened;
	enum fmp_rx_verdict module, reference, ruled;

	module = fmp_trial_frame(test, &trial->module, &fed->wire, inner, name);
	reference = fmp_trial_frame(test, &trial->reference, &fed->wire, inner,
				    name);
	ruled = fmp_trial_frame(test, &trial->ruled, &fed->wire, inner, name);

	KUNIT_EXPECT_EQ_MSG(test, reference, fed->verdict,
			    "%s: %s by the vectors, %s by the reference", name,
			    fmp_rx_name(fed->verdict), fmp_rx_name(reference));
	KUNIT_EXPECT_EQ_MSG(test, module, ruled, "%s: %s instead of %s", name,
			    fmp_rx_name(module), fmp_rx_name(ruled));

	if (!trial->module.never_sent)
		KUNIT_EXPECT_EQ_MSG(test, module, fed->verdict,
				    "%s: %s instead of %s", name,
				    fmp_rx_name(module),
				    fmp_rx_name(fed->verdict));
	if (trial->module.never_sent > never_sent) {
		KUNIT_EXPECT_EQ_MSG(test, module, FMP_RX_REPLAY,
				    "%s: %s for %s", name, fmp_rx_name(module),
				    fmp_never_sent.what);
		KUNIT_EXPECT_EQ_MSG(test, trial->module.opened, opened,
				    "%s: decrypted before it was dropped", name);
	}
	if (module != fed->verdict)
		trial->deviating++;
}

/**
 * fmp_deviation_info() - log how often a rule made a difference
 * @test: the test
 * @deviating: number of verdicts that are not those of the vectors
 */
void fmp_deviation_info(struct kunit *test, unsigned int deviating)
{
	if (deviating)
		kunit_info(test, "deviating verdicts: %u, %s, spec %s (%s)\n",
			   deviating, fmp_never_sent.what,
			   fmp_never_sent.section, fmp_never_sent.why);
}
