/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FMP_ACL_H
#define FMP_ACL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who is let in, and dialled: keys in two files, one a line, as npub or in hexadecimal, or
 * ALL for everybody; '#' begins a comment.  Who is allowed is admitted, else who is denied
 * is not, else who is a configured peer is.  A file that does not exist has no rules.
 */
#define ACL_ALLOW "/etc/fmp/peers.allow"
#define ACL_DENY "/etc/fmp/peers.deny"

struct acl;

struct acl *acl_new(const char *allow, const char *deny);
void acl_free(struct acl *acl);

/*
 * Reads the files that have changed, or all of them.  A file with an error is told of, and
 * its rules stay as they were.  False if there was one.
 */
bool acl_reload(struct acl *acl, bool all);

bool acl_admits(const struct acl *acl, const uint8_t *key, bool configured);

#endif /* FMP_ACL_H */
