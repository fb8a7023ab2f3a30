// SPDX-License-Identifier: GPL-2.0
/*
 * The part of the kernel that the units and their tests use, in userspace.
 */
#include "../compat/kunit/test.h"

struct fmp_thread {
	int (*run)(void *data);
	void *data;
};

int printk(const char *fmt, ...)
{
	const char *nested = strstr(fmt, "%pV");
	struct va_format *format;
	va_list args;

	va_start(args, fmt);
	if (nested) {
		format = va_arg(args, struct va_format *);
		printf("%.*s", (int)(nested - fmt), fmt);
		vprintf(format->fmt, *format->va);
		printf("%s", nested + strlen("%pV"));
	} else {
		vprintf(fmt, args);
	}
	va_end(args);
	return 0;
}

static void *fmp_thread_run(void *data)
{
	struct fmp_thread thread = *(struct fmp_thread *)data;

	free(data);
	thread.run(thread.data);
	return NULL;
}

struct task_struct *kthread_run(int (*run)(void *), void *data,
				const char *name)
{
	static struct task_struct task;
	struct fmp_thread *thread = malloc(sizeof(*thread));
	pthread_t id;

	(void)name;
	if (!thread)
		return NULL;
	*thread = (struct fmp_thread){ .run = run, .data = data };
	if (pthread_create(&id, NULL, fmp_thread_run, thread)) {
		free(thread);
		return NULL;
	}
	pthread_detach(id);
	return &task;
}

void kthread_complete_and_exit(struct completion *done, long code)
{
	(void)code;
	sem_post(&done->done);
	pthread_exit(NULL);
}

static void fmp_nonce(u8 nonce[12], u64 counter)
{
	memset(nonce, 0, 4);
	put_unaligned_le64(counter, nonce + 4);
}

void chacha20poly1305_encrypt(u8 *dst, const u8 *src, size_t src_len,
			      const u8 *ad, size_t ad_len, u64 nonce,
			      const u8 *key)
{
	u8 npub[12];

	fmp_nonce(npub, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(dst, NULL, src, src_len, ad,
						  ad_len, NULL, npub, key);
}

void chacha20_crypt(struct chacha_state *state, u8 *dst, const u8 *src,
		    unsigned int bytes)
{
	crypto_stream_chacha20_ietf_xor_ic(dst, src, bytes,
					   (const u8 *)&state->x[13],
					   state->x[12],
					   (const u8 *)&state->x[4]);
	state->x[12] += (bytes + CHACHA_BLOCK_SIZE - 1) / CHACHA_BLOCK_SIZE;
}

int main(void)
{
	int err;

	if (sodium_init() < 0)
		return 2;
	err = fmp_module_init();
	return err || kunit_failed_suites;
}
