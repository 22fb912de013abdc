/*
 * The names are all there is to know: file_copy_aside() and file_set_aside() make them.
 */
#include "eke/store/kept.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"

#define MARK ".damaged-"

/* Where the date stands in the name; NULL: it is none of these, or a part that belongs to one. */
static const char *date_of(const char *name)
{
	const char *mark = strstr(name, MARK);
	const char *date = mark ? mark + strlen(MARK) : NULL;

	if (!date || mark == name || strspn(date, "0123456789") != 8 || strlen(date) < strlen("YYYYMMDD-HHMMSS"))
		return NULL;
	return strspn(date, "0123456789-") == strlen(date) ? date : NULL;
}

static int by_date(const void *a, const void *b)
{
	return strcmp(date_of(*(char *const *)a), date_of(*(char *const *)b));
}

static size_t list(const char *directory, char **names, size_t max)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	size_t count = 0;

	while (dir && count < max && (entry = readdir(dir)))
		if (date_of(entry->d_name))
			names[count++] = xstrdup(entry->d_name);
	if (dir)
		closedir(dir);
	qsort(names, count, sizeof(*names), by_date);
	return count;
}

void kept_each(void (*fn)(void *ctx, const char *path, const char *sentence), void *ctx)
{
	char *directory = path_state();
	char *names[LIMIT_KEPT];
	size_t count = directory ? list(directory, names, LIMIT_KEPT) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *date = date_of(names[i]);
		char *path = xasprintf("%s/%s", directory, names[i]);
		char *sentence = xasprintf(
			"%.*s was damaged on %.4s-%.2s-%.2s; what it held is kept as %s: what could be read of it was taken over, "
			"and when you miss nothing you can delete it",
			(int)(strstr(names[i], MARK) - names[i]), names[i], date, date + 4, date + 6, path);

		fn(ctx, path, sentence);
		free(sentence);
		free(path);
		free(names[i]);
	}
	free(directory);
}
