# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced: all of the library.

_dir=$(dirname "${BASH_SOURCE[0]}")
. "$_dir/lib.sh"
. "$_dir/apt.sh"
. "$_dir/ksource.sh"
. "$_dir/debug-kernel.sh"
. "$_dir/kernels.sh"
. "$_dir/guest.sh"
. "$_dir/system.sh"
unset _dir
