/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/download.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/install.h"

#define ATTEMPTS_MAX 5
#define CONNECT_SECONDS 30L
#define STALL_SECONDS 60L
#define REDIRECTS_MAX 10L
#define VALIDATOR_BYTES 256
#define MIB (UINT64_C(1024) * 1024)

/* Beside what has come: what tells whether the server still has the same (RFC 9110, 13.1.5). */
#define VALIDATOR_SUFFIX ".validator"

struct transfer {
	const struct download *download;
	CURL *curl;
	int directory_fd;
	int fd;
	uint64_t bytes; /* in the file */
	int failure;	/* an errno of the file, or EFBIG */
	long status;	/* of the answer whose body comes */
	char validator[VALIDATOR_BYTES];
	char validator_file[NAME_MAX + 1];
	time_t told;
	char message[CURL_ERROR_SIZE];
};

/* --- what is called while bytes come ------------------------------------------------------- */

/* An answer that is not a part is all of it: what was there is of another. */
static int begin_body(struct transfer *transfer)
{
	long status = 0;
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == transfer->status)
		return 0;
	transfer->status = status;
	if (status == 200 && transfer->bytes) {
		if (ftruncate(transfer->fd, 0) < 0)
			return -errno;
		transfer->bytes = 0;
	}
	return 0;
}

static size_t take_bytes(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	int r = begin_body(transfer);
	if (r == 0 && transfer->bytes + length > transfer->download->limit_bytes)
		r = -EFBIG;
	if (r == 0 && lseek(transfer->fd, (off_t)transfer->bytes, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = file_write_all(transfer->fd, data, length);
	if (r < 0) {
		transfer->failure = -r;
		return 0;
	}
	transfer->bytes += length;
	return length;
}

static void keep_validator(struct transfer *transfer, const char *value, size_t length)
{
	/* A weak one does not say that the bytes are the same. */
	if (length >= VALIDATOR_BYTES || strncmp(value, "W/", 2) == 0)
		return;
	snprintf(transfer->validator, VALIDATOR_BYTES, "%.*s", (int)length, value);
	file_replace_at(transfer->directory_fd, transfer->validator_file, transfer->validator,
		strlen(transfer->validator), 0600, false);
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	static const char name[] = "etag:";
	struct transfer *transfer = context;
	size_t length = size * count;
	if (length <= strlen(name) || strncasecmp(line, name, strlen(name)) != 0)
		return length;
	const char *value = line + strlen(name);
	const char *end = line + length;
	while (value < end && *value == ' ')
		value++;
	while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	keep_validator(transfer, value, (size_t)(end - value));
	return length;
}

static int tell_progress(
	void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct transfer *transfer = context;
	time_t second = time(NULL);
	(void)up_total;
	(void)up;
	if (second == transfer->told)
		return 0;
	transfer->told = second;
	uint64_t before = transfer->bytes - (uint64_t)now;
	transfer->download->progress(transfer->bytes, total ? before + (uint64_t)total : 0);
	return 0;
}

/* --- one connection ------------------------------------------------------------------------ */

/* The options of libcurl are variadic: each value has the type that curl_easy_setopt(3) says. */
static void set_up(struct transfer *transfer)
{
	CURL *curl = transfer->curl;
	const char *url = transfer->download->url;
	bool plain = strncmp(url, "http:", 5) == 0;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http,file");
	/* What began safely stays safe. */
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, plain ? "https,http" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "vmlet/" VMLET_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->message);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

/* Asks for the rest of what is there, if the server still has the same, else for all of it. */
static CURLcode connect_once(struct transfer *transfer)
{
	char range[32];
	struct curl_slist *headers = NULL;
	bool rest = transfer->bytes && transfer->validator[0];
	if (!rest && transfer->bytes) {
		if (ftruncate(transfer->fd, 0) < 0)
			transfer->failure = errno;
		transfer->bytes = 0;
	}
	transfer->status = 0;
	if (rest) {
		char condition[VALIDATOR_BYTES + 16];
		snprintf(range, sizeof(range), "%" PRIu64 "-", transfer->bytes);
		snprintf(condition, sizeof(condition), "If-Range: %s", transfer->validator);
		headers = curl_slist_append(NULL, condition);
	}
	curl_easy_setopt(transfer->curl, CURLOPT_RANGE, rest ? range : NULL);
	curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, headers);
	transfer->message[0] = '\0';
	CURLcode code = curl_easy_perform(transfer->curl);
	curl_slist_free_all(headers);
	return code;
}

/* The file was whole already: nothing is behind its end (RFC 9110, 15.5.17). */
static bool is_whole(const struct transfer *transfer, CURLcode code)
{
	long status = 0;
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	return code == CURLE_HTTP_RETURNED_ERROR && status == 416 && transfer->bytes;
}

static bool may_pass(const struct transfer *transfer, CURLcode code)
{
	long status = 0;
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	case CURLE_HTTP_RETURNED_ERROR:
		return status >= 500 || status == 408 || status == 429;
	default:
		return false;
	}
}

static int explain(const struct transfer *transfer, CURLcode code, struct error *error)
{
	const struct download *download = transfer->download;
	if (transfer->failure == EFBIG)
		return error_set(error, EFBIG,
			"%s is larger than %" PRIu64
			" MiB: nothing of it was kept; set 'size-limit' if that is right",
			download->url, download->limit_bytes / MIB);
	if (transfer->failure)
		return error_set_errno(
			error, transfer->failure, "cannot keep what comes from %s", download->url);
	return error_set(error, EIO, "cannot download %s: %s", download->url,
		transfer->message[0] ? transfer->message : curl_easy_strerror(code));
}

/* --- all of it ----------------------------------------------------------------------------- */

static int transfer_all(struct transfer *transfer, struct error *error)
{
	CURLcode code = CURLE_OK;
	for (unsigned attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
		uint64_t before = transfer->bytes;
		if (attempts)
			sleep(1U << (attempts - 1));
		code = connect_once(transfer);
		if (code == CURLE_OK || is_whole(transfer, code))
			return 0;
		if (transfer->failure || !may_pass(transfer, code))
			break;
		if (transfer->bytes > before)
			attempts = 0;
	}
	return explain(transfer, code, error);
}

static void read_validator(struct transfer *transfer)
{
	struct buf text CLEANUP(buf_done) = {0};
	if (file_read_at(transfer->directory_fd, transfer->validator_file, VALIDATOR_BYTES - 1,
		    &text) == 0)
		snprintf(transfer->validator, VALIDATOR_BYTES, "%s", buf_text(&text));
}

static int open_file(struct transfer *transfer, const char *file, struct error *error)
{
	struct stat status;
	transfer->fd = openat(transfer->directory_fd, file,
		O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (transfer->fd < 0 || fstat(transfer->fd, &status) < 0)
		return error_set_errno(error, errno, "cannot write %s", file);
	if (!S_ISREG(status.st_mode))
		return error_set(error, EINVAL, "%s is not a regular file", file);
	transfer->bytes = (uint64_t)status.st_size;
	return 0;
}

int download_file(const struct download *download, const char *directory, const char *file,
	struct error *error)
{
	struct transfer transfer = {.download = download, .directory_fd = -1, .fd = -1};
	snprintf(transfer.validator_file, sizeof(transfer.validator_file), "%s" VALIDATOR_SUFFIX,
		file);
	int directory_fd AUTO_CLOSE = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0)
		return error_set_errno(error, errno, "cannot open %s", directory);
	transfer.directory_fd = directory_fd;
	int r = open_file(&transfer, file, error);
	int fd AUTO_CLOSE = transfer.fd;
	if (r < 0)
		return r;
	read_validator(&transfer);
	transfer.curl = curl_easy_init();
	if (!transfer.curl)
		return error_set(error, ENOMEM, "not enough memory for a download");
	set_up(&transfer);
	r = transfer_all(&transfer, error);
	curl_easy_cleanup(transfer.curl);
	if (r == 0 && fsync(fd) < 0)
		r = error_set_errno(error, errno, "cannot write %s/%s", directory, file);
	/* What can be gone on with is kept, and nothing else. */
	if (r < 0 && (transfer.failure || !transfer.validator[0]))
		unlinkat(directory_fd, file, 0);
	if (r == 0 || transfer.failure)
		unlinkat(directory_fd, transfer.validator_file, 0);
	return r;
}
