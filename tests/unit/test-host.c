/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes from outside: spec directories, qcow2 headers, QMP. */
#include "test.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/qcow2.h"
#include "host/qmp-stream.h"
#include "host/specdir.h"

struct tree {
	char path[24];
	int fd;
};

static struct tree make_tree(void)
{
	struct tree tree = {.path = "/tmp/vmlet-test.XXXXXX"};
	assert_non_null(mkdtemp(tree.path));
	tree.fd = open(tree.path, O_RDONLY | O_DIRECTORY);
	return tree;
}

static void write_file(const struct tree *tree, const char *name, const void *text, size_t length)
{
	int fd = openat(tree->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
}

static void link_file(const struct tree *tree, const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, tree->fd, name), 0);
}

static void remove_tree(struct tree *tree)
{
	char command[64];
	snprintf(command, sizeof(command), "rm -rf %s", tree->path);
	assert_int_equal(system(command), 0);
	close(tree->fd);
}

static const struct spec_file *find(const struct spec_files *files, const char *base_name)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i].base_name, base_name) == 0)
			return &files->items[i];
	return NULL;
}

static void directories(void **state)
{
	(void)state;
	struct tree high = make_tree();
	struct tree low = make_tree();
	struct arena arena = {0};
	struct diags diags = {0};
	struct spec_files files = {0};
	char search_path[128];
	write_file(&high, "b.yaml", "high", 4);
	write_file(&high, "a.yaml", "a", 1);
	write_file(&high, ".hidden.yaml", "x", 1);
	write_file(&high, "notes.txt", "x", 1);
	write_file(&high, "open.yaml", "x", 1);
	assert_int_equal(fchmodat(high.fd, "open.yaml", 0666, 0), 0);
	mkdirat(high.fd, "dir.yaml", 0755);
	mkdirat(high.fd, "below", 0755);
	write_file(&high, "below/c.yaml", "c", 1);
	mkfifoat(high.fd, "fifo.yaml", 0644);
	link_file(&high, "below/c.yaml", "within.yaml");
	link_file(&high, "/etc/hostname", "out.yaml");
	link_file(&high, "../../etc/hostname", "up.yaml");
	link_file(&high, "loop.yaml", "loop.yaml");
	link_file(&high, "/dev/null", "masked.yaml");
	link_file(&high, "/dev/zero", "zero.yaml");
	write_file(&high, "new\nline.yaml", "x", 1);
	write_file(&high, "latin\xe9.yaml", "x", 1);
	write_file(&low, "b.yaml", "low", 3);
	write_file(&low, "masked.yaml", "low", 3);
	write_file(&low, "z.yaml", "z", 1);
	snprintf(search_path, sizeof(search_path), "%s::/none:%s", high.path, low.path);
	assert_int_equal(specdir_read(&arena, search_path, &diags, &files), 0);

	assert_int_equal(files.count, 13);
	for (size_t i = 1; i < files.count; i++)
		assert_true(strcmp(files.items[i - 1].base_name, files.items[i].base_name) < 0);
	assert_string_equal(find(&files, "b")->source.text, "high");
	assert_string_equal(find(&files, "z")->source.text, "z");
	assert_string_equal(find(&files, "within")->source.text, "c");
	assert_null(find(&files, "masked"));
	assert_null(find(&files, "c"));
	static const char *const refused[][2] = {{"open", "writable by everyone"},
		{"dir", "not a regular file"}, {"fifo", "not a regular file"},
		{"out", "a link that leads out of the spec directory"},
		{"up", "a link that leads out of the spec directory"},
		{"zero", "a link that leads out of the spec directory"},
		{"loop", "Too many levels of symbolic links"},
		{"new\nline", "its path is not a line of UTF-8 text"},
		{"latin\xe9", "its path is not a line of UTF-8 text"}};
	assert_int_equal(diags.count, ARRAY_SIZE(refused));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const struct spec_file *file = find(&files, refused[i][0]);
		assert_true(file->refused);
		assert_string_equal(diags.items[file->diag].message, refused[i][1]);
	}
	diags_done(&diags);
	arena_done(&arena);
	remove_tree(&high);
	remove_tree(&low);
}

static void large_files(void **state)
{
	(void)state;
	struct tree tree = make_tree();
	struct arena arena = {0};
	struct diags diags = {0};
	struct spec_files files = {0};
	char *text = calloc(1, 1024 * 1024 + 1);
	memset(text, '#', 1024 * 1024 + 1);
	write_file(&tree, "most.yaml", text, 1024 * 1024);
	write_file(&tree, "over.yaml", text, 1024 * 1024 + 1);
	free(text);
	assert_int_equal(specdir_read(&arena, tree.path, &diags, &files), 0);
	assert_int_equal(find(&files, "most")->source.length, 1024 * 1024);
	assert_true(find(&files, "over")->refused);
	assert_string_equal(diags.items[0].message, "larger than 1 MiB");
	diags_done(&diags);
	arena_done(&arena);
	remove_tree(&tree);
}

struct header {
	uint32_t magic, version;
	uint64_t backing_offset;
	uint32_t backing_length, cluster_bits;
	uint64_t size;
	uint32_t encryption, l1_entries;
	uint64_t l1_offset, refcount_offset;
	uint32_t refcount_clusters, snapshots;
	uint64_t snapshots_offset;
	uint64_t incompatible;
	char backing[32];
};

static int read_header(const struct header *header, size_t length, struct qcow2_header *ret)
{
	struct tree tree = make_tree();
	struct error error = {""};
	write_file(&tree, "disk", header, length);
	int fd = openat(tree.fd, "disk", O_RDONLY);
	int r = qcow2_read_header(fd, "disk", ret, &error);
	assert_true((r < 0) == (error.message[0] != '\0'));
	close(fd);
	remove_tree(&tree);
	return r;
}

static void qcow2_headers(void **state)
{
	(void)state;
	const struct header good = {.magic = htobe32(0x514649fb),
		.version = htobe32(3),
		.cluster_bits = htobe32(16),
		.size = htobe64(1 << 20)};
	struct qcow2_header result;
	assert_int_equal(read_header(&good, sizeof(good), &result), 0);
	assert_int_equal(result.size_bytes, 1 << 20);
	assert_string_equal(result.backing, "");

	struct header backed = good;
	backed.backing_offset = htobe64(offsetof(struct header, backing));
	backed.backing_length = htobe32(11);
	memcpy(backed.backing, "/etc/shadow", 11);
	assert_int_equal(read_header(&backed, sizeof(backed), &result), 0);
	assert_string_equal(result.backing, "/etc/shadow");

	/* Cut short, of another kind, or saying what cannot be. */
	assert_int_equal(read_header(&good, 71, &result), -EINVAL);
	assert_int_equal(read_header(&good, 0, &result), -EINVAL);
	assert_int_equal(read_header(&backed, sizeof(backed) - 25, &result), -EINVAL);
	struct header bad = good;
	bad.magic = 0;
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = good;
	bad.version = htobe32(4);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = good;
	bad.incompatible = htobe64(4);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = backed;
	bad.backing_length = htobe32(1024);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad.backing_length = htobe32(12);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = backed;
	bad.backing_offset = htobe64(UINT64_MAX - 1);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);

	/* Tables that no file has. */
	bad = good;
	bad.size = htobe64(UINT64_C(1) << 50);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = good;
	bad.l1_entries = htobe32(UINT32_MAX);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad.l1_entries = htobe32(1);
	bad.l1_offset = htobe64(UINT64_MAX - 3);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = good;
	bad.cluster_bits = htobe32(63);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = good;
	bad.refcount_clusters = htobe32(UINT32_MAX);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
	bad = good;
	bad.snapshots = htobe32(UINT32_MAX);
	assert_int_equal(read_header(&bad, sizeof(bad), &result), -EINVAL);
}

static void qmp_messages_in_any_pieces(void **state)
{
	(void)state;
	static const char text[] = "{\"QMP\": {}}\r\n{\"event\": \"STOP\"}\n";
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		struct qmp_stream stream = {0};
		json_t *message = NULL;
		int count = 0;
		for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
			size_t left = sizeof(text) - 1 - at;
			assert_int_equal(
				qmp_stream_feed(&stream, text + at, left < piece ? left : piece),
				0);
			while (qmp_stream_next(&stream, &message) == 0) {
				assert_non_null(json_object_get(message, count ? "event" : "QMP"));
				json_decref(message);
				count++;
			}
		}
		assert_int_equal(count, 2);
		assert_int_equal(qmp_stream_next(&stream, &message), -EAGAIN);
		qmp_stream_done(&stream);
	}
}

static void qmp_from_a_hostile_peer(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\n", "[]\n", "1\n", "{\n", "{\"a\": 1, \"a\": 2}\n", "x\n"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct qmp_stream stream = {0};
		json_t *message = NULL;
		assert_int_equal(qmp_stream_feed(&stream, bad[i], strlen(bad[i])), 0);
		assert_int_equal(qmp_stream_next(&stream, &message), -EBADMSG);
		qmp_stream_done(&stream);
	}
	struct qmp_stream stream = {0};
	char block[65536];
	size_t total = 0;
	memset(block, 'x', sizeof(block));
	while (qmp_stream_feed(&stream, block, sizeof(block)) == 0)
		total += sizeof(block);
	assert_int_equal(total, QMP_LINE_BYTES_MAX);
	qmp_stream_done(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories),
		cmocka_unit_test(large_files),
		cmocka_unit_test(qcow2_headers),
		cmocka_unit_test(qmp_messages_in_any_pieces),
		cmocka_unit_test(qmp_from_a_hostile_peer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
