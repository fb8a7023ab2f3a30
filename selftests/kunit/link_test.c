// SPDX-License-Identifier: GPL-2.0
/*
 * Codecs of the link messages: link_messages.json and their limits.
 *
 * The source is included, so that this module has its own object of it.
 */
#include "../../src/link.c"

#include <linux/kernel.h>

#include "suites.h"
#include "vectors.h"

#include "vectors/link-messages.h"

static void fmp_link_types(struct kunit *test)
{
	const struct fmp_link_type_vector *v;
	size_t run = 0;

	fmp_need_file(test, FMP_LINK_MESSAGES_MISSING);

	for (; run < fmp_link_types_rows; run++) {
		v = &fmp_link_types_vectors[run];
		KUNIT_EXPECT_EQ_MSG(test, v->assigned, v->type, "%s", v->name);
		KUNIT_EXPECT_TRUE_MSG(test, fmp_link_type_known(v->type), "%s",
				      v->name);
	}
	fmp_expect_entries(test, "fmp_link known_types", run,
			   FMP_LINK_TYPES_ENTRIES);
}

/* The catalogue of spec 2.5 is complete, and the module's own type not in it. */
static void fmp_link_types_of_spec(struct kunit *test)
{
	static const u8 known[] = { 0x00, 0x01, 0x02, 0x10, 0x20, 0x30, 0x31,
				    0x50, 0x51 };
	unsigned int type;

	for (type = 0; type < 256; type++)
		KUNIT_EXPECT_EQ_MSG(test, fmp_link_type_known(type),
				    !!memchr(known, type, sizeof(known)),
				    "type %02x", type);
	KUNIT_EXPECT_FALSE(test, fmp_link_type_known(FMP_LINK_IP));
}

static void fmp_link_datagrams(struct kunit *test)
{
	const struct fmp_datagram_vector *v;
	u8 head[FMP_DATAGRAM_LEN];
	size_t run = 0;

	fmp_need_file(test, FMP_LINK_MESSAGES_MISSING);

	for (; run < fmp_datagram_rows; run++) {
		struct fmp_datagram dg = {}, out = {};

		v = &fmp_datagram_vectors[run];
		KUNIT_ASSERT_EQ_MSG(test, v->wire.len,
				    sizeof(head) + v->payload.len, "[%zu]", run);
		KUNIT_ASSERT_EQ_MSG(test,
				    fmp_link_read_datagram(&dg, v->wire.data,
							   v->wire.len),
				    0, "[%zu]", run);
		KUNIT_EXPECT_EQ_MSG(test, dg.ttl, v->ttl, "[%zu]", run);
		KUNIT_EXPECT_EQ_MSG(test, dg.path_mtu, v->path_mtu, "[%zu]",
				    run);
		KUNIT_EXPECT_MEMEQ_MSG(test, dg.src, v->src.data,
				       sizeof(dg.src), "[%zu]", run);
		KUNIT_EXPECT_MEMEQ_MSG(test, dg.dst, v->dst.data,
				       sizeof(dg.dst), "[%zu]", run);
		KUNIT_EXPECT_TRUE_MSG(test,
				      !memcmp(v->wire.data + sizeof(head),
					      v->payload.data, v->payload.len),
				      "[%zu]: payload", run);

		out.ttl = v->ttl;
		out.path_mtu = v->path_mtu;
		memcpy(out.src, v->src.data, sizeof(out.src));
		memcpy(out.dst, v->dst.data, sizeof(out.dst));
		memset(head, 0xff, sizeof(head));
		fmp_link_write_datagram(head, &out);
		KUNIT_EXPECT_MEMEQ_MSG(test, head, v->wire.data, sizeof(head),
				       "[%zu]", run);
	}
	fmp_expect_entries(test, "fmp_link session_datagram", run,
			   FMP_DATAGRAM_ENTRIES);
}

static void fmp_link_datagrams_decode(struct kunit *test)
{
	const struct fmp_datagram_decode_vector *v;
	struct fmp_datagram dg;
	size_t run = 0;
	u8 *msg;

	fmp_need_file(test, FMP_LINK_MESSAGES_MISSING);

	for (; run < fmp_datagram_decode_rows; run++) {
		v = &fmp_datagram_decode_vectors[run];
		msg = kunit_kmalloc(test, 1 + v->after_type.len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, msg);
		msg[0] = FMP_LINK_DATAGRAM;
		memcpy(msg + 1, v->after_type.data, v->after_type.len);
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_link_read_datagram(&dg, msg,
							   1 + v->after_type.len),
				    v->ok ? 0 : -EBADMSG, "[%zu]: %zu bytes",
				    run, v->after_type.len);
		kunit_kfree(test, msg);
	}
	fmp_expect_entries(test, "fmp_link session_datagram_decode", run,
			   FMP_DATAGRAM_DECODE_ENTRIES);
}

static void fmp_link_disconnects(struct kunit *test)
{
	const struct fmp_disconnect_vector *v;
	enum fmp_disconnect reason;
	size_t run = 0;

	fmp_need_file(test, FMP_LINK_MESSAGES_MISSING);

	for (; run < fmp_disconnect_rows; run++) {
		u8 msg[3] = { FMP_LINK_DISCONNECT }, out[2] = {};

		v = &fmp_disconnect_vectors[run];
		msg[1] = v->byte;
		msg[2] = 0xee;
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_link_read_disconnect(&reason, msg, 2),
				    0, "reason %u", v->byte);
		KUNIT_EXPECT_EQ_MSG(test, reason, v->decoded, "reason %u",
				    v->byte);
		KUNIT_EXPECT_EQ_MSG(test, reason, v->reason, "reason %u",
				    v->byte);
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_link_read_disconnect(&reason, msg, 3),
				    FMP_DISCONNECT_TRAILING_BYTES_OK ?
						0 : -EBADMSG,
				    "reason %u", v->byte);
		KUNIT_EXPECT_EQ_MSG(test,
				    fmp_link_read_disconnect(&reason, msg, 1),
				    FMP_DISCONNECT_EMPTY_PAYLOAD_IS_ERROR ?
						-EBADMSG : 0,
				    "reason %u", v->byte);
		if (v->byte != v->decoded)
			continue;
		fmp_link_write_disconnect(out, v->reason);
		KUNIT_EXPECT_MEMEQ_MSG(test, out, msg, sizeof(out), "reason %u",
				       v->byte);
	}
	fmp_expect_entries(test, "fmp_link disconnect_decode", run,
			   FMP_DISCONNECT_ENTRIES);
}

static bool fmp_type_in_vectors(u8 type)
{
	size_t i;

	for (i = 0; i < fmp_link_types_rows; i++)
		if (fmp_link_types_vectors[i].type == type)
			return true;
	return false;
}

/* Decodes what has a decoder and encodes it again. */
static int fmp_link_again(u8 *out, const u8 *msg, size_t len)
{
	struct fmp_receiver_report rr;
	struct fmp_sender_report sr;
	enum fmp_disconnect reason;
	struct fmp_datagram dg;
	int err;

	switch (msg[0]) {
	case FMP_LINK_DATAGRAM:
		err = fmp_link_read_datagram(&dg, msg, len);
		if (err)
			return err;
		fmp_link_write_datagram(out, &dg);
		return FMP_DATAGRAM_LEN;
	case FMP_LINK_SENDER_REPORT:
		err = fmp_link_read_sender_report(&sr, msg, len);
		if (err)
			return err;
		fmp_link_write_sender_report(out, &sr);
		return FMP_SENDER_REPORT_LEN;
	case FMP_LINK_RECEIVER_REPORT:
		err = fmp_link_read_receiver_report(&rr, msg, len);
		if (err)
			return err;
		fmp_link_write_receiver_report(out, &rr);
		return FMP_RECEIVER_REPORT_LEN;
	case FMP_LINK_DISCONNECT:
		err = fmp_link_read_disconnect(&reason, msg, len);
		if (err)
			return err;
		fmp_link_write_disconnect(out, reason);
		return FMP_DISCONNECT_LEN;
	default:
		return 0;
	}
}

static void fmp_link_messages(struct kunit *test)
{
	const struct fmp_message_vector *v;
	u8 out[FMP_RECEIVER_REPORT_LEN];
	size_t run = 0, coded = 0;
	int len;

	fmp_need_file(test, FMP_LINK_MESSAGES_MISSING);

	for (; run < fmp_message_rows; run++) {
		v = &fmp_message_vectors[run];
		/* Those not listed are a matter of fmp_link_types_of_spec(). */
		if (fmp_type_in_vectors(v->wire.data[0]))
			KUNIT_EXPECT_TRUE_MSG(test,
					      fmp_link_type_known(v->wire.data[0]),
					      "%s", v->name);
		memset(out, 0xff, sizeof(out));
		len = fmp_link_again(out, v->wire.data, v->wire.len);
		KUNIT_EXPECT_GE_MSG(test, len, 0, "%s", v->name);
		if (len <= 0)
			continue;
		coded++;
		KUNIT_EXPECT_MEMEQ_MSG(test, out, v->wire.data, len, "%s",
				       v->name);
	}
	kunit_info(test, "%zu have a codec\n", coded);
	fmp_expect_entries(test, "fmp_link messages", run,
			   FMP_MESSAGE_ENTRIES);
}

/* One byte short, exact, one more, and of every other type. */
static void fmp_link_lengths(struct kunit *test)
{
	static const struct {
		u8 type;
		size_t len;
	} kinds[] = {
		{ FMP_LINK_DATAGRAM, 36 },
		{ FMP_LINK_SENDER_REPORT, 48 },
		{ FMP_LINK_RECEIVER_REPORT, 68 },
		{ FMP_LINK_DISCONNECT, 2 },
	};
	u8 out[FMP_RECEIVER_REPORT_LEN];
	size_t i, len;
	u8 *msg;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (len = 1; len <= kinds[i].len + 1; len++) {
			msg = kunit_kzalloc(test, len, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, msg);
			msg[0] = kinds[i].type;
			KUNIT_EXPECT_EQ_MSG(test,
					    fmp_link_again(out, msg, len),
					    len < kinds[i].len ?
						-EBADMSG : (int)kinds[i].len,
					    "type %02x, %zu bytes",
					    kinds[i].type, len);
			kunit_kfree(test, msg);
		}
	}
}

/* No decoder takes another type, reads an empty message, or writes then. */
static void fmp_link_refusals(struct kunit *test)
{
	struct fmp_receiver_report rr, rr_before;
	struct fmp_sender_report sr, sr_before;
	enum fmp_disconnect reason = 42;
	struct fmp_datagram dg, dg_before;
	u8 msg[FMP_RECEIVER_REPORT_LEN];
	unsigned int type;
	size_t len;

	memset(&rr, 0x5a, sizeof(rr));
	memset(&sr, 0x5a, sizeof(sr));
	memset(&dg, 0x5a, sizeof(dg));
	rr_before = rr;
	sr_before = sr;
	dg_before = dg;
	memset(msg, 0xa5, sizeof(msg));

	for (type = 0; type < 256; type++) {
		msg[0] = type;
		len = type ? sizeof(msg) : 0;
		if (type != FMP_LINK_DATAGRAM || !len)
			KUNIT_EXPECT_EQ(test, -EBADMSG,
					fmp_link_read_datagram(&dg, msg, len));
		if (type != FMP_LINK_SENDER_REPORT)
			KUNIT_EXPECT_EQ(test, -EBADMSG,
					fmp_link_read_sender_report(&sr, msg,
								    len));
		if (type != FMP_LINK_RECEIVER_REPORT)
			KUNIT_EXPECT_EQ(test, -EBADMSG,
					fmp_link_read_receiver_report(&rr, msg,
								      len));
		if (type != FMP_LINK_DISCONNECT)
			KUNIT_EXPECT_EQ(test, -EBADMSG,
					fmp_link_read_disconnect(&reason, msg,
								 len));
	}
	KUNIT_EXPECT_MEMEQ(test, &rr, &rr_before, sizeof(rr));
	KUNIT_EXPECT_MEMEQ(test, &sr, &sr_before, sizeof(sr));
	KUNIT_EXPECT_MEMEQ(test, &dg, &dg_before, sizeof(dg));
	KUNIT_EXPECT_EQ(test, reason, 42);
}

static struct kunit_case fmp_link_cases[] = {
	KUNIT_CASE(fmp_link_types),
	KUNIT_CASE(fmp_link_types_of_spec),
	KUNIT_CASE(fmp_link_datagrams),
	KUNIT_CASE(fmp_link_datagrams_decode),
	KUNIT_CASE(fmp_link_disconnects),
	KUNIT_CASE(fmp_link_messages),
	KUNIT_CASE(fmp_link_lengths),
	KUNIT_CASE(fmp_link_refusals),
	{}
};

struct kunit_suite fmp_link_suite = {
	.name = "fmp_link",
	.test_cases = fmp_link_cases,
};
