// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU: how many instructions the guest executes between two marks, by the
 * address at which a block of them begins.
 *
 *   -plugin profile.so,out=PREFIX
 *
 * Marks are no-ops of the load's own (module/mark.h). Each second one writes PREFIX.1,
 * PREFIX.2 .., a line a block: its address, and instructions.
 *
 * QEMU installs no header for plugins everywhere: what is used of it is declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT	__attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;

typedef struct {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
} qemu_plugin_u64;

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

typedef void (*qemu_plugin_tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_udata_cb)(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb,
						       enum qemu_plugin_op op,
						       qemu_plugin_u64 entry, uint64_t n);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_udata_cb cb,
					    enum qemu_plugin_cb_flags flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_sum(qemu_plugin_u64 entry);

EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv);

int qemu_plugin_version = 3;

/* A power of two, and more than a guest has. */
#define BLOCKS_MAX	(1u << 20)
#define MARK_LEN	8

/* nopl with an offset that nobody else has; the last byte but one tells which. */
static const uint8_t mark_head[] = { 0x0f, 0x1f, 0x84, 0x00 };
static const uint8_t mark_tail[] = { 'P', 'M', 'F' };

enum mark { MARK_NONE, MARK_BEGIN, MARK_END };

static struct qemu_plugin_scoreboard *board;
static uint64_t address[BLOCKS_MAX];
static uint64_t before[BLOCKS_MAX];
static const char *prefix = "profile";
static unsigned int n_written;

static qemu_plugin_u64 counter(unsigned int block)
{
	return (qemu_plugin_u64){ .score = board, .offset = block * sizeof(uint64_t) };
}

/* 0, where nothing is counted, when there are too many. */
static unsigned int find_block(uint64_t at)
{
	unsigned int i = (at * 0x9e3779b97f4a7c15ull) >> 44, tries;

	for (tries = 0; tries < BLOCKS_MAX; tries++, i = (i + 1) % BLOCKS_MAX) {
		if (!i)
			continue;
		if (!address[i])
			address[i] = at;
		if (address[i] == at)
			return i;
	}
	return 0;
}

static void begin(void)
{
	unsigned int i;

	for (i = 1; i < BLOCKS_MAX; i++)
		before[i] = address[i] ? qemu_plugin_u64_sum(counter(i)) : 0;
}

static void end(void)
{
	char path[4096];
	unsigned int i;
	uint64_t n;
	FILE *file;

	snprintf(path, sizeof(path), "%s.%u", prefix, ++n_written);
	file = fopen(path, "w");
	if (!file)
		return;
	for (i = 1; i < BLOCKS_MAX; i++) {
		n = address[i] ? qemu_plugin_u64_sum(counter(i)) - before[i] : 0;
		if (n)
			fprintf(file, "%" PRIx64 " %" PRIu64 "\n", address[i], n);
	}
	fclose(file);
}

static void on_mark(unsigned int cpu, void *mark)
{
	(void)cpu;
	if ((enum mark)(uintptr_t)mark == MARK_BEGIN)
		begin();
	else
		end();
}

static enum mark mark_of(const struct qemu_plugin_insn *insn)
{
	uint8_t bytes[MARK_LEN];

	if (qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    memcmp(bytes, mark_head, sizeof(mark_head)) ||
	    memcmp(bytes + 5, mark_tail, sizeof(mark_tail)))
		return MARK_NONE;
	return bytes[4] == MARK_BEGIN ? MARK_BEGIN : MARK_END;
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	unsigned int block = find_block(qemu_plugin_tb_vaddr(tb));
	struct qemu_plugin_insn *insn;
	enum mark mark;

	(void)id;
	if (block)
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
								  counter(block), n);
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		mark = mark_of(insn);
		if (mark != MARK_NONE)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)mark);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			prefix = strdup(argv[i] + 4);
	board = qemu_plugin_scoreboard_new(BLOCKS_MAX * sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}
