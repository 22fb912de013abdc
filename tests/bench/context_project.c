/*
 * Finding projects and drawing places.
 */
#include "context_project.h"

#include <fts.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/base/utf.h"
#include "eke/code/syntax.h"
#include "eke/code/words.h"
#include "eke/complete/excerpt.h"
#include "eke/context/names.h"
#include "eke/text/language.h"

#define FILE_MAX ((size_t)256 * 1024)
#define FILE_LINES_MIN 60
#define FILES_MIN 5
#define TRIES 40
#define COMMON_FILES 10

/* Each directory right below one of these is a project, or the directory itself. */
static const struct {
	const char *path;
	const char *group;
	bool itself;
} roots[] = {
	{ "/usr/lib/python3/dist-packages", "python", false },
	{ "/usr/lib/python3.*", "python", false },
	{ "/usr/lib/node_modules", "node", false },
	{ "/usr/lib/node_modules/npm/node_modules", "node", false },
	{ "/usr/share/nodejs", "node", false },
	{ "tests/e2e/node_modules", "node", false },
	{ "editors/vscode/node_modules", "node", false },
	{ ".", "c", true },
	{ "/usr/src", "c", false },
	{ "/usr/share/perl5", "perl", false },
	{ "/usr/share/perl", "perl", false },
	{ "build/bench/corpus/usr/share/gocode/src", "go", true },
	{ "build/bench/corpus/usr/share/cargo/registry", "rust", false },
	{ "build/bench/corpus/usr/share/php", "php", false },
	{ "build/bench/corpus/usr/lib/ruby/vendor_ruby", "ruby", true },
};

static bool fits_group(const char *group, const char *language)
{
	static const struct {
		const char *group, *languages;
	} groups[] = {
		{ "python", " python " },
		{ "node", " javascript typescript javascriptreact typescriptreact " },
		{ "c", " c cpp " },
		{ "perl", " perl " },
		{ "go", " go " },
		{ "rust", " rust " },
		{ "php", " php " },
		{ "ruby", " ruby " },
	};
	char word[64];

	snprintf(word, sizeof(word), " %s ", language);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (!strcmp(groups[i].group, group))
			return strstr(groups[i].languages, word) != NULL;
	return false;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct project_file *)a)->path, ((const struct project_file *)b)->path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_skipped(const char *name)
{
	return !strcmp(name, "build") || !strcmp(name, "node_modules") || name[0] == '.' || !strcmp(name, "__pycache__");
}

static void find_files(struct project *project)
{
	char *const paths[] = { project->root, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOSTAT | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	while (fts && (entry = fts_read(fts))) {
		const struct language *language;

		if (entry->fts_info == FTS_D && entry->fts_level && is_skipped(entry->fts_name))
			fts_set(fts, entry, FTS_SKIP);
		if ((entry->fts_info != FTS_F && entry->fts_info != FTS_NSOK) || project->count == PROJECT_FILES)
			continue;
		language = language_of_path(entry->fts_path);
		if (!language || !fits_group(project->group, language->id))
			continue;
		project->files = xreallocarray(project->files, project->count + 1, sizeof(*project->files));
		project->files[project->count++] = (struct project_file){ .path = xstrdup(entry->fts_path),
			.language = language->id };
	}
	if (fts)
		fts_close(fts);
	if (project->count)
		qsort(project->files, project->count, sizeof(*project->files), by_path);
}

static void add_project(struct projects *projects, const char *path, const char *group)
{
	struct project project = { .root = realpath(path, NULL), .group = group };

	if (!project.root)
		return;
	find_files(&project);
	if (project.count < FILES_MIN) {
		for (size_t i = 0; i < project.count; i++)
			free(project.files[i].path);
		free(project.files);
		free(project.root);
		return;
	}
	projects->items = xreallocarray(projects->items, projects->count + 1, sizeof(project));
	projects->items[projects->count++] = project;
}

static void find_below(struct projects *projects, char *path, const char *group)
{
	char *const paths[] = { path, NULL };
	FTS *fts = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	while (fts && (entry = fts_read(fts))) {
		if (entry->fts_info != FTS_D || entry->fts_level != 1)
			continue;
		fts_set(fts, entry, FTS_SKIP);
		if (!is_skipped(entry->fts_name))
			add_project(projects, entry->fts_path, group);
	}
	if (fts)
		fts_close(fts);
}

void projects_find(struct projects *projects)
{
	*projects = (struct projects){ .items = NULL };
	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		glob_t found;

		if (glob(roots[i].path, 0, NULL, &found))
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++) {
			if (roots[i].itself)
				add_project(projects, found.gl_pathv[k], roots[i].group);
			else
				find_below(projects, found.gl_pathv[k], roots[i].group);
		}
		globfree(&found);
	}
}

void projects_release(struct projects *projects)
{
	for (size_t i = 0; i < projects->count; i++) {
		struct project *p = &projects->items[i];

		for (size_t k = 0; k < p->count; k++) {
			free(p->files[k].path);
			free(p->files[k].text);
		}
		free(p->files);
		free(p->root);
	}
	free(projects->items);
}

/* --- places --- */

static bool read_file(struct project_file *file)
{
	FILE *f;

	if (file->text)
		return file->len > 0;
	file->text = xmalloc(FILE_MAX + 1);
	f = fopen(file->path, "r");
	file->len = f ? fread(file->text, 1, FILE_MAX, f) : 0;
	if (f)
		fclose(f);
	if (file->len == FILE_MAX || memchr(file->text, '\0', file->len) || memchr(file->text, '\r', file->len) ||
		utf8_valid_prefix(file->text, file->len) < file->len)
		file->len = 0;
	file->text[file->len] = '\0';
	return file->len > 0;
}

size_t project_lines(const char *text, size_t len, size_t count)
{
	size_t at = 0;

	while (count-- && at < len) {
		const char *lf = memchr(text + at, '\n', len - at);

		at = lf ? (size_t)(lf - text) + 1 : len;
	}
	return at;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static bool has_name(const char *text, size_t len, const char *name, size_t name_len)
{
	const char *p = text;

	while ((p = memmem(p, len - (size_t)(p - text), name, name_len))) {
		size_t at = (size_t)(p - text);

		if ((!at || !is_word_char(text[at - 1])) && (at + name_len == len || !is_word_char(text[at + name_len])))
			return true;
		p++;
	}
	return false;
}

static bool project_has(struct project *project, const struct place *place, const char *name, size_t len)
{
	if (has_name(place->text, place->len, name, len))
		return true;
	for (size_t i = 0; i < project->count; i++)
		if (&project->files[i] != place->file && read_file(&project->files[i]) &&
			has_name(project->files[i].text, project->files[i].len, name, len))
			return true;
	return false;
}

/*
 * What code names: [start, end) of the text without comments and without what stands in quotes. False if it does not
 * begin in code.
 */
static bool code_of(const struct project_file *file, size_t start, size_t end, struct strbuf *out)
{
	struct syntax_walk w = { .syntax = syntax_of(file->language), .s = file->text, .len = file->len };
	enum syntax_event event;
	size_t from = 0;
	size_t pos;
	bool skip = false;

	while (from < end && (event = syntax_next(&w, &pos)) != SYNTAX_END) {
		size_t a = from > start ? from : start;
		size_t b = pos < end ? pos : end;

		if (event != SYNTAX_COMMENT && event != SYNTAX_STRING_BEGIN && event != SYNTAX_STRING_END &&
			event != SYNTAX_NEWLINE)
			continue;
		if (event == SYNTAX_NEWLINE && pos + 1 == start && w.state.where != SYNTAX_IN_CODE)
			return false;
		if (!skip && b > a) {
			strbuf_add(out, file->text + a, b - a);
			strbuf_addch(out, ' ');
		}
		skip = event == SYNTAX_COMMENT || event == SYNTAX_STRING_BEGIN ||
			(event == SYNTAX_NEWLINE && w.state.where != SYNTAX_IN_CODE);
		from = pos;
	}
	return true;
}

/* Words that most files have are the language's own. */
static bool is_common(struct project *project, const char *name, size_t len)
{
	size_t files = 0;
	size_t with = 0;

	for (size_t i = 0; i < project->count; i++) {
		if (!read_file(&project->files[i]))
			continue;
		files++;
		with += has_name(project->files[i].text, project->files[i].len, name, len);
	}
	return files >= COMMON_FILES && with > files / 2;
}

static void find_needed(struct place *place, struct project *project, size_t truth)
{
	struct strbuf code;
	size_t at = 0;
	size_t start;
	size_t n;

	strbuf_init(&code, 2 * FILE_MAX);
	if (!code_of(place->file, truth, truth + place->truth_len, &code))
		strbuf_reset(&code);
	while (place->needed_count < NEEDED_MAX && names_next(code.data, code.len, &at, &start, &n)) {
		const char *name = code.data + start;
		bool known = n < NAME_LEN_MIN + 1 || n > NAME_LEN_MAX;

		for (size_t i = 0; i < place->needed_count && !known; i++)
			known = strlen(place->needed[i]) == n && !memcmp(place->needed[i], name, n);
		if (known || has_name(place->text + place->from, place->to - place->from, name, n) ||
			!project_has(project, place, name, n) || is_common(project, name, n))
			continue;
		snprintf(place->needed[place->needed_count++], sizeof(place->needed[0]), "%.*s", (int)n, name);
	}
	strbuf_release(&code);
}

static void open_files(struct place *place, struct project *project, struct rng *rng)
{
	size_t directory = (size_t)(strrchr(place->file->path, '/') - place->file->path);

	/* Half of them are of the same directory, if it has so many. */
	for (int i = 0; i < 200 && place->open_count < OPEN_FILES; i++) {
		struct project_file *file = &project->files[rng_below(rng, project->count)];
		bool known = file == place->file || !read_file(file);

		if (place->open_count < OPEN_FILES / 2 && i < 150 &&
			(strncmp(file->path, place->file->path, directory) || strchr(file->path + directory + 1, '/')))
			continue;
		for (size_t k = 0; k < place->open_count; k++)
			known |= place->open[k] == file;
		if (!known)
			place->open[place->open_count++] = file;
	}
}

static void draw_edits(struct place *place, struct rng *rng)
{
	for (size_t i = 0; i < EDITS && place->open_count; i++) {
		size_t file = rng_below(rng, place->open_count);
		const struct project_file *f = place->open[file];
		size_t lines = count_lines(f->text, f->len);
		size_t line = rng_below(rng, lines + 1);
		struct edit edit = { .file = file };
		bool overlaps = false;

		edit.start = project_lines(f->text, f->len, line);
		edit.end = project_lines(f->text, f->len, line + 10);
		for (size_t k = 0; k < place->edit_count; k++)
			overlaps |= place->edits[k].file == file;
		if (!overlaps && edit.end > edit.start)
			place->edits[place->edit_count++] = edit;
	}
}

static bool is_code_line(const char *s, size_t len, const char *language)
{
	return !is_all_blank(s, len) && !syntax_line_is_comment(syntax_of(language), s, len);
}

bool place_draw(struct place *place, struct project *project, struct rng *rng)
{
	for (int i = 0; i < TRIES; i++) {
		struct project_file *file = &project->files[rng_below(rng, project->count)];
		struct excerpt_input in;
		struct excerpt excerpt;
		size_t lines;
		size_t start;
		size_t end;

		if (!read_file(file) || (lines = count_lines(file->text, file->len)) < FILE_LINES_MIN)
			continue;
		start = project_lines(file->text, file->len, 10 + rng_below(rng, lines - 10 - TRUTH_LINES));
		end = start + project_lines(file->text + start, file->len - start, TRUTH_LINES);
		if (!is_code_line(file->text + start, strcspn(file->text + start, "\n"), file->language))
			continue;
		*place = (struct place){ .project = project, .file = file, .cursor = start };
		place->text = xmalloc(file->len + 1);
		memcpy(place->text, file->text, start);
		memcpy(place->text + start, file->text + end, file->len - end + 1);
		place->len = file->len - (end - start);
		place->truth = xstrndup(file->text + start, end - start);
		place->truth_len = end - start;
		in = (struct excerpt_input){
			.before = place->text, .before_len = start, .after = place->text + start, .after_len = place->len - start
		};
		excerpt_choose(&in, &excerpt);
		place->from = start - excerpt.prefix_len;
		place->to = start + excerpt.suffix_len;
		find_needed(place, project, start);
		if (place->needed_count) {
			open_files(place, project, rng);
			draw_edits(place, rng);
			return true;
		}
		place_release(place);
	}
	return false;
}

void place_release(struct place *place)
{
	free(place->text);
	free(place->truth);
	place->text = NULL;
	place->truth = NULL;
}
