/* SPDX-License-Identifier: GPL-2.0 */
/* Found only where the kernel has no header of this name (before 6.12). */
#include <asm/unaligned.h>
