#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 6.12
# long
# The same as interop-rekey with a peer of kind U, which cuts over by itself. What it costs
# when its msg2 is lost is in interop-outage.

. "$(dirname "$0")/disturb.sh"

suite U
