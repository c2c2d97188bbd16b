/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the supervisor is made of, against peers that are slow, hostile or many. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/guest-notify.h"
#include "host/qmp-session.h"
#include "host/serial.h"

struct loop {
	char path[32];
	int directory_fd;
	sd_event *event;
	int pair[2]; /* ours, and QEMU's or the guest's */
	struct buf heard;
	int calls;
};

static struct loop set_up(void)
{
	struct loop loop = {.path = "/tmp/vmlet-test.XXXXXX"};
	assert_non_null(mkdtemp(loop.path));
	loop.directory_fd = open(loop.path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, loop.pair), 0);
	assert_int_equal(sd_event_new(&loop.event), 0);
	return loop;
}

static void tear_down(struct loop *loop)
{
	static const char *const files[] = {"console.log", "console.log.1", "socket"};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(loop->directory_fd, files[i], 0);
	assert_int_equal(rmdir(loop->path), 0);
	close(loop->directory_fd);
	close(loop->pair[0]);
	close_fd(&loop->pair[1]);
	sd_event_unref(loop->event);
	buf_done(&loop->heard);
}

/* Runs the loop until there is nothing to do. */
static void settle(struct loop *loop)
{
	while (sd_event_run(loop->event, 0) > 0)
		;
}

static void send_all(struct loop *loop, const char *bytes, size_t length)
{
	while (length) {
		ssize_t sent = send(loop->pair[1], bytes, length, MSG_DONTWAIT);
		settle(loop);
		bytes += sent > 0 ? sent : 0;
		length -= sent > 0 ? (size_t)sent : 0;
	}
}

static void say(struct loop *loop, const char *text)
{
	send_all(loop, text, strlen(text));
}

static void call(void *context)
{
	((struct loop *)context)->calls++;
}

/* --- the console --------------------------------------------------------------------------- */

static void bind_socket(struct loop *loop, struct sockaddr_un *address, int *ret_fd)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/socket", loop->path);
	*ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(*ret_fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(*ret_fd, 64), 0);
}

static int attach(struct loop *loop, const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	settle(loop);
	return fd;
}

/* All that is there for one who watches, at most that much. */
static size_t hear(int fd, char *text, size_t size)
{
	size_t length = 0;
	for (ssize_t count; length < size - 1 &&
			    (count = recv(fd, text + length, size - 1 - length, MSG_DONTWAIT)) > 0;)
		length += (size_t)count;
	text[length] = '\0';
	return length;
}

static size_t hear_all(struct loop *loop, int fd, char *text, size_t size)
{
	size_t length = 0;
	for (size_t more = 1; more; length += more) {
		settle(loop);
		more = hear(fd, text + length, size - length);
	}
	return length;
}

static off_t size_of(const struct loop *loop, const char *file)
{
	struct stat status;
	assert_int_equal(fstatat(loop->directory_fd, file, &status, 0), 0);
	return status.st_size;
}

static struct serial open_serial(struct loop *loop, struct sockaddr_un *address)
{
	struct serial serial = {
		.vm = "web",
		.event = loop->event,
		.qemu_fd = loop->pair[0],
		.directory_fd = loop->directory_fd,
	};
	bind_socket(loop, address, &serial.listener_fd);
	return serial;
}

static void test_serial_history(void **state)
{
	(void)state;
	struct sockaddr_un address;
	struct loop loop = set_up();
	struct serial serial = open_serial(&loop, &address);
	assert_true(serial_open(&serial) >= 0);
	char line[] = "a line of the guest that says nothing\r\n";
	for (size_t i = 0; i < 90000; i++)
		send_all(&loop, line, sizeof(line) - 1);
	say(&loop, "the end");
	/* Two files of a MiB at most, of which the newer ends with what came last. */
	assert_true(size_of(&loop, "console.log") <= 1024 * 1024);
	assert_in_range(size_of(&loop, "console.log.1"), 1024 * 1024 - 4096, 1024 * 1024);
	char text[2 * SERIAL_HISTORY_BYTES];
	int fd = attach(&loop, &address);
	assert_int_equal(hear(fd, text, sizeof(text)), SERIAL_HISTORY_BYTES);
	assert_string_equal(text + SERIAL_HISTORY_BYTES - 7, "the end");
	close(fd);
	settle(&loop);
	serial_done(&serial);
	close(serial.listener_fd);
	tear_down(&loop);
}

static void test_serial_viewers(void **state)
{
	(void)state;
	struct sockaddr_un address;
	struct loop loop = set_up();
	struct serial serial = open_serial(&loop, &address);
	int fds[SERIAL_VIEWERS_MAX + 1];
	static char text[1 << 20];
	assert_true(serial_open(&serial) >= 0);
	for (size_t i = 0; i <= SERIAL_VIEWERS_MAX; i++)
		fds[i] = attach(&loop, &address);
	hear(fds[SERIAL_VIEWERS_MAX], text, sizeof(text));
	assert_string_equal(text, "[Too many watch this console]\r\n");
	/* One who reads gets all; one who does not loses, is told how much, and holds nobody up. */
	static char block[30000];
	memset(block, 'x', sizeof(block));
	hear(fds[1], text, sizeof(text));
	for (size_t i = 0; i < 40; i++) {
		send_all(&loop, block, sizeof(block));
		assert_int_equal(hear_all(&loop, fds[1], text, sizeof(text)), sizeof(block));
	}
	size_t length = hear_all(&loop, fds[0], text, sizeof(text));
	assert_true(length < 20 * sizeof(block));
	assert_non_null(strstr(text, "bytes are not shown]"));
	say(&loop, "on");
	hear_all(&loop, fds[0], text, sizeof(text));
	assert_non_null(strstr(text, "on"));
	/* What is typed reaches the guest, from the first alone. */
	assert_int_equal(send(fds[1], "no", 2, 0), 2);
	assert_int_equal(send(fds[0], "yes", 3, 0), 3);
	settle(&loop);
	assert_int_equal(recv(loop.pair[1], text, sizeof(text), MSG_DONTWAIT), 3);
	/* A guest that does not read holds up who types, and nobody else. */
	for (size_t i = 0; i < 4000; i++) {
		send(fds[0], block, 512, MSG_NOSIGNAL);
		settle(&loop);
	}
	assert_true(serial.typed.length <= 512);
	say(&loop, "still");
	for (size_t i = 0; i <= SERIAL_VIEWERS_MAX; i++)
		close(fds[i]);
	settle(&loop);
	serial_done(&serial);
	close(serial.listener_fd);
	tear_down(&loop);
}

static void test_serial_await(void **state)
{
	(void)state;
	struct sockaddr_un address;
	struct loop loop = set_up();
	struct serial serial = open_serial(&loop, &address);
	assert_true(serial_open(&serial) >= 0);
	assert_int_equal(serial_await(&serial, "(", call, &loop), -EINVAL);
	assert_int_equal(serial_await(&serial, "^web login: $", call, &loop), 0);
	say(&loop, "the web login: \r\n\033[1;32mweb lo");
	assert_int_equal(loop.calls, 0);
	say(&loop, "gin: ");
	assert_int_equal(loop.calls, 1);
	say(&loop, "\r\nweb login: ");
	assert_int_equal(loop.calls, 1);
	serial_done(&serial);
	close(serial.listener_fd);
	tear_down(&loop);
}

/* --- QMP ----------------------------------------------------------------------------------- */

static void on_event(void *context, const char *name, const json_t *message)
{
	struct loop *loop = context;
	(void)message;
	buf_printf(&loop->heard, "%s ", name);
}

static void on_answer(void *context, const json_t *value)
{
	struct loop *loop = context;
	buf_puts(&loop->heard, value ? "answer " : "refusal ");
}

static struct qmp_session open_session(struct loop *loop)
{
	struct qmp_session session = {.on_event = on_event, .on_end = call, .context = loop};
	return session;
}

static void test_session(void **state)
{
	(void)state;
	static const char talk[] =
		"t of a line before\"}\r\n{\"QMP\": {}}\r\n{\"return\": {}, \"id\": 1}\r\n"
		"{\"event\": \"STOP\"}\r\n{\"return\": [], \"id\": 3}\r\n{\"return\": {}, \"id\": "
		"99}\r\n"
		"{\"error\": {}, \"id\": 2}\r\n{\"return\": {}}\r\n{}\r\n{\"event\": 5}\r\n";
	struct loop loop = set_up();
	struct qmp_session session = open_session(&loop);
	assert_int_equal(qmp_session_open(&session, loop.event, loop.pair[0]), 0);
	assert_int_equal(qmp_session_execute(&session, "a", NULL, on_answer, &loop), 0);
	assert_int_equal(
		qmp_session_execute(&session, "b", json_pack("{s:i}", "x", 1), on_answer, &loop),
		0);
	/* Byte by byte. */
	for (size_t i = 0; i < sizeof(talk) - 1; i++)
		send_all(&loop, talk + i, 1);
	assert_string_equal(buf_text(&loop.heard), "STOP answer refusal ");
	char text[512];
	size_t length = hear(loop.pair[1], text, sizeof(text));
	assert_true(length > 0);
	assert_non_null(strstr(text, "{\"execute\":\"b\",\"id\":3,\"arguments\":{\"x\":1}}\n"));
	assert_int_equal(loop.calls, 0);
	qmp_session_done(&session);
	tear_down(&loop);
}

/* QEMU that answers nothing, and one that says what is no message. */
static void test_session_hostile(void **state)
{
	(void)state;
	struct loop loop = set_up();
	struct qmp_session session = open_session(&loop);
	assert_int_equal(qmp_session_open(&session, loop.event, loop.pair[0]), 0);
	int r = 0;
	for (size_t i = 0; r == 0 && i < 2 * QMP_CALLS_MAX; i++)
		r = qmp_session_execute(&session, "query-status", NULL, on_answer, &loop);
	assert_int_equal(r, -EBUSY);
	say(&loop, "{\"QMP\": {}}\n[]\n");
	assert_int_equal(loop.calls, 1);
	qmp_session_done(&session);
	/* A line without end. */
	session = open_session(&loop);
	assert_int_equal(qmp_session_open(&session, loop.event, loop.pair[0]), 0);
	static char block[65536];
	memset(block, '{', sizeof(block));
	for (size_t i = 0; i <= QMP_LINE_BYTES_MAX / sizeof(block); i++)
		if (loop.calls == 1)
			send_all(&loop, block, sizeof(block));
	assert_int_equal(loop.calls, 2);
	qmp_session_done(&session);
	tear_down(&loop);
}

/* --- the guest's systemd ------------------------------------------------------------------- */

static void on_assignment(void *context, const char *assignment)
{
	struct loop *loop = context;
	buf_printf(&loop->heard, "[%s]", assignment);
}

static void test_notify(void **state)
{
	(void)state;
	struct sockaddr_un address;
	struct loop loop = set_up();
	struct guest_notify notify = {
		.event = loop.event, .on_assignment = on_assignment, .context = &loop};
	int listener_fd;
	bind_socket(&loop, &address, &listener_fd);
	assert_int_equal(guest_notify_open(&notify, -1, address.sun_path), 0);
	close(loop.pair[1]);
	loop.pair[1] = accept(listener_fd, NULL, NULL);
	say(&loop, "STATUS=a b\nREADY=1\n\n");
	char line[600];
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	send_all(&loop, line, sizeof(line));
	say(&loop, "EXIT_STATUS=3");
	assert_string_equal(buf_text(&loop.heard), "[STATUS=a b][READY=1]");
	shutdown(loop.pair[1], SHUT_WR);
	settle(&loop);
	assert_string_equal(buf_text(&loop.heard), "[STATUS=a b][READY=1][EXIT_STATUS=3]");
	guest_notify_done(&notify);
	close(listener_fd);
	tear_down(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serial_history),
		cmocka_unit_test(test_serial_viewers),
		cmocka_unit_test(test_serial_await),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_session_hostile),
		cmocka_unit_test(test_notify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
