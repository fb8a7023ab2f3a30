#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 7.3
# long
# The same as interop-rekey with a peer of kind S, which believes any K bit. What it costs
# when its msg2 is lost is in interop-outage.

. "$(dirname "$0")/disturb.sh"

suite S
