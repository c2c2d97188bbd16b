/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest-log.h"

#include <stdarg.h>
#include <stdio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

/* Each is random, and never changes: others search for them. */
static const char *const ids[] = {
	[GUEST_READY] = "b2252c284c52411cb0655c3cde556492",
	[GUEST_NOT_READY] = "2daad3840e90455a9b9b285f17a58bfa",
	[GUEST_SHUTDOWN] = "693e38d8cc294558bd745e0fb012b899",
	[GUEST_RESET] = "71fde4836e2742fabaf280b657e9548b",
	[GUEST_PANIC] = "8ca0d5ce66214c6780b73417018352a7",
	[GUEST_WATCHDOG] = "6684008a74574be0abd179b8b6d53f0e",
	[GUEST_IO_ERROR] = "5ffc7e39f7e34908a8aa5fc1e4f78d07",
	[GUEST_JOB] = "9975cd38815c45c08383f7e5d34e44b5",
	[GUEST_DEVICE] = "e1fecae80a9a45d0a326fccf951c6e22",
	[GUEST_BALLOON] = "314537228a794a2ca037d211e49ed6ff",
	[GUEST_MIGRATION] = "ec3624140fe14931845bf62c5508c0a1",
	[GUEST_PAUSED] = "21db417171874774863c4cd546148fff",
	[GUEST_RESUMED] = "b6a6ee81f584404899be89bbea7b0d43",
	[GUEST_SILENT] = "c36037a25ebe46f08b2be3da9988029d",
	[GUEST_SUPERVISOR] = "88d1b9edc99c4f4ea258e31ca6c44411",
	[GUEST_STOP] = "4022bb243de446c584b64c8b94158aeb",
};
_Static_assert(ARRAY_SIZE(ids) == GUEST_MESSAGE_COUNT, "an ID each");

const char *guest_message_id(enum guest_message message)
{
	return ids[message];
}

void guest_log(const char *vm, enum guest_message message, int level, const json_t *data,
	const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	char *json AUTO_FREE = data ? json_dumps(data, JSON_COMPACT) : NULL;
	/* The last word ends the list where there is nothing more to say. */
	sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", level, "MESSAGE_ID=%s", ids[message],
		"SYSLOG_IDENTIFIER=vmlet", "VMLET_VM=%s", vm, json ? "VMLET_DATA=%s" : NULL, json,
		NULL);
}
