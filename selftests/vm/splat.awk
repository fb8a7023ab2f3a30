# SPDX-License-Identifier: GPL-2.0
#
# Reads a guest's kernel log.  Prints what the kernel complained about after the
# first line that matches "from" (all of the log without), each line after the
# text of the latest line that matches "section".  Status 1 when there is any.

BEGIN {
	name = section != "" ? "guest: " : ""
	# After this many lines a report has been told.
	span = 60
	complaint = "BUG: |BUG\\]|WARNING: |Oops|KASAN|UBSAN|KFENCE: |KCSAN|ODEBUG|Kernel panic" \
		"|possible (circular locking|irq lock inversion|recursive locking|deadlock)" \
		"|suspicious RCU usage|inconsistent lock state|bad (unlock|contention) |Invalid wait context" \
		"|held lock freed|lock held when returning|still .*lock.* held|non-static key" \
		"|-safe -> |rcu.*(detected|INFO).*stall|rcu.*kthread starved|blocked for more than" \
		"|soft lockup|hard LOCKUP|workqueue lockup|sleeping function called from invalid context" \
		"|scheduling while atomic|kmemleak: .*(leak|Cannot|disabled)|refcount_t: " \
		"|unregister_netdevice: waiting for|general protection fault|invalid opcode|divide error" \
		"|unable to handle|Call Trace:|list_(add|del) corruption|Bad page state|Objects remaining" \
		"|stack-protector|stack guard page|ref_tracker: .*(leak|error|has )|MAX_LOCKDEP|lockdep.*turning off"
}

# A race between others than the module is left out: it is not on the way to an access, or
# only interrupted there. One that the module wakes is left out as well: poll() reads whether
# it has been woken without a lock, and by design.
function tell_race() {
	if (ours) {
		printf "%s", race
		found = 1
	}
	in_race = ours = 0
}

{ sub(/\r$/, "") }
from != "" && !on { if ($0 ~ from) on = 1; else { before = ""; next } }
section != "" && match($0, section) { name = substr($0, RSTART + RLENGTH) ": " }
/BUG: KCSAN: / {
	tell_race()
	race = before == "" ? "" : name before "\n"
	in_race = 1
	interrupted = 0
	elsewhere = /poll_schedule_timeout.* pollwake/
}
in_race && (!($0 ~ complaint) || /KCSAN/) {
	race = race name $0 "\n"
	if (/ 0x[0-9a-f]+ of [0-9]+ bytes by /)
		interrupted = 0
	else if (/ asm_(sysvec|common_interrupt|exc)/)
		interrupted = 1
	else if (/\[fmp/ && !interrupted && !elsewhere)
		ours = 1
	if (/====================/)
		tell_race()
	before = ""
	next
}
$0 ~ complaint {
	if (!left && before != "")
		print name before
	left = span
	found = 1
}
left > 0 {
	print name $0
	left--
	before = ""
	if (/---\[ end |fmp-vm: /)
		left = 0
	next
}
{ before = $0 }
END {
	tell_race()
	exit found
}
