/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/qcow2.h"

#include <endian.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC 0x514649fbU /* "QFI\xfb" */
#define CLUSTER_BITS_MIN 9
#define CLUSTER_BITS_MAX 21
#define L1_BYTES_MAX (UINT64_C(32) * 1024 * 1024)
#define REFCOUNT_BYTES_MAX (UINT64_C(8) * 1024 * 1024)
#define SNAPSHOTS_MAX 65536
/* The largest disk of a spec. */
#define SIZE_MAX_BYTES (UINT64_C(64) << 40)
#define EXTERNAL_DATA_FILE (UINT64_C(1) << 2)

/* The fields up to the first feature words; all are big-endian. */
struct disk_header {
	uint32_t magic;
	uint32_t version;
	uint64_t backing_offset;
	uint32_t backing_length;
	uint32_t cluster_bits;
	uint64_t size;
	uint32_t encryption;
	uint32_t l1_entries;
	uint64_t l1_offset;
	uint64_t refcount_offset;
	uint32_t refcount_clusters;
	uint32_t snapshots;
	uint64_t snapshots_offset;
	uint64_t incompatible_features; /* from version 3 on */
};
_Static_assert(sizeof(struct disk_header) == 80, "as in the file");

/* What no sane file has would cost QEMU memory and time (QEMU, block/qcow2.h: QCOW_MAX_*). */
static bool is_absurd(const struct disk_header *header, uint64_t file_bytes)
{
	uint32_t cluster_bits = be32toh(header->cluster_bits);
	uint64_t l1_bytes = (uint64_t)be32toh(header->l1_entries) * 8;
	uint64_t l1_offset = be64toh(header->l1_offset);
	return cluster_bits < CLUSTER_BITS_MIN || cluster_bits > CLUSTER_BITS_MAX ||
	       be64toh(header->size) > SIZE_MAX_BYTES || l1_bytes > L1_BYTES_MAX ||
	       l1_offset > file_bytes || l1_bytes > file_bytes - l1_offset ||
	       be32toh(header->snapshots) > SNAPSHOTS_MAX ||
	       (uint64_t)be32toh(header->refcount_clusters) << cluster_bits > REFCOUNT_BYTES_MAX;
}

static int read_backing(int fd, const char *path, const struct disk_header *header,
	struct qcow2_header *ret, struct error *error)
{
	uint64_t offset = be64toh(header->backing_offset);
	uint32_t length = be32toh(header->backing_length);
	if (offset == 0)
		return 0;
	if (length == 0 || length > QCOW2_BACKING_MAX ||
		offset > INT64_MAX - (uint64_t)QCOW2_BACKING_MAX)
		return error_set(error, EINVAL, "%s: the qcow2 header is damaged", path);
	if (pread(fd, ret->backing, length, (off_t)offset) != (ssize_t)length)
		return error_set(error, EINVAL, "%s: the qcow2 header is cut short", path);
	if (strlen(ret->backing) != length)
		return error_set(error, EINVAL, "%s: the qcow2 header is damaged", path);
	return 0;
}

int qcow2_read_header(
	int fd, const char *path, struct qcow2_header *ret_header, struct error *error)
{
	struct disk_header header = {0};
	ssize_t count = pread(fd, &header, sizeof(header), 0);
	if (count < 0)
		return error_set_errno(error, errno, "cannot read %s", path);
	uint32_t version = be32toh(header.version);
	if (count < 72 || be32toh(header.magic) != MAGIC || (version != 2 && version != 3))
		return error_set(error, EINVAL, "%s is not a qcow2 file", path);
	if (version == 3 && (be64toh(header.incompatible_features) & EXTERNAL_DATA_FILE))
		return error_set(error, EINVAL,
			"%s keeps its data in another file, which is not allowed", path);
	struct stat status;
	if (fstat(fd, &status) < 0)
		return error_set_errno(error, errno, "cannot look at %s", path);
	if (is_absurd(&header, (uint64_t)status.st_size))
		return error_set(error, EINVAL, "%s: the qcow2 header is damaged", path);
	struct qcow2_header result = {
		.size_bytes = be64toh(header.size), .snapshots = be32toh(header.snapshots)};
	int r = read_backing(fd, path, &header, &result, error);
	if (r == 0)
		*ret_header = result;
	return r;
}
