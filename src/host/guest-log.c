/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest-log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
/* It needs the others. */
#include <linux/sockios.h>

#include "base/buf.h"
#include "base/macros.h"

#define TAKEN_TRIES 1000
#define TAKEN_INTERVAL_USEC 100

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

/* --- the journal's own protocol (systemd, docs/JOURNAL_NATIVE_PROTOCOL.md) ------------------- */

/* NAME=VALUE; no value has a line break. */
static void add_field(struct buf *entry, const char *name, const char *value)
{
	buf_puts(entry, name);
	buf_putc(entry, '=');
	const char *rest = value;
	for (const char *end; (end = strchr(rest, '\n')); rest = end + 1) {
		buf_add(entry, rest, (size_t)(end - rest));
		buf_putc(entry, ' ');
	}
	buf_puts(entry, rest);
	buf_putc(entry, '\n');
}

/* journald finds the unit of a message by its sender, which must be there still: a process that
 * logs its last words waits until they are taken. sd_journal_send(3) cannot. */
static void wait_until_taken(int fd)
{
	for (int i = 0; i < TAKEN_TRIES; i++) {
		int waiting = 0;
		/* unix(7): what the receiver has not read yet. */
		if (ioctl(fd, SIOCOUTQ, &waiting) < 0 || waiting == 0)
			return;
		usleep(TAKEN_INTERVAL_USEC);
	}
}

static int send_entry(int fd, const struct buf *entry)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
	ssize_t sent = sendto(fd, entry->data, entry->length, MSG_NOSIGNAL,
		(const struct sockaddr *)&address, sizeof(address));
	return sent < 0 ? -errno : 0;
}

void guest_log(const char *vm, enum guest_message message, int level, const json_t *data,
	const char *format, ...)
{
	char text[512];
	char priority[16];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(priority, sizeof(priority), "%d", level);
	struct buf entry CLEANUP(buf_done) = {0};
	char *json AUTO_FREE = data ? json_dumps(data, JSON_COMPACT) : NULL;
	int fd AUTO_CLOSE = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	add_field(&entry, "MESSAGE", text);
	add_field(&entry, "PRIORITY", priority);
	add_field(&entry, "MESSAGE_ID", ids[message]);
	add_field(&entry, "SYSLOG_IDENTIFIER", "vmlet");
	add_field(&entry, "VMLET_VM", vm);
	size_t length = entry.length;
	if (json)
		add_field(&entry, "VMLET_DATA", json);
	if (fd < 0 || buf_error(&entry) < 0)
		return;
	int r = send_entry(fd, &entry);
	if (r == -EMSGSIZE) {
		entry.length = length;
		r = send_entry(fd, &entry);
	}
	if (r == 0)
		wait_until_taken(fd);
}
