/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_UNIT_CONF_TEXT_H
#define FMP_UNIT_CONF_TEXT_H

#include "conf.h"

/* Keys that configurations of tests have: the first as a name and as hexadecimal digits. */
#define NPUB "npub10xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqpkge6d"
#define XONLY "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define XONLY2 "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"

/* conf_read() of it as "t.conf". */
int read_conf_text(struct conf *conf, const char *text);
int read_conf_bytes(struct conf *conf, const char *text, size_t len);

/* They are refused, and the messages have these words; file and line are of the check. */
void check_conf_refused(const char *text, size_t len, const char *want, const char *file, int line);

#endif /* FMP_UNIT_CONF_TEXT_H */
