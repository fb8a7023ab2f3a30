// SPDX-License-Identifier: GPL-2.0
/*
 * The unauthenticated checks and the header at their limits.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "../../src/wire.h"
#include "suites.h"

static enum fmp_verdict fmp_check(struct kunit *test, u8 first, u8 flags,
				  u16 payload_len, size_t len)
{
	enum fmp_verdict verdict;
	u8 *prefix;

	/* Not a byte more than promised, so that reading more is noticed. */
	prefix = kunit_kmalloc(test, min_t(size_t, len, FMP_PREFIX_LEN),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, prefix);
	if (len > 0)
		prefix[0] = first;
	if (len > 1)
		prefix[1] = flags;
	if (len > 2)
		prefix[2] = payload_len;
	if (len > 3)
		prefix[3] = payload_len >> 8;
	verdict = fmp_wire_check(prefix, len);
	kunit_kfree(test, prefix);
	return verdict;
}

static void fmp_wire_short(struct kunit *test)
{
	unsigned int first;
	size_t len;

	for (len = 0; len < FMP_PREFIX_LEN; len++)
		for (first = 0; first < 256; first++)
			KUNIT_EXPECT_EQ_MSG(test,
					    fmp_check(test, first, 0, 0, len),
					    FMP_BAD_SHORT, "%02x, %zu bytes",
					    first, len);
}

static void fmp_wire_versions_and_phases(struct kunit *test)
{
	unsigned int first;

	for (first = 0; first < 256; first++) {
		enum fmp_verdict expected = FMP_BAD_PHASE;

		if (first > FMP_PHASE_MASK)
			expected = FMP_BAD_VERSION;
		else if (first == FMP_PHASE_ESTABLISHED)
			expected = FMP_BAD_ESTABLISHED;
		else if (first <= FMP_PHASE_MSG2)
			expected = FMP_BAD_LENGTH;
		KUNIT_EXPECT_EQ_MSG(test, fmp_check(test, first, 0xff, 0, 4),
				    expected, "first byte %02x", first);
	}
}

static void fmp_wire_established(struct kunit *test)
{
	static const struct {
		size_t len;
		u16 payload_len;
		enum fmp_verdict expected;
	} cases[] = {
		{ 4, 0, FMP_BAD_ESTABLISHED },
		{ 31, 0, FMP_BAD_ESTABLISHED },
		/* The length 31 - 32 would need, were it to wrap. */
		{ 31, 0xffff, FMP_BAD_ESTABLISHED },
		{ 32, 0, FMP_OK_ESTABLISHED },
		{ 32, 1, FMP_BAD_LENGTH },
		{ 32, 32, FMP_BAD_LENGTH },
		{ 33, 0, FMP_BAD_LENGTH },
		{ 33, 1, FMP_OK_ESTABLISHED },
		{ 33, 2, FMP_BAD_LENGTH },
		{ 33, 0x100, FMP_BAD_LENGTH },
		{ 32 + 0x100, 0x100, FMP_OK_ESTABLISHED },
		{ 32 + 0x100, 1, FMP_BAD_LENGTH },
		{ 65507, 65475, FMP_OK_ESTABLISHED },
		{ 65507, 65476, FMP_BAD_LENGTH },
		{ 65551, 65519, FMP_OK_ESTABLISHED },
		{ 65551, 65518, FMP_BAD_LENGTH },
		{ 65567, 65535, FMP_OK_ESTABLISHED },
		{ 65567, 65534, FMP_BAD_LENGTH },
		/* One more than payload_len can say. */
		{ 65568, 0, FMP_BAD_LENGTH },
		{ 65569, 1, FMP_BAD_LENGTH },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_check(test, 0, 0, cases[i].payload_len,
					      cases[i].len),
				    cases[i].expected,
				    "%zu bytes, payload_len %u", cases[i].len,
				    cases[i].payload_len);
}

static void fmp_wire_handshake(struct kunit *test)
{
	static const struct {
		u8 phase;
		u16 payload_len;
		size_t len;
		enum fmp_verdict bad, good;
	} kinds[] = {
		{ 1, 110, 114, FMP_BAD_MSG1, FMP_OK_MSG1 },
		{ 2, 65, 69, FMP_BAD_MSG2, FMP_OK_MSG2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		u16 payload_len = kinds[i].payload_len;
		u8 phase = kinds[i].phase;
		size_t len = kinds[i].len;

		KUNIT_EXPECT_EQ(test,
				fmp_check(test, phase, 0, payload_len, len),
				kinds[i].good);
		KUNIT_EXPECT_EQ(test,
				fmp_check(test, phase, 0, payload_len, len - 1),
				kinds[i].bad);
		KUNIT_EXPECT_EQ(test,
				fmp_check(test, phase, 0, payload_len, len + 1),
				kinds[i].bad);
		KUNIT_EXPECT_EQ(test, fmp_check(test, phase, 0, payload_len, 4),
				kinds[i].bad);
		KUNIT_EXPECT_EQ(test,
				fmp_check(test, phase, 0, payload_len + 1, len),
				FMP_BAD_LENGTH);
		KUNIT_EXPECT_EQ(test,
				fmp_check(test, phase, 0, payload_len + 256,
					  len),
				FMP_BAD_LENGTH);
	}
}

/* Unknown flags pass on established frames (spec 2.1), none on the others. */
static void fmp_wire_flags(struct kunit *test)
{
	unsigned int flags;

	for (flags = 0; flags < 256; flags++) {
		KUNIT_EXPECT_EQ_MSG(test, fmp_check(test, 0, flags, 5, 37),
				    FMP_OK_ESTABLISHED, "flags %02x", flags);
		KUNIT_EXPECT_EQ_MSG(test, fmp_check(test, 1, flags, 110, 114),
				    flags ? FMP_BAD_MSG1 : FMP_OK_MSG1,
				    "flags %02x", flags);
		KUNIT_EXPECT_EQ_MSG(test, fmp_check(test, 2, flags, 65, 69),
				    flags ? FMP_BAD_MSG2 : FMP_OK_MSG2,
				    "flags %02x", flags);
	}
}

static void fmp_wire_header(struct kunit *test)
{
	static const u8 low[FMP_HDR_LEN] = {};
	static const u8 high[FMP_HDR_LEN] = {
		0x00, 0xff, 0xef, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	};
	static const u8 order[FMP_HDR_LEN] = {
		0x00, 0x05, 0x22, 0x11, 0x66, 0x55, 0x44, 0x33,
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	};
	u8 room[FMP_HDR_LEN + 9];
	unsigned int shift;

	for (shift = 0; shift < 8; shift++) {
		memset(room, 0xa5, sizeof(room));
		fmp_hdr_write(room + shift, 0, 0, 0, 0);
		KUNIT_EXPECT_MEMEQ(test, room + shift, low, sizeof(low));
		fmp_hdr_write(room + shift, 0xff, FMP_PAYLOAD_MAX, U32_MAX,
			      U64_MAX);
		KUNIT_EXPECT_MEMEQ(test, room + shift, high, sizeof(high));
		fmp_hdr_write(room + shift, FMP_FLAG_K | FMP_FLAG_SP, 0x1122,
			      0x33445566, 0x1122334455667788ULL);
		KUNIT_EXPECT_MEMEQ(test, room + shift, order, sizeof(order));
		KUNIT_EXPECT_EQ(test, room[shift + FMP_HDR_LEN], 0xa5);
		if (shift)
			KUNIT_EXPECT_EQ(test, room[shift - 1], 0xa5);
	}
}

static struct kunit_case fmp_wire_cases[] = {
	KUNIT_CASE(fmp_wire_short),
	KUNIT_CASE(fmp_wire_versions_and_phases),
	KUNIT_CASE(fmp_wire_established),
	KUNIT_CASE(fmp_wire_handshake),
	KUNIT_CASE(fmp_wire_flags),
	KUNIT_CASE(fmp_wire_header),
	{}
};

struct kunit_suite fmp_wire_suite = {
	.name = "fmp_wire",
	.test_cases = fmp_wire_cases,
};
