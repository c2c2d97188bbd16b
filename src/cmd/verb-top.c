/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/choice.h"
#include "base/clock.h"
#include "cmd/live.h"
#include "cmd/table.h"
#include "cmd/verbs.h"
#include "spec/scalar.h"

#define INTERVAL_USEC (2 * USEC_SECOND)
#define INTERVAL_MIN_USEC (USEC_SECOND / 10)

enum column {
	COLUMN_NAME,
	COLUMN_CPU,   /* percent of one CPU */
	COLUMN_GUEST, /* of that, in the guest */
	COLUMN_RSS,
	COLUMN_SWAP,
	COLUMN_BALLOON,
	COLUMN_READ, /* a second, this and the next three */
	COLUMN_WRITE,
	COLUMN_RECEIVE,
	COLUMN_SEND,
	COLUMN_CPU_PRESSURE, /* percent, this and the next two */
	COLUMN_MEMORY_PRESSURE,
	COLUMN_IO_PRESSURE,
	COLUMN_COUNT,
};

DEFINE_CHOICES(column_names,
	COLUMN_COUNT, [COLUMN_NAME] = "name", [COLUMN_CPU] = "cpu", [COLUMN_GUEST] = "guest",
	[COLUMN_RSS] = "rss", [COLUMN_SWAP] = "swap", [COLUMN_BALLOON] = "balloon",
	[COLUMN_READ] = "read", [COLUMN_WRITE] = "write", [COLUMN_RECEIVE] = "receive",
	[COLUMN_SEND] = "send", [COLUMN_CPU_PRESSURE] = "cpu-pressure",
	[COLUMN_MEMORY_PRESSURE] = "memory-pressure", [COLUMN_IO_PRESSURE] = "io-pressure");

static const char *const titles[COLUMN_COUNT] = {"NAME", "CPU%", "GUEST%", "RSS", "SWAP", "BALLOON",
	"READ/s", "WRITE/s", "RECV/s", "SEND/s", "PSI-CPU%", "PSI-MEM%", "PSI-IO%"};

struct top_row {
	const char *name;
	double values[COLUMN_COUNT]; /* below 0: not known */
};

struct top {
	struct top_row *rows;
	size_t count;
};

struct top_options {
	bool batch;
	bool json;
	enum column sort;
	uint64_t interval_usec;
	uint64_t count; /* 0: for ever */
};

/* --- numbers ------------------------------------------------------------------------------- */

static double known(uint64_t value)
{
	return value == USAGE_UNKNOWN ? -1 : (double)value;
}

static double rate(uint64_t before, uint64_t after, uint64_t usec)
{
	if (before == USAGE_UNKNOWN || after == USAGE_UNKNOWN || after < before || !usec)
		return -1;
	return (double)(after - before) * 1e6 / (double)usec;
}

static double percent(uint64_t before, uint64_t after, uint64_t usec)
{
	double value = rate(before, after, usec);
	return value < 0 ? value : value / 1e4;
}

/* The sum of a counter, at that offset, of all disks or of all interfaces. */
static uint64_t sum(const void *items, size_t count, size_t size, size_t offset)
{
	uint64_t all = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t value;
		memcpy(&value, (const char *)items + i * size + offset, sizeof(value));
		all += value;
	}
	return all;
}

static uint64_t sum_disks(const struct live_vm *vm, size_t offset)
{
	return sum(vm->usage.disks, vm->usage.disk_count, sizeof(vm->usage.disks[0]), offset);
}

static uint64_t sum_nics(const struct live_vm *vm, size_t offset)
{
	return sum(vm->usage.nics, vm->usage.nic_count, sizeof(vm->usage.nics[0]), offset);
}

static double sum_rate(uint64_t (*sum_of)(const struct live_vm *vm, size_t offset), size_t offset,
	const struct live_vm *before, const struct live_vm *after)
{
	return rate(sum_of(before, offset), sum_of(after, offset), after->usec - before->usec);
}

static void fill_row(const struct live_vm *before, const struct live_vm *after, struct top_row *row)
{
	const struct usage *usage = &after->usage;
	uint64_t usec = after->usec - before->usec;
	double *values = row->values;
	row->name = after->name;
	values[COLUMN_CPU] = percent(before->usage.cpu_usec, usage->cpu_usec, usec);
	values[COLUMN_GUEST] = percent(before->usage.guest_usec, usage->guest_usec, usec);
	values[COLUMN_RSS] = known(usage->rss_bytes);
	values[COLUMN_SWAP] = known(usage->swap_bytes);
	values[COLUMN_BALLOON] = known(usage->balloon_bytes);
	values[COLUMN_READ] =
		sum_rate(sum_disks, offsetof(struct usage_disk, read_bytes), before, after);
	values[COLUMN_WRITE] =
		sum_rate(sum_disks, offsetof(struct usage_disk, written_bytes), before, after);
	values[COLUMN_RECEIVE] =
		sum_rate(sum_nics, offsetof(struct usage_nic, received_bytes), before, after);
	values[COLUMN_SEND] =
		sum_rate(sum_nics, offsetof(struct usage_nic, sent_bytes), before, after);
	values[COLUMN_CPU_PRESSURE] = known(usage->cpu_pressure);
	values[COLUMN_MEMORY_PRESSURE] = known(usage->memory_pressure);
	values[COLUMN_IO_PRESSURE] = known(usage->io_pressure);
	for (int i = COLUMN_CPU_PRESSURE; i <= COLUMN_IO_PRESSURE; i++)
		if (values[i] >= 0)
			values[i] /= 100;
}

/* The largest first; names from a to z, as they come. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct top_row *left = a;
	const struct top_row *right = b;
	enum column column = *(const enum column *)context;
	double difference = right->values[column] - left->values[column];
	return difference ? (difference > 0) - (difference < 0) : strcmp(left->name, right->name);
}

/* A VM that was not there before has no rates yet. */
static int fill_rows(
	const struct live *before, const struct live *after, enum column sort, struct top *top)
{
	free(top->rows);
	top->rows = calloc(after->count + 1, sizeof(*top->rows));
	top->count = 0;
	if (!top->rows)
		return -ENOMEM;
	for (size_t i = 0; i < after->count; i++) {
		const struct live_vm *vm = &after->items[i];
		const struct live_vm *earlier = live_find(before, vm->name);
		fill_row(earlier ? earlier : vm, vm, &top->rows[top->count++]);
	}
	qsort_r(top->rows, top->count, sizeof(*top->rows), compare_rows, &sort);
	return 0;
}

/* --- output -------------------------------------------------------------------------------- */

static void write_bytes(double bytes, struct buf *buf)
{
	static const char units[] = "BKMGT";
	size_t unit = 0;
	for (; bytes >= 1024 && unit < sizeof(units) - 2; unit++)
		bytes /= 1024;
	buf_printf(buf, unit && bytes < 10 ? "%.1f%c" : "%.0f%c", bytes, units[unit]);
}

static bool is_percent(int column)
{
	return column == COLUMN_CPU || column == COLUMN_GUEST || column >= COLUMN_CPU_PRESSURE;
}

static void write_cell(const void *context, size_t index, int column, struct buf *buf)
{
	const struct top *top = context;
	double value = top->rows[index].values[column];
	if (column == COLUMN_NAME)
		buf_puts(buf, top->rows[index].name);
	else if (value >= 0 && is_percent(column))
		buf_printf(buf, "%.1f", value);
	else if (value >= 0)
		write_bytes(value, buf);
}

static void print_table(const struct top *top)
{
	const struct table table = {
		.titles = titles,
		.columns = COLUMN_COUNT,
		.rows = top->count,
		.cell = write_cell,
		.context = top,
	};
	table_print(&table);
}

static int print_json(const struct top *top)
{
	json_t *list = json_array();
	for (size_t i = 0; i < top->count; i++) {
		json_t *row = json_pack("{s:s}", "name", top->rows[i].name);
		for (int column = COLUMN_CPU; column < COLUMN_COUNT; column++) {
			double value = top->rows[i].values[column];
			json_object_set_new(row, choice_name(&column_names, column),
				value < 0 ? json_null() : json_real(value));
		}
		json_array_append_new(list, row);
	}
	char *text AUTO_FREE = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(8));
	json_decref(list);
	return text && puts(text) >= 0 && fflush(stdout) == 0 ? 0 : -EIO;
}

static int print(const struct top *top, const struct top_options *options)
{
	if (options->json)
		return print_json(top);
	if (!options->batch)
		fputs("\033[H\033[2J", stdout);
	print_table(top);
	if (options->batch)
		puts("");
	return fflush(stdout) == 0 ? 0 : -EIO;
}

static int watch(const struct top_options *options, struct error *error)
{
	struct live lives[2] = {0};
	struct top top = {0};
	int r = live_read(&lives[0], error);
	for (uint64_t i = 0; r == 0 && (i < options->count || !options->count); i++) {
		struct live *before = &lives[i % 2];
		struct live *after = &lives[(i + 1) % 2];
		usleep((useconds_t)options->interval_usec);
		live_done(after);
		r = live_read(after, error);
		if (r == 0 && fill_rows(before, after, options->sort, &top) < 0)
			r = error_set(error, ENOMEM, "not enough memory");
		if (r == 0 && print(&top, options) < 0)
			r = error_set(error, EIO, "cannot write");
	}
	free(top.rows);
	live_done(&lives[0]);
	live_done(&lives[1]);
	return r;
}

/* Takes one option with its value. Returns false when it makes no sense. */
static bool take_value(const char *option, const char *value, struct top_options *options)
{
	if (!value)
		return false;
	if (strcmp(option, "--sort") == 0) {
		int column = choice_parse(&column_names, value);
		options->sort = column < 0 ? COLUMN_NAME : (enum column)column;
		return column >= 0;
	}
	if (strcmp(option, "--interval") == 0)
		return scalar_parse_span(value, &options->interval_usec) == 0 &&
		       options->interval_usec >= INTERVAL_MIN_USEC &&
		       options->interval_usec <= UINT32_MAX;
	return strcmp(option, "--count") == 0 && scalar_parse_count(value, &options->count) == 0;
}

int verb_top(const struct log *log, int argc, char **argv)
{
	struct top_options options = {
		.batch = !isatty(STDOUT_FILENO),
		.sort = COLUMN_CPU,
		.interval_usec = INTERVAL_USEC,
		.count = isatty(STDOUT_FILENO) ? 0 : 1,
	};
	struct error error;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--batch") == 0)
			options.batch = true;
		else if (strcmp(argv[i], "--json") == 0)
			options.json = options.batch = true;
		else if (take_value(argv[i], argv[i + 1], &options))
			i++;
		else
			return VERB_USAGE;
	}
	if (watch(&options, &error) < 0) {
		log_line(log, LOG_LEVEL_ERROR, "%s", error.message);
		return 1;
	}
	return 0;
}
