/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/clock.h"
#include "base/file.h"
#include "plan/plan.h"

#define FILE_BYTES_MAX (UINT64_C(1024) * 1024)
#define JOURNAL_INTERVAL_USEC (30 * USEC_SECOND)
#define JOURNAL_BURST 1000

/* --- the file ------------------------------------------------------------------------------ */

static void open_file(struct serial *serial)
{
	struct stat status;
	serial->file_fd = openat(serial->directory_fd, PLAN_CONSOLE_FILE,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	serial->file_bytes = serial->file_fd >= 0 && fstat(serial->file_fd, &status) == 0
				     ? (uint64_t)status.st_size
				     : 0;
}

/* Two files of bounded size: the older one goes. A disk that is full costs history, no more. */
static void keep(struct serial *serial, const char *bytes, size_t length)
{
	if (serial->file_bytes + length > FILE_BYTES_MAX) {
		close_fd(&serial->file_fd);
		renameat(serial->directory_fd, PLAN_CONSOLE_FILE, serial->directory_fd,
			PLAN_CONSOLE_OLD_FILE);
		open_file(serial);
	}
	if (serial->file_fd >= 0 && file_write_all(serial->file_fd, bytes, length) == 0)
		serial->file_bytes += length;
}

/* --- those who watch ----------------------------------------------------------------------- */

static void drop_viewer(struct serial_viewer *viewer)
{
	viewer->source = sd_event_source_disable_unref(viewer->source);
	close_fd(&viewer->fd);
	buf_done(&viewer->waiting);
	*viewer = (struct serial_viewer){.fd = -1};
}

/* Listens to it unless what was typed before waits, and for room where something waits for it. */
static void set_events(struct serial_viewer *viewer)
{
	sd_event_source_set_io_events(
		viewer->source, (viewer->serial->typed.length ? 0U : (uint32_t)EPOLLIN) |
					(viewer->waiting.length ? (uint32_t)EPOLLOUT : 0U));
}

/* Sends what waits, as far as there is room. */
static void flush(struct serial_viewer *viewer)
{
	struct buf *waiting = &viewer->waiting;
	ssize_t sent =
		send(viewer->fd, waiting->data, waiting->length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN) {
		drop_viewer(viewer);
		return;
	}
	size_t rest = waiting->length - (size_t)(sent > 0 ? sent : 0);
	memmove(waiting->data, waiting->data + (waiting->length - rest), rest);
	waiting->length = rest;
	if (rest == 0)
		buf_done(waiting);
	if (rest == 0 && viewer->lost) {
		buf_printf(waiting, "\r\n[%zu bytes are not shown]\r\n", viewer->lost);
		viewer->lost = 0;
	}
	set_events(viewer);
}

static void show(struct serial_viewer *viewer, const char *bytes, size_t length)
{
	if (viewer->lost || viewer->waiting.length + length > SERIAL_WAITING_BYTES) {
		viewer->lost += length;
		return;
	}
	bool waits = viewer->waiting.length > 0;
	buf_add(&viewer->waiting, bytes, length);
	if (!waits)
		flush(viewer);
}

/* The first who came may type. */
static bool may_type(const struct serial_viewer *viewer)
{
	const struct serial *serial = viewer->serial;
	for (size_t i = 0; i < SERIAL_VIEWERS_MAX; i++)
		if (serial->viewers[i].source && serial->viewers[i].number < viewer->number)
			return false;
	return true;
}

/* Types what is there, as far as the guest takes it; the rest waits, and who types waits with it.
 */
static void type(struct serial *serial)
{
	ssize_t sent = send(serial->qemu_fd, serial->typed.data, serial->typed.length,
		MSG_DONTWAIT | MSG_NOSIGNAL);
	size_t rest = serial->typed.length - (size_t)(sent > 0 ? sent : 0);
	if (sent < 0 && errno != EAGAIN)
		rest = 0;
	if (rest)
		memmove(serial->typed.data, serial->typed.data + (serial->typed.length - rest),
			rest);
	serial->typed.length = rest;
	for (size_t i = 0; i < SERIAL_VIEWERS_MAX; i++)
		if (serial->viewers[i].source)
			set_events(&serial->viewers[i]);
	if (serial->qemu)
		sd_event_source_set_io_events(serial->qemu, rest ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int on_typed(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct serial_viewer *viewer = context;
	struct serial *serial = viewer->serial;
	char block[512];
	(void)source;
	if (revents & EPOLLOUT) {
		flush(viewer);
		return 0;
	}
	ssize_t count = recv(fd, block, sizeof(block), MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (count <= 0) {
		bool typed = may_type(viewer);
		drop_viewer(viewer);
		struct serial_viewer *next = NULL;
		for (size_t i = 0; typed && i < SERIAL_VIEWERS_MAX; i++)
			if (serial->viewers[i].source && may_type(&serial->viewers[i]))
				next = &serial->viewers[i];
		static const char note[] = "\r\n[You may type now]\r\n";
		if (next)
			show(next, note, sizeof(note) - 1);
		return 0;
	}
	if (!may_type(viewer))
		return 0;
	buf_add(&serial->typed, block, (size_t)count);
	type(serial);
	return 0;
}

static void show_history(struct serial_viewer *viewer)
{
	const struct serial *serial = viewer->serial;
	if (serial->printed > SERIAL_HISTORY_BYTES) {
		size_t start = (size_t)(serial->printed % SERIAL_HISTORY_BYTES);
		show(viewer, serial->history + start, SERIAL_HISTORY_BYTES - start);
		if (viewer->source && start)
			show(viewer, serial->history, start);
	} else if (serial->printed) {
		show(viewer, serial->history, (size_t)serial->printed);
	}
}

static struct serial_viewer *free_viewer(struct serial *serial)
{
	for (size_t i = 0; i < SERIAL_VIEWERS_MAX; i++)
		if (!serial->viewers[i].source)
			return &serial->viewers[i];
	return NULL;
}

static int on_viewer(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	static const char full[] = "[Too many watch this console]\r\n";
	static const char watching[] =
		"\r\n[Somebody else types on this console: you only watch]\r\n";
	struct serial *serial = context;
	struct serial_viewer *viewer = free_viewer(serial);
	(void)source;
	(void)revents;
	int viewer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (viewer_fd < 0)
		return 0;
	if (!viewer) {
		send(viewer_fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		close(viewer_fd);
		return 0;
	}
	*viewer = (struct serial_viewer){
		.serial = serial, .fd = viewer_fd, .number = ++serial->last_number};
	if (sd_event_add_io(serial->event, &viewer->source, viewer_fd, EPOLLIN, on_typed, viewer) <
		0) {
		drop_viewer(viewer);
		return 0;
	}
	show_history(viewer);
	if (viewer->source && !may_type(viewer))
		show(viewer, watching, sizeof(watching) - 1);
	return 0;
}

/* --- lines --------------------------------------------------------------------------------- */

/* Drops what is for terminals: control bytes, and escape sequences (ECMA-48, 5.4). */
static size_t clean(const char *line, char clean[SERIAL_LINE_BYTES + 1])
{
	size_t length = 0;
	for (const char *at = line; *at; at++) {
		if (*at == '\033' && at[1] == '[') {
			at += 2;
			while (*at && (*at < '@' || *at > '~'))
				at++;
			if (!*at)
				break;
		} else if (*at == '\033' && at[1]) {
			at++;
		} else if ((unsigned char)*at >= ' ' || *at == '\t') {
			clean[length++] = *at;
		}
	}
	clean[length] = '\0';
	return length;
}

static void log_line_of(struct serial *serial, const char *line)
{
	uint64_t now = clock_usec(CLOCK_MONOTONIC);
	if (now - serial->journal_since_usec >= JOURNAL_INTERVAL_USEC) {
		if (serial->journal_lines > JOURNAL_BURST)
			sd_journal_print(LOG_NOTICE, "%s: %" PRIu64 " lines are not shown",
				serial->vm, serial->journal_lines - JOURNAL_BURST);
		serial->journal_since_usec = now;
		serial->journal_lines = 0;
	}
	if (++serial->journal_lines <= JOURNAL_BURST)
		sd_journal_send("MESSAGE=%s", line, "PRIORITY=%i", LOG_INFO, "SYSLOG_IDENTIFIER=%s",
			serial->vm, "VMLET_VM=%s", serial->vm, NULL);
}

/* A prompt is a line that does not end. */
static void look_for_awaited(struct serial *serial, const char *line)
{
	if (!serial->awaits || regexec(&serial->awaited, line, 0, NULL, 0) != 0)
		return;
	serial->awaits = false;
	regfree(&serial->awaited);
	serial->on_match(serial->context);
}

static void take_line(struct serial *serial, bool whole)
{
	char line[SERIAL_LINE_BYTES + 1];
	serial->line[serial->line_length] = '\0';
	size_t length = clean(serial->line, line);
	if (length)
		look_for_awaited(serial, line);
	if (length && whole && serial->journal)
		log_line_of(serial, line);
	if (whole)
		serial->line_length = 0;
}

static void take_lines(struct serial *serial, const char *bytes, size_t length)
{
	if (!serial->journal && !serial->awaits)
		return;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n') {
			take_line(serial, true);
			continue;
		}
		if (serial->line_length == SERIAL_LINE_BYTES)
			take_line(serial, true);
		/* It would end the text. */
		if (bytes[i])
			serial->line[serial->line_length++] = bytes[i];
	}
	if (serial->line_length)
		take_line(serial, false);
}

/* --- QEMU ---------------------------------------------------------------------------------- */

static void remember(struct serial *serial, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		serial->history[serial->printed++ % SERIAL_HISTORY_BYTES] = bytes[i];
}

/* Returns how much there was; 0 at the end, -EAGAIN when there is none now. */
static ssize_t take_printed(struct serial *serial)
{
	char block[4096];
	ssize_t count = recv(serial->qemu_fd, block, sizeof(block), MSG_DONTWAIT);
	if (count < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (count == 0)
		return 0;
	size_t length = (size_t)count;
	keep(serial, block, length);
	for (size_t i = 0; i < SERIAL_VIEWERS_MAX; i++)
		if (serial->viewers[i].source)
			show(&serial->viewers[i], block, length);
	remember(serial, block, length);
	take_lines(serial, block, length);
	return count;
}

static int on_qemu(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct serial *serial = context;
	(void)fd;
	if (revents & EPOLLOUT)
		type(serial);
	ssize_t count = take_printed(serial);
	if (count <= 0 && count != -EAGAIN) {
		serial->qemu = sd_event_source_disable_unref(serial->qemu);
		(void)source;
	}
	return 0;
}

int serial_open(struct serial *serial)
{
	for (size_t i = 0; i < SERIAL_VIEWERS_MAX; i++)
		serial->viewers[i].fd = -1;
	open_file(serial);
	int r = sd_event_add_io(
		serial->event, &serial->qemu, serial->qemu_fd, EPOLLIN, on_qemu, serial);
	return r < 0 ? r
		     : sd_event_add_io(serial->event, &serial->listener, serial->listener_fd,
			       EPOLLIN, on_viewer, serial);
}

int serial_await(struct serial *serial, const char *expression, void (*on_match)(void *context),
	void *context)
{
	if (regcomp(&serial->awaited, expression, REG_EXTENDED | REG_NOSUB) != 0)
		return -EINVAL;
	serial->awaits = true;
	serial->on_match = on_match;
	serial->context = context;
	return 0;
}

void serial_drain(struct serial *serial)
{
	while (serial->qemu && take_printed(serial) > 0)
		;
}

void serial_done(struct serial *serial)
{
	for (size_t i = 0; i < SERIAL_VIEWERS_MAX; i++)
		drop_viewer(&serial->viewers[i]);
	serial->qemu = sd_event_source_disable_unref(serial->qemu);
	serial->listener = sd_event_source_disable_unref(serial->listener);
	close_fd(&serial->file_fd);
	if (serial->awaits)
		regfree(&serial->awaited);
	buf_done(&serial->typed);
}
