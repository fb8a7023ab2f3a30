// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "harness.h"
#include "hsframe.h"
#include "identity.h"
#include "key.h"
#include "noise.h"
#include "record.h"
#include "util.h"
#include "vectors.h"

/* The handshakes that FIPS made: each step of them, by each of the two sides. */

struct party {
	struct noise_identity identity;
	uint8_t ephemeral[SECRET_SIZE];
	uint8_t epoch[NOISE_EPOCH_LEN];
	uint32_t index;
};

struct pair {
	struct party initiator;
	struct party responder;
	uint8_t msg1[NOISE_MSG1_LEN];
	uint8_t msg2[NOISE_MSG2_LEN];
};

static struct noise *side_of(const struct party *party)
{
	struct noise *noise = noise_new(&party->identity);

	CHECK(noise_set_ephemeral(noise, party->ephemeral) == 0);
	return noise;
}

static void read_party(struct party *party, struct json_object *entry)
{
	uint8_t node[FMP_NODE_ADDR_SIZE], ephemeral[COMPRESSED_SIZE];

	vector_bytes(party->identity.secret, SECRET_SIZE, entry, "static_secret");
	vector_bytes(party->ephemeral, SECRET_SIZE, entry, "ephemeral_secret");
	vector_bytes(party->epoch, NOISE_EPOCH_LEN, entry, "epoch");
	party->index = (uint32_t)vector_number(entry, "index");

	CHECK(public_from_secret(party->identity.public, party->identity.secret) == KEY_OK);
	CHECK(vector_equal(entry, "static_pub", party->identity.public, COMPRESSED_SIZE));
	CHECK(public_from_secret(ephemeral, party->ephemeral) == KEY_OK);
	CHECK(vector_equal(entry, "ephemeral_pub", ephemeral, COMPRESSED_SIZE));
	node_addr_of(node, party->identity.public + 1);
	CHECK(vector_equal(entry, "node_addr", node, sizeof(node)));
}

/* What the initiator took for the responder's key: the same x, of whatever parity. */
static void check_knowledge(struct json_object *initiator, const struct party *responder)
{
	const char *known = vector_text(initiator, "knows_responder_as");
	uint8_t used[COMPRESSED_SIZE];

	vector_bytes(used, sizeof(used), initiator, "responder_pub_used");
	CHECK(memcmp(used + 1, responder->identity.public + 1, sizeof(used) - 1) == 0);
	if (strcmp(known, "xonly") == 0)
		CHECK(used[0] == 2);
	else
		CHECK(strcmp(known, "compressed") == 0 && used[0] == responder->identity.public[0]);
}

static void read_pair(struct pair *pair, struct json_object *entry)
{
	static const char *const keys[] = {
		"handshake_hash", "initiator", "name", "noise_msg1", "noise_msg2", "responder",
		"steps", "wire_msg1", "wire_msg2",
	};
	static const char *const responder_keys[] = {
		"ephemeral_pub", "ephemeral_secret", "epoch", "index", "node_addr", "recv_key",
		"send_key", "static_pub", "static_secret",
	};
	static const char *const initiator_keys[] = {
		"ephemeral_pub", "ephemeral_secret", "epoch", "index", "node_addr", "recv_key",
		"send_key", "static_pub", "static_secret", "knows_responder_as",
		"responder_pub_used",
	};
	struct json_object *initiator = vector_object(entry, "initiator");
	struct json_object *responder = vector_object(entry, "responder");

	vector_keys(entry, keys, ARRAY_SIZE(keys));
	vector_keys(initiator, initiator_keys, ARRAY_SIZE(initiator_keys));
	vector_keys(responder, responder_keys, ARRAY_SIZE(responder_keys));
	read_party(&pair->initiator, initiator);
	read_party(&pair->responder, responder);
	check_knowledge(initiator, &pair->responder);
	vector_bytes(pair->msg1, sizeof(pair->msg1), entry, "noise_msg1");
	vector_bytes(pair->msg2, sizeof(pair->msg2), entry, "noise_msg2");
}

static void check_state(struct json_object *vector, const struct step *step)
{
	CHECK(vector_equal(vector, "ck", step->ck, sizeof(step->ck)));
	if (step->kind == STEP_INIT)
		return;
	CHECK(vector_equal(vector, "ck_in", step->ck_before, sizeof(step->ck_before)));
	CHECK(vector_equal(vector, "k", step->k, sizeof(step->k)));
	CHECK(vector_equal(vector, "dh", step->dh, sizeof(step->dh)));
	CHECK(vector_equal(vector, "dh_x", step->dh_x, sizeof(step->dh_x)));
}

static void check_sealed(struct json_object *vector, const struct step *step)
{
	CHECK(vector_equal(vector, "key", step->k, sizeof(step->k)));
	CHECK(vector_equal(vector, "plaintext", step->data, step->data_len));
	CHECK(vector_equal(vector, "ciphertext", step->sealed, step->sealed_len));
	CHECK(strlen(vector_text(vector, "aad")) == 2 * step->ad_len);
	CHECK(vector_number(vector, "nonce") == 0);
	CHECK(sodium_is_zero(step->nonce, sizeof(step->nonce)));
}

static void check_split(struct json_object *vector, const struct step *step)
{
	CHECK(vector_equal(vector, "ck_in", step->ck_before, sizeof(step->ck_before)));
	CHECK(vector_equal(vector, "k_i2r", step->first, sizeof(step->first)));
	CHECK(vector_equal(vector, "k_r2i", step->second, sizeof(step->second)));
	CHECK(strcmp(vector_text(vector, "ikm"), "") == 0);
}

static const struct {
	const char *op;
	enum step_kind kind;
} ops[] = {
	{ "initialize", STEP_INIT },
	{ "premessage.rs", STEP_HASH },
	{ "msg1.e", STEP_HASH },
	{ "msg1.es", STEP_KEY },
	{ "msg1.s", STEP_SEALED },
	{ "msg1.ss", STEP_KEY },
	{ "msg1.epoch", STEP_SEALED },
	{ "msg2.e", STEP_HASH },
	{ "msg2.ee", STEP_KEY },
	{ "msg2.se(=es again)", STEP_KEY },
	{ "msg2.epoch", STEP_SEALED },
	{ "split", STEP_SPLIT },
};

static void check_step(struct json_object *vector, const struct step *step)
{
	static const char *const keys[][7] = {
		[STEP_INIT] = { "op", "protocol_name", "ck", "h" },
		[STEP_HASH] = { "op", "data", "h" },
		[STEP_KEY] = { "op", "ck_in", "ck", "k", "dh", "dh_x" },
		[STEP_SEALED] = { "op", "h", "key", "plaintext", "ciphertext", "aad", "nonce" },
		[STEP_SPLIT] = { "op", "ck_in", "ikm", "k_i2r", "k_r2i" },
	};
	size_t count;

	for (count = 0; count < ARRAY_SIZE(keys[0]) && keys[step->kind][count]; count++)
		;
	vector_keys(vector, keys[step->kind], count);

	switch (step->kind) {
	case STEP_INIT:
		CHECK(strcmp(vector_text(vector, "protocol_name"),
			     "Noise_IK_secp256k1_ChaChaPoly_SHA256") == 0);
		check_state(vector, step);
		break;
	case STEP_HASH:
		CHECK(vector_equal(vector, "data", step->data, step->data_len));
		break;
	case STEP_KEY:
		check_state(vector, step);
		return;
	case STEP_SEALED:
		check_sealed(vector, step);
		break;
	case STEP_SPLIT:
		check_split(vector, step);
		return;
	}
	CHECK(vector_equal(vector, "h", step->h, sizeof(step->h)));
}

/* One side's steps; returns how many were as the vector has them. */
static size_t check_steps(struct json_object *entry, const struct record *record)
{
	struct json_object *steps = vector_list(entry, "steps"), *vector;
	size_t i, count = steps ? json_object_array_length(steps) : 0;

	if (!CHECK_FMT(count == ARRAY_SIZE(ops) && record->count == count,
		       "%zu steps, %zu recorded", count, record->count))
		return 0;
	for (i = 0; i < count; i++) {
		vector = json_object_array_get_idx(steps, i);
		if (CHECK_FMT(strcmp(vector_text(vector, "op"), ops[i].op) == 0 &&
			      record->steps[i].kind == ops[i].kind, "step %zu", i))
			check_step(vector, &record->steps[i]);
	}
	CHECK(vector_equal(entry, "handshake_hash", record->steps[count - 2].h, 32));
	CHECK_FMT(record->multiplications == 3, "%zu multiplications", record->multiplications);
	return count;
}

static void check_keys(struct json_object *entry, const char *side, const struct noise_keys *keys)
{
	struct json_object *party = vector_object(entry, side);

	CHECK(vector_equal(party, "send_key", keys->send, sizeof(keys->send)));
	CHECK(vector_equal(party, "recv_key", keys->receive, sizeof(keys->receive)));
}

static size_t play_initiator(struct json_object *entry, const struct pair *pair)
{
	struct noise *noise = side_of(&pair->initiator);
	uint8_t out[NOISE_MSG1_LEN], frame[MSG1_FRAME_LEN], epoch[NOISE_EPOCH_LEN];
	struct noise_keys *keys = secret_alloc(sizeof(*keys));
	struct record record;
	size_t steps;

	record_start(&record);
	CHECK(noise_write1(noise, pair->responder.identity.public + 1, pair->initiator.epoch,
			   out) == 0);
	CHECK(memcmp(out, pair->msg1, sizeof(out)) == 0);
	msg1_build(frame, pair->initiator.index, out);
	CHECK(vector_equal(entry, "wire_msg1", frame, sizeof(frame)));

	CHECK(noise_read2(noise, pair->msg2, epoch, keys) == 0);
	record_stop();
	CHECK(memcmp(epoch, pair->responder.epoch, sizeof(epoch)) == 0);
	check_keys(entry, "initiator", keys);
	steps = check_steps(entry, &record);

	secret_free(keys);
	noise_free(noise);
	return steps;
}

static size_t play_responder(struct json_object *entry, const struct pair *pair)
{
	struct noise *noise = side_of(&pair->responder);
	uint8_t out[NOISE_MSG2_LEN], frame[MSG2_FRAME_LEN], epoch[NOISE_EPOCH_LEN];
	uint8_t peer[FMP_PUBLIC_KEY_SIZE];
	struct noise_keys *keys = secret_alloc(sizeof(*keys));
	struct record record;
	size_t steps;

	record_start(&record);
	CHECK(noise_read1(noise, pair->msg1, peer, epoch) == 0);
	CHECK(memcmp(peer, pair->initiator.identity.public + 1, sizeof(peer)) == 0);
	CHECK(memcmp(epoch, pair->initiator.epoch, sizeof(epoch)) == 0);

	CHECK(noise_write2(noise, pair->responder.epoch, out, keys) == 0);
	record_stop();
	CHECK(memcmp(out, pair->msg2, sizeof(out)) == 0);
	msg2_build(frame, pair->responder.index, pair->initiator.index, out);
	CHECK(vector_equal(entry, "wire_msg2", frame, sizeof(frame)));
	check_keys(entry, "responder", keys);
	steps = check_steps(entry, &record);

	secret_free(keys);
	noise_free(noise);
	return steps;
}

static size_t check_handshakes(struct json_object *list)
{
	size_t i, steps = 0, count = list ? json_object_array_length(list) : 0;
	struct pair pair;

	CHECK(count > 0);
	for (i = 0; i < count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);

		read_pair(&pair, entry);
		steps += play_initiator(entry, &pair);
		steps += play_responder(entry, &pair);
	}
	CHECK(secrets_live == 0);
	CHECK_FMT(steps == 2 * count * ARRAY_SIZE(ops), "%zu steps of %zu handshakes", steps, count);
	fprintf(stderr, "# %zu handshakes, %zu steps\n", count, steps);
	return count;
}

static void test_cases(void)
{
	static const char *const keys[] = { "cases", "generator", "negative", "set" };
	struct json_object *vectors = vectors_load("handshake.json");

	if (!vectors)
		return;
	vector_keys(vectors, keys, ARRAY_SIZE(keys));
	check_handshakes(vector_list(vectors, "cases"));
	json_object_put(vectors);
}

static void test_transcripts(void)
{
	struct json_object *vectors = vectors_load("rekey_transcript.json"), *list;
	size_t i, count;

	if (!vectors)
		return;
	list = vector_list(vectors, "transcripts");
	count = list ? json_object_array_length(list) : 0;
	CHECK(count > 0);
	for (i = 0; i < count; i++)
		check_handshakes(vector_list(json_object_array_get_idx(list, i), "handshakes"));
	json_object_put(vectors);
}

/* What is wrong with a datagram as a frame of the phase, in the order of spec 2.1. */
static const char *frame_verdict(const uint8_t *frame, size_t len, unsigned int phase)
{
	static const char *const phases[] = { "phase:established", "phase:msg1", "phase:msg2" };
	size_t whole = phase == 1 ? MSG1_FRAME_LEN : MSG2_FRAME_LEN;
	size_t wanted = 0, said;

	if (len < 4)
		return "drop:short_prefix";
	if (frame[0] >> 4)
		return "drop:version";
	switch (frame[0] & 15) {
	case 0:
		wanted = len - 32;
		break;
	case 1:
		wanted = MSG1_FRAME_LEN - 4;
		break;
	case 2:
		wanted = MSG2_FRAME_LEN - 4;
		break;
	default:
		return "drop:unknown_phase";
	}
	said = frame[2] | (size_t)frame[3] << 8;
	if (said != wanted && (frame[0] || len >= 32))
		return "drop:payload_len_mismatch";
	if (frame[0] != phase)
		return phases[frame[0]];
	if (len != whole || frame[1])
		return phase == 1 ? "drop:bad_msg1_header" : "drop:bad_msg2_header";
	return NULL;
}

static const char *noise_verdict(int err)
{
	switch (err) {
	case 0:
		return "accept";
	case NOISE_E_POINT:
		return "drop:invalid_pubkey";
	case NOISE_E_TAG:
		return "drop:decrypt_fail";
	}
	return noise_strerror(err);
}

struct trial {
	const struct pair *pair;
	struct json_object *detail;	/* what an accepted message says, or NULL */
	struct noise *initiator;	/* one for all forgeries */
};

static void check_learned(const struct trial *trial, struct noise *noise, const struct msg1 *msg,
			  const uint8_t *peer, const uint8_t *epoch, const struct step *identity)
{
	static const char *const keys[] = {
		"initiator_epoch", "initiator_node_addr", "initiator_pub",
		"msg2_identical_to_unmodified_case", "sender_idx",
	};
	uint8_t node[FMP_NODE_ADDR_SIZE], out[NOISE_MSG2_LEN];
	struct noise_keys *session = secret_alloc(sizeof(*session));

	vector_keys(trial->detail, keys, ARRAY_SIZE(keys));
	CHECK(vector_equal(trial->detail, "initiator_epoch", epoch, NOISE_EPOCH_LEN));
	CHECK(vector_equal(trial->detail, "initiator_pub", identity->data, identity->data_len));
	CHECK(memcmp(identity->data + 1, peer, FMP_PUBLIC_KEY_SIZE) == 0);
	node_addr_of(node, peer);
	CHECK(vector_equal(trial->detail, "initiator_node_addr", node, sizeof(node)));
	CHECK(vector_number(trial->detail, "sender_idx") == msg->sender);

	CHECK(noise_write2(noise, trial->pair->responder.epoch, out, session) == 0);
	CHECK((memcmp(out, trial->pair->msg2, sizeof(out)) == 0) ==
	      vector_truth(trial->detail, "msg2_identical_to_unmodified_case"));
	secret_free(session);
}

static const char *judge1(const struct trial *trial, const uint8_t *frame, size_t len)
{
	const char *verdict = frame_verdict(frame, len, 1);
	uint8_t peer[FMP_PUBLIC_KEY_SIZE], epoch[NOISE_EPOCH_LEN];
	struct record record;
	struct noise *noise;
	struct msg1 msg;
	int err;

	if (!CHECK(msg1_parse(&msg, frame, len) == !verdict))
		return "parsed otherwise";
	if (verdict)
		return verdict;

	noise = side_of(&trial->pair->responder);
	record_start(&record);
	err = noise_read1(noise, msg.noise, peer, epoch);
	record_stop();
	if (!err && CHECK(trial->detail))
		check_learned(trial, noise, &msg, peer, epoch, &record.steps[4]);
	/* What was refused leaves no trace. */
	if (err)
		CHECK(noise_read1(noise, trial->pair->msg1, peer, epoch) == 0);
	noise_free(noise);
	return noise_verdict(err);
}

static const char *judge2(const struct trial *trial, const uint8_t *frame, size_t len)
{
	static const char *const keys[] = { "responder_epoch", "sender_idx" };
	const char *verdict = frame_verdict(frame, len, 2);
	struct noise_keys *session;
	uint8_t epoch[NOISE_EPOCH_LEN];
	struct msg2 msg;
	int err;

	if (!CHECK(msg2_parse(&msg, frame, len) == !verdict))
		return "parsed otherwise";
	if (verdict)
		return verdict;
	if (msg.receiver != trial->pair->initiator.index)
		return "drop:unknown_index";

	session = secret_alloc(sizeof(*session));
	err = noise_read2(trial->initiator, msg.noise, epoch, session);
	if (!err && CHECK(trial->detail)) {
		vector_keys(trial->detail, keys, ARRAY_SIZE(keys));
		CHECK(vector_equal(trial->detail, "responder_epoch", epoch, sizeof(epoch)));
		CHECK(vector_number(trial->detail, "sender_idx") == msg.sender);
	}
	secret_free(session);
	return noise_verdict(err);
}

static size_t check_forgeries(struct json_object *list, struct trial *trial,
			      const char *(*judge)(const struct trial *, const uint8_t *, size_t))
{
	static const char *const keys[] = { "detail", "name", "verdict", "wire" };
	size_t i, count = list ? json_object_array_length(list) : 0;

	CHECK(count > 0);
	for (i = 0; i < count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *wire = vector_text(entry, "wire"), *verdict;
		size_t len = strlen(wire) / 2;
		/* Of its size, so that a byte too far is seen. */
		uint8_t *frame = xcalloc(len, 1);

		vector_keys(entry, keys, ARRAY_SIZE(keys));
		from_hex(frame, len, wire);
		trial->detail = json_object_object_get(entry, "detail");
		verdict = judge(trial, frame, len);
		CHECK_FMT(strcmp(verdict, vector_text(entry, "verdict")) == 0, "%s: %s",
			  vector_text(entry, "name"), verdict);
		CHECK((strcmp(verdict, "accept") == 0) == (trial->detail != NULL));
		free(frame);
	}
	return count;
}

static struct json_object *find_case(struct json_object *vectors, const char *name)
{
	struct json_object *list = vector_list(vectors, "cases"), *entry = NULL;
	size_t i, count = list ? json_object_array_length(list) : 0;

	for (i = 0; i < count; i++) {
		entry = json_object_array_get_idx(list, i);
		if (strcmp(vector_text(entry, "name"), name) == 0)
			break;
	}
	CHECK_FMT(i < count, "no case %s", name);
	return entry;
}

static void check_negative(struct json_object *vectors, struct json_object *negative)
{
	static const char *const keys[] = { "case", "msg1", "msg2", "note" };
	struct trial trial = { 0 };
	struct pair pair;
	uint8_t out[NOISE_MSG1_LEN];
	size_t count;

	vector_keys(negative, keys, ARRAY_SIZE(keys));
	read_pair(&pair, find_case(vectors, vector_text(negative, "case")));
	trial.pair = &pair;
	trial.initiator = side_of(&pair.initiator);
	CHECK(noise_write1(trial.initiator, pair.responder.identity.public + 1,
			   pair.initiator.epoch, out) == 0);

	count = check_forgeries(vector_list(negative, "msg1"), &trial, judge1);
	fprintf(stderr, "# %zu first messages\n", count);
	count = check_forgeries(vector_list(negative, "msg2"), &trial, judge2);
	fprintf(stderr, "# %zu second messages\n", count);
	noise_free(trial.initiator);
	CHECK(secrets_live == 0);
}

static void test_negative(void)
{
	struct json_object *vectors = vectors_load("handshake.json");

	if (!vectors)
		return;
	check_negative(vectors, vector_object(vectors, "negative"));
	json_object_put(vectors);
}

/* Section 3.6 of the specification, which names some of the steps. */
static const struct {
	size_t step;
	char what;	/* h, c(k), k, d(h) or s(ealed) */
	const char *value;
} walk[] = {
	{ 0, 'h', "15bea16f93969bcae868e128bcbdc110b1d88a5306b367632171a9aaaad3f533" },
	{ 0, 'c', "15bea16f93969bcae868e128bcbdc110b1d88a5306b367632171a9aaaad3f533" },
	{ 1, 'h', "68c93590109f5c04ec9056a143dfdb56f0a2255c535e6865a72aad5f244538f9" },
	{ 2, 'h', "f5d95c2b6738a0927a95c1a07ac3311b55cb4a3f1b5ddc9c56f060f06a364d5c" },
	{ 3, 'd', "75856456a3c8d8b61a5f613775e4f16dce80071a58525bf21e2d9190b98065d2" },
	{ 3, 'c', "347b5b9aaf2aed3dae4df0fa38c61349c20050458d1e84f1d0717c15280af65c" },
	{ 3, 'k', "c05b648be1424c8199f3e31de3f897a10c4978cbc61b5c2b70093f8a4cead46e" },
	{ 4, 's', "6d5d44126e57d4fc2724286dfd8d75ffd4f19e3bd47a613bee28f23347a0e645"
		  "49328325fb5e8271e61822e5286580f351" },
	{ 4, 'h', "70b73f15cce9a08cc195626c17f7dbb3576bd1dcfb091d4d698d1faa8bcea525" },
	{ 5, 'd', "9c968aca9f88d5e6340ecffc938f101ac1b12b8503b199d22ab23186d494d869" },
	{ 5, 'c', "dcf168581005f8866ac623ce7e7ca7f3ec1c47626b3f1884b89dc53a0e30b127" },
	{ 5, 'k', "70e563d2f022e52036dacd472e106001859e4c8616a8ef1496cdb94c0b7ef13e" },
	{ 6, 's', "3539d6ff414657b0a52be826a52015cad1c721fbf64483ad" },
	{ 6, 'h', "a8cb8706f375d587cb482e9df360b6920d923cb1b574596a01a5bc42d620df2b" },
	{ 7, 'h', "1ad79950aaceef3fd0a2e8e128874ed3a7ed6de84538bd4188cac87e1ef2f602" },
	{ 8, 'd', "9bc7d04a9c7cfc56333daa6c07953a794dbd654d11350cdc802509e1e5bb8bc1" },
	{ 8, 'c', "99c43d570609fa7cf1f99cd1e0b88a0de8f3f323bfefad5af9b258c3a70ce6b7" },
	{ 8, 'k', "72276040a3a7df84683de6f169b21723a975525357cb1ffa73f2badf11876e54" },
	{ 9, 'd', "75856456a3c8d8b61a5f613775e4f16dce80071a58525bf21e2d9190b98065d2" },
	{ 9, 'c', "6f60a8ca76a292c6d8fde96fb9d5175f7d2c6bf170a8a735174ffe49e79d93a8" },
	{ 9, 'k', "f077022b9a219f797f6cef17ab5c77ab6bcc7f8894bb51b104b886e6facc7641" },
	{ 10, 's', "fdc6596fb1146ba73915f01d245618773c0c14e056fb5dc9" },
	{ 10, 'h', "9ac528cae3305efc6fd8df560a0d967b3205343d36264fe0a2282257a71aad9c" },
};

#define WALK_MSG1 \
	"01006e0044332211" \
	"028d7500dd4c12685d1f568b4c2b5048e8534b873319f3a8daa612b469132ec7f7" \
	"6d5d44126e57d4fc2724286dfd8d75ffd4f19e3bd47a613bee28f23347a0e645" \
	"49328325fb5e8271e61822e5286580f351" \
	"3539d6ff414657b0a52be826a52015cad1c721fbf64483ad"
#define WALK_MSG2 \
	"02004100ddccbbaa44332211" \
	"02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f27" \
	"fdc6596fb1146ba73915f01d245618773c0c14e056fb5dc9"
#define WALK_C1 "db2c1b93e4737209f24f02cce65cc053beb18df76acaddb1a725e58ab1437a47"
#define WALK_C2 "4cb73b3820052b38d262146b9cb6b997ecb59e1bd629e81057138aed1dcdcd5b"

static void check_walk(const struct record *record)
{
	size_t i;

	CHECK(record->count == ARRAY_SIZE(ops));
	for (i = 0; i < ARRAY_SIZE(walk); i++) {
		const struct step *step = &record->steps[walk[i].step];
		const uint8_t *value = step->h;
		size_t len = 32;

		switch (walk[i].what) {
		case 'c':
			value = step->ck;
			break;
		case 'k':
			value = step->k;
			break;
		case 'd':
			value = step->dh;
			break;
		case 's':
			value = step->sealed;
			len = step->sealed_len;
			break;
		}
		CHECK_FMT(equal_hex(value, len, walk[i].value), "'%c' of step %zu", walk[i].what,
			  walk[i].step);
	}
}

static void walk_party(struct party *party, int secret, int ephemeral, uint32_t epoch_half,
		       uint32_t index)
{
	memset(party->identity.secret, secret, SECRET_SIZE);
	memset(party->ephemeral, ephemeral, SECRET_SIZE);
	memset(party->epoch, (int)epoch_half, 4);
	memset(party->epoch + 4, (int)(epoch_half + 0x11), 4);
	party->index = index;
	CHECK(public_from_secret(party->identity.public, party->identity.secret) == KEY_OK);
	CHECK(party->identity.public[0] == 3);
}

/* A frame of the session opens with the key that the handshake gave. */
static void check_frame(const uint8_t key[32], const char *header, const char *sealed,
			const char *plaintext)
{
	size_t len = strlen(sealed) / 2;
	uint8_t head[16], body[32], plain[16], nonce[12] = { 0 };
	unsigned long long plain_len = 0;

	from_hex(head, sizeof(head), header);
	from_hex(body, len, sealed);
	memcpy(nonce + 4, head + 8, 8);
	CHECK(crypto_aead_chacha20poly1305_ietf_decrypt(plain, &plain_len, NULL, body, len, head,
							sizeof(head), nonce, key) == 0);
	CHECK(equal_hex(plain, plain_len, plaintext));
}

static void test_walk(void)
{
	struct party initiator, responder;
	struct noise_keys *keys = secret_alloc(2 * sizeof(*keys));
	uint8_t msg1[NOISE_MSG1_LEN], msg2[NOISE_MSG2_LEN], peer[32], epoch[NOISE_EPOCH_LEN];
	uint8_t frame1[MSG1_FRAME_LEN], frame2[MSG2_FRAME_LEN];
	struct record ours, theirs;
	struct noise *noise, *other;

	walk_party(&initiator, 0x01, 0x21, 0x11, 0x11223344);
	walk_party(&responder, 0x04, 0x22, 0x33, 0xaabbccdd);
	noise = side_of(&initiator);
	other = side_of(&responder);

	record_start(&theirs);
	CHECK(noise_write1(noise, responder.identity.public + 1, initiator.epoch, msg1) == 0);
	record_stop();
	record_start(&ours);
	CHECK(noise_read1(other, msg1, peer, epoch) == 0);
	CHECK(noise_write2(other, responder.epoch, msg2, &keys[1]) == 0);
	record_stop();
	check_walk(&ours);
	CHECK(noise_read2(noise, msg2, epoch, &keys[0]) == 0);

	msg1_build(frame1, initiator.index, msg1);
	CHECK(equal_hex(frame1, sizeof(frame1), WALK_MSG1));
	msg2_build(frame2, responder.index, initiator.index, msg2);
	CHECK(equal_hex(frame2, sizeof(frame2), WALK_MSG2));
	CHECK(equal_hex(keys[0].send, 32, WALK_C1) && equal_hex(keys[1].receive, 32, WALK_C1));
	CHECK(equal_hex(keys[0].receive, 32, WALK_C2) && equal_hex(keys[1].send, 32, WALK_C2));

	check_frame(keys[0].send, "00000500ddccbbaa0000000000000000",
		    "554105a649932ba1bab6dfc1c3601f29145b4db06a", "e803000051");
	check_frame(keys[1].send, "00000600443322110000000000000000",
		    "97133523815de819ac09e7c24e16f0453b6b1328c87c", "e90300005000");
	check_frame(keys[0].send, "00070500ddccbbaa0807060504030201",
		    "a900e26f71f2289f9c4399e66e66de926c065b1211", "ffffffff51");

	noise_free(noise);
	noise_free(other);
	secret_free(keys);
}

const struct test handshake_tests[] = {
	{ "cases_of_the_vectors", test_cases },
	{ "rekeys_of_the_transcripts", test_transcripts },
	{ "forgeries_of_the_vectors", test_negative },
	{ "walk_through_the_specification", test_walk },
	{ 0 },
};
