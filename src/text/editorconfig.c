/*
 * .editorconfig, by libeditorconfig (https://github.com/editorconfig/editorconfig-core-c), which this file alone
 * includes. What was said about the last file is kept.
 */
#include "eke/text/editorconfig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/base/paths.h"
#include "eke/base/strbuf.h"
#include "eke/text/lines.h"
#include "eke/text/uri.h"

#ifdef HAVE_EDITORCONFIG

#include <editorconfig/editorconfig.h>

#define NAME "/.editorconfig"
#define SIZE_MAX_COLUMNS 16

struct editorconfig {
	char *path; /* that was asked about last; NULL: none yet */
	uint64_t stamp; /* of the files above it */
	bool says_which;
	bool spaces;
	unsigned size; /* 0: they do not say */
};

struct editorconfig *editorconfig_new(void)
{
	return xcalloc(1, sizeof(struct editorconfig));
}

void editorconfig_free(struct editorconfig *ec)
{
	if (!ec)
		return;
	free(ec->path);
	free(ec);
}

/* --- may the library read them? --- */

/* Calls fn with the path of each place where a file could be, from the file's own directory up; until one says no. */
static bool each_place(const char *path, bool (*fn)(void *ctx, const char *place), void *ctx)
{
	char place[LIMIT_EDITORCONFIG_PATH + sizeof(NAME)];
	const char *slash = path + strlen(path);

	while ((slash = memrchr(path, '/', (size_t)(slash - path)))) {
		memcpy(place, path, (size_t)(slash - path));
		memcpy(place + (slash - path), NAME, sizeof(NAME));
		if (!fn(ctx, place))
			return false;
	}
	return true;
}

static bool add_stamp(void *ctx, const char *place)
{
	uint64_t *stamp = ctx;
	struct stat st;
	int64_t facts[4] = { 0 };

	if (stat(place, &st) == 0) {
		facts[0] = st.st_mtim.tv_sec;
		facts[1] = st.st_mtim.tv_nsec;
		facts[2] = st.st_size;
		facts[3] = (int64_t)st.st_ino;
	}
	*stamp = hash_fnv64(*stamp, facts, sizeof(facts));
	return true;
}

/* --- what comparing costs --- */

struct looking {
	const char *path;
	size_t length;
	size_t longest; /* of its names */
	size_t depth;
	double steps;   /* at most, for all patterns so far */
};

static void looking_init(struct looking *looking, const char *path)
{
	*looking = (struct looking){ .path = path, .length = strlen(path) };
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/");

		looking->longest = len > looking->longest ? len : looking->longest;
		looking->depth += at[len] == '/';
		at += len + (at[len] == '/');
	}
}

/* Where a star may end: where the text that follows it stands in the path, or anywhere. */
static double ends_of_star(const struct looking *looking, const char *rest, size_t len, size_t anywhere)
{
	size_t text = 0;
	size_t found = 0;

	while (text < len && !strchr("*?[]{},\\", rest[text]))
		text++;
	if (!text)
		return (double)anywhere + 1;
	for (const char *at = looking->path; (at = memmem(at, strlen(at), rest, text)); at++)
		found++;
	return (double)found + 1;
}

/*
 * How many ways a regular expression's engine may try, which goes back to each choice that was made: those of a star
 * are the places where it may end, those of braces the ways of all alternatives together, and what stands one behind
 * the other multiplies. At most.
 */
static double ways_of(const struct looking *looking, const char *pattern, size_t len)
{
	struct {
		double before; /* of the braces: of their earlier alternatives, and of what stands before them */
		double outside;
	} open[LIMIT_EDITORCONFIG_WILDCARDS];
	double ways = memchr(pattern, '/', len) ? 1 : (double)looking->depth + 1;
	size_t depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (pattern[i] == '*') {
			bool is_double = i + 1 < len && pattern[i + 1] == '*';

			i += is_double;
			ways *= ends_of_star(looking, pattern + i + 1, len - i - 1,
				is_double ? looking->length : looking->longest);
		} else if (pattern[i] == '.' && i + 1 < len && pattern[i + 1] == '.') {
			ways *= (double)looking->longest + 1; /* {1..9}: as many digits as there are */
		} else if (pattern[i] == '{' && depth < ARRAY_LEN(open)) {
			open[depth].before = 0;
			open[depth++].outside = ways;
			ways = 1;
		} else if (pattern[i] == ',' && depth) {
			open[depth - 1].before += ways;
			ways = 1;
		} else if (pattern[i] == '}' && depth) {
			depth--;
			ways = open[depth].outside * (open[depth].before + ways);
		}
	}
	/* Braces that are not closed. */
	while (depth--)
		ways = open[depth].outside * (open[depth].before + ways);
	return ways;
}

static bool is_pattern_safe(const char *line, size_t len)
{
	size_t braces = 0;
	size_t stars = 0;

	if (len > LIMIT_EDITORCONFIG_PATTERN)
		return false;
	for (size_t i = 0; i < len; i++) {
		braces += line[i] == '{';
		if (line[i] == '{' || line[i] == ',' || line[i] == '}')
			stars = 0;
		stars += line[i] == '*' && (!i || line[i - 1] != '*');
		/* More than anybody writes, and each multiplies what there is to try. */
		if (stars > LIMIT_EDITORCONFIG_WILDCARDS || braces > LIMIT_EDITORCONFIG_WILDCARDS)
			return false;
	}
	return true;
}

/* A blank line, a comment, "[pattern]" or "name = value". The library loses memory where a line is none of these. */
static bool is_well_formed(const char *line, size_t len)
{
	size_t at = 0;

	if (len >= 3 && !memcmp(line, "\xEF\xBB\xBF", 3))
		at = 3;
	while (at < len && memchr(" \t\f\v", line[at], 4))
		at++;
	if (at == len || line[at] == '#' || line[at] == ';')
		return true;
	if (line[at] == '[')
		return memchr(line + at, ']', len - at) != NULL;
	return memchr(line + at, '=', len - at) || memchr(line + at, ':', len - at);
}

static bool look_over(void *ctx, const char *place)
{
	struct looking *looking = ctx;
	struct strbuf text;
	struct stat st;
	struct err err;
	size_t at = 0;
	bool ok;

	if (stat(place, &st) < 0)
		return true;
	strbuf_init(&text, LIMIT_EDITORCONFIG_FILE);
	ok = file_read(place, LIMIT_EDITORCONFIG_FILE, &text, &err);
	if (!ok)
		log_warn("no .editorconfig is applied: %s", err.message);
	while (ok && at < text.len) {
		const char *line = text.data + at;
		size_t len = lines_first_end(line, text.len - at);
		const char *pattern = memchr(line, '[', len);

		ok = is_well_formed(line, len);
		if (!ok) {
			log_warn("no .editorconfig is applied: line %zu of %s is neither [pattern] nor name = value",
				 lines_count(text.data, at) + 1, place);
			break;
		}
		ok = !pattern || is_pattern_safe(pattern, (size_t)(line + len - pattern));
		if (!ok)
			log_warn("no .editorconfig is applied: a pattern of %s is longer than %d bytes or has more than %d "
				 "wildcards", place, LIMIT_EDITORCONFIG_PATTERN, LIMIT_EDITORCONFIG_WILDCARDS);
		/* Each way may go through the whole path. */
		if (ok && pattern)
			looking->steps += ways_of(looking, pattern, (size_t)(line + len - pattern)) * (double)looking->length;
		if (ok && looking->steps > LIMIT_EDITORCONFIG_STEPS) {
			log_warn("no .editorconfig is applied: the patterns of %s would take too long to compare", place);
			ok = false;
		}
		at += lines_skip(line, text.len - at, 1);
	}
	strbuf_release(&text);
	return ok;
}

/* --- what they say --- */

static unsigned parse_size(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return *text && !*end && n >= 1 && n <= SIZE_MAX_COLUMNS ? (unsigned)n : 0;
}

static void take(struct editorconfig *ec, editorconfig_handle handle)
{
	unsigned indent_size = 0;
	unsigned tab_width = 0;

	for (int i = 0; i < editorconfig_handle_get_name_value_count(handle); i++) {
		const char *name;
		const char *value;

		editorconfig_handle_get_name_value(handle, i, &name, &value);
		if (!strcmp(name, "indent_style")) {
			ec->spaces = !strcmp(value, "space");
			ec->says_which = ec->spaces || !strcmp(value, "tab");
		} else if (!strcmp(name, "indent_size")) {
			indent_size = parse_size(value);
		} else if (!strcmp(name, "tab_width")) {
			tab_width = parse_size(value);
		}
	}
	/* With tabs a level is a tab, however wide; the library fills in tab_width from indent_size. */
	ec->size = ec->says_which && !ec->spaces && tab_width ? tab_width : indent_size;
}

static void read_files(struct editorconfig *ec)
{
	editorconfig_handle handle;
	struct looking looking;
	int error;

	ec->says_which = false;
	ec->size = 0;
	looking_init(&looking, ec->path);
	if (!each_place(ec->path, look_over, &looking))
		return;
	handle = editorconfig_handle_init();
	if (!handle)
		return;
	error = editorconfig_parse(ec->path, handle);
	if (!error)
		take(ec, handle);
	else
		log_warn("no .editorconfig is applied: %s", editorconfig_get_error_msg(error));
	editorconfig_handle_destroy(handle);
}

bool editorconfig_apply(struct editorconfig *ec, const char *uri, bool *insert_spaces, unsigned *tab_size)
{
	char *path = uri_to_path(uri);
	uint64_t stamp = HASH_FNV64;

	if (!path || path[0] != '/' || strlen(path) > LIMIT_EDITORCONFIG_PATH) {
		free(path);
		return false;
	}
	each_place(path, add_stamp, &stamp);
	if (!ec->path || strcmp(ec->path, path) || ec->stamp != stamp) {
		free(ec->path);
		ec->path = path;
		ec->stamp = stamp;
		read_files(ec);
	} else {
		free(path);
	}
	if (ec->says_which)
		*insert_spaces = ec->spaces;
	if (ec->size)
		*tab_size = ec->size;
	return ec->says_which;
}

#else

struct editorconfig *editorconfig_new(void)
{
	return xcalloc(1, 1);
}

void editorconfig_free(struct editorconfig *ec)
{
	free(ec);
}

bool editorconfig_apply(struct editorconfig *ec, const char *uri, bool *insert_spaces, unsigned *tab_size)
{
	(void)ec;
	(void)uri;
	(void)insert_spaces;
	(void)tab_size;
	return false;
}

#endif
