/*
 * Runs a fuzz target over files instead of under a fuzzer, so that "make test" needs no clang: each argument is
 * a file or a directory of files. At least one input must be found, so that a corpus that was lost is noticed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	struct strbuf bytes;
	struct err err = ERR_INIT;
	uint8_t *exact;

	strbuf_init(&bytes, MIB(16));
	if (!file_read(path, MIB(16), &bytes, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	/* A block of just this size, so that the sanitizer sees a read past its end. */
	exact = xmalloc(bytes.len);
	memcpy(exact, bytes.data, bytes.len);
	LLVMFuzzerTestOneInput(exact, bytes.len);
	free(exact);
	strbuf_release(&bytes);
	return 1;
}

static int run_path(const char *path)
{
	struct stat st;
	struct dirent *entry;
	DIR *dir;
	int n = 0;

	if (stat(path, &st) < 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode))
		return run_file(path);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		char *full;

		if (entry->d_name[0] == '.')
			continue;
		full = xasprintf("%s/%s", path, entry->d_name);
		n += run_path(full);
		free(full);
	}
	if (dir)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++)
		n += run_path(argv[i]);
	printf("%d inputs\n", n);
	return n ? 0 : 1;
}
