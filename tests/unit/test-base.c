/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"

static void arena_keeps_what_it_gave(void **state)
{
	(void)state;
	struct arena arena = {0};
	char *texts[500];
	for (int i = 0; i < 500; i++) {
		texts[i] = arena_printf(&arena, "text %d %0100d", i, i);
		assert_non_null(texts[i]);
	}
	char *large = arena_alloc(&arena, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(large[i], 0);
	for (int i = 0; i < 500; i++)
		assert_int_equal(atoi(texts[i] + 5), i);
	assert_string_equal(arena_join(&arena, "a", "", "bc", NULL), "abc");
	arena_reset(&arena);
	assert_non_null(arena_alloc(&arena, 1));
	arena_done(&arena);
	assert_null(arena_alloc(&arena, SIZE_MAX - 8));
	arena_done(&arena);
}

static void arena_grows_arrays(void **state)
{
	(void)state;
	struct arena arena = {0};
	size_t *numbers = NULL;
	for (size_t i = 0; i < 1000; i++) {
		numbers = arena_grow(&arena, numbers, i, sizeof(*numbers));
		numbers[i] = i;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	arena_done(&arena);
}

static void buf_joins_texts_of_any_length(void **state)
{
	(void)state;
	struct buf buf = {0};
	char word[3000];
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_string_equal(buf_text(&buf), "");
	buf_puts(&buf, "a");
	buf_printf(&buf, "%s%d", word, 7);
	buf_putc(&buf, 'z');
	assert_int_equal(buf.length, 1 + 2999 + 1 + 1);
	assert_string_equal(buf.data + 2999, "x7z");
	buf_reset(&buf);
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf_error(&buf), 0);
	buf_done(&buf);
}

static void hashes_are_the_same_for_ever(void **state)
{
	(void)state;
	/* MAC addresses and tap names of running VMs depend on these. */
	assert_true(hash_names("web", "lan") == UINT64_C(0x33ccb0a9ec7bb117));
	assert_true(hash_names("a", "bc") != hash_names("ab", "c"));
	assert_true(hash_names("", "") != hash_names("a", ""));
}

static void enums_and_names_are_one_to_one(void **state)
{
	(void)state;
	const struct choices *const tables[] = {&kind_names, &machine_names, &accel_names,
		&disk_format_names, &cache_names, &discard_names, &nic_model_names, &restart_names};
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (size_t value = 0; value < tables[i]->count; value++)
			assert_int_equal(
				choice_parse(tables[i], choice_name(tables[i], (int)value)), value);
		assert_int_equal(choice_parse(tables[i], ""), -EINVAL);
		assert_int_equal(choice_parse(tables[i], "nothing"), -EINVAL);
	}
}

static char *make_directory(char template[static 24])
{
	strcpy(template, "/tmp/vmlet-test.XXXXXX");
	assert_non_null(mkdtemp(template));
	return template;
}

static void files_are_replaced_whole(void **state)
{
	(void)state;
	char path[24];
	int fd = open(make_directory(path), O_RDONLY | O_DIRECTORY);
	struct buf text = {0};
	struct stat status;
	assert_int_equal(file_replace_at(fd, "a", "one", 3, 0600, true), 0);
	assert_int_equal(file_replace_at(fd, "a", "second", 6, 0600, false), 0);
	assert_int_equal(file_read_at(fd, "a", 100, &text), 0);
	assert_string_equal(buf_text(&text), "second");
	assert_int_equal(fstatat(fd, "a", &status, 0), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(file_create_at(fd, "a", "x", 1, 0600), -EEXIST);
	buf_reset(&text);
	assert_int_equal(file_read_at(fd, "a", 5, &text), -EFBIG);

	/* A reader takes neither links nor directories for a file. */
	assert_int_equal(symlinkat("a", fd, "link"), 0);
	assert_int_equal(mkdirat(fd, "dir", 0700), 0);
	assert_int_equal(file_read_at(fd, "link", 100, &text), -ELOOP);
	assert_int_equal(file_read_at(fd, "dir", 100, &text), -EINVAL);
	assert_int_equal(file_replace_at(fd, "dir/b", "b", 1, 0600, false), 0);
	assert_int_equal(file_replace_at(fd, "none/b", "b", 1, 0600, false), -ENOENT);

	/* A replacement that fails leaves no temporary. */
	assert_int_equal(file_replace_at(fd, "dir", "b", 1, 0600, false), -EISDIR);
	DIR *directory = fdopendir(dup(fd));
	int count = 0;
	for (struct dirent *entry; (entry = readdir(directory)); count++)
		assert_null(strstr(entry->d_name, ".tmp"));
	closedir(directory);
	assert_int_equal(count, 2 + 3);
	unlinkat(fd, "dir/b", 0);
	unlinkat(fd, "dir", AT_REMOVEDIR);
	unlinkat(fd, "link", 0);
	unlinkat(fd, "a", 0);
	close(fd);
	rmdir(path);
	buf_done(&text);
}

static void what_is_planted_is_no_hindrance(void **state)
{
	(void)state;
	char path[24];
	char temporary[32];
	int fd = open(make_directory(path), O_RDONLY | O_DIRECTORY);
	struct buf text = {0};
	struct stat status;
	snprintf(temporary, sizeof(temporary), ".a.%d.tmp", (int)getpid());
	assert_int_equal(file_replace_at(fd, "other", "other", 5, 0600, false), 0);
	for (int kind = 0; kind < 3; kind++) {
		/* Who opens a pipe to write waits for a reader. */
		if (kind == 0)
			assert_int_equal(mkfifoat(fd, temporary, 0600), 0);
		else if (kind == 1)
			assert_int_equal(linkat(fd, "other", fd, temporary, 0), 0);
		else
			assert_int_equal(symlinkat("other", fd, temporary), 0);
		assert_int_equal(file_replace_for_owner_at(fd, "a", "one", 3, 0600, false), 0);
		buf_reset(&text);
		assert_int_equal(file_read_at(fd, "a", 100, &text), 0);
		assert_string_equal(buf_text(&text), "one");
		buf_reset(&text);
		assert_int_equal(file_read_at(fd, "other", 100, &text), 0);
		assert_string_equal(buf_text(&text), "other");
	}
	/* Only root can see a difference. */
	const uid_t owner = getuid() == 0 ? 12345 : getuid();
	assert_int_equal(fchown(fd, owner, (gid_t)-1), 0);
	assert_int_equal(file_replace_for_owner_at(fd, "a", "two", 3, 0600, false), 0);
	assert_int_equal(fstatat(fd, "a", &status, 0), 0);
	assert_int_equal(status.st_uid, owner);
	assert_int_equal(file_replace_at(fd, "a", "two", 3, 0600, false), 0);
	assert_int_equal(fstatat(fd, "a", &status, 0), 0);
	assert_int_equal(status.st_uid, getuid());
	unlinkat(fd, "other", 0);
	unlinkat(fd, "a", 0);
	close(fd);
	rmdir(path);
	buf_done(&text);
}

static const char *render(const struct diag *diag, bool full)
{
	static struct buf buf;
	buf_reset(&buf);
	if (full)
		diag_write_full(diag, false, &buf);
	else
		diag_write_line(diag, &buf);
	return buf_text(&buf);
}

static void diagnostics_show_the_place(void **state)
{
	(void)state;
	static const char text[] = "one\r\n\tt\xc3\xa9xt \x1b[31m\xff end\n";
	struct source source = {"f.yaml", text, sizeof(text) - 1, 0};
	struct diags diags = {0};
	diag_add(&diags, SEVERITY_ERROR, (struct place){&source, 2, 2, 6}, "code", "mend it",
		"bad %s", "word");
	diag_add(&diags, SEVERITY_NOTE, (struct place){&source, 0, 0, 0}, "", NULL, "whole file");
	diag_add(&diags, SEVERITY_WARNING, (struct place){&source, 9, 1, 2}, "late", NULL,
		"no line");
	assert_int_equal(diags.errors, 1);
	assert_string_equal(
		render(&diags.items[0], false), "f.yaml:2:2: error: bad word (mend it)");
	assert_string_equal(render(&diags.items[0], true), "f.yaml:2:2: error: bad word [code]\n"
							   "    2 | \tt\xc3\xa9xt ?[31m? end\n"
							   "      | \t^~~~\n"
							   "      = mend it\n");
	assert_string_equal(render(&diags.items[1], true), "f.yaml: note: whole file\n");
	assert_string_equal(render(&diags.items[2], true), "f.yaml:9:1: warning: no line [late]\n");
	diag_add(&diags, SEVERITY_ERROR, (struct place){&source, 1, 1, 2}, "key", "a\rb",
		"key '%s'", "x\n<0>y\033[2J\xff");
	assert_string_equal(
		render(&diags.items[3], false), "f.yaml:1:1: error: key 'x?<0>y?[2J?' (a?b)");
	diags_done(&diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_keeps_what_it_gave),
		cmocka_unit_test(arena_grows_arrays),
		cmocka_unit_test(buf_joins_texts_of_any_length),
		cmocka_unit_test(hashes_are_the_same_for_ever),
		cmocka_unit_test(enums_and_names_are_one_to_one),
		cmocka_unit_test(files_are_replaced_whole),
		cmocka_unit_test(what_is_planted_is_no_hindrance),
		cmocka_unit_test(diagnostics_show_the_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
