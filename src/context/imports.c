/*
 * The table of languages is at the top. A target goes through three steps: its statement is found by the words that
 * begin it, its names become a path, and the path is tried from each directory above the file.
 */
#include "eke/context/imports.h"

#include <stdio.h>
#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/attrs.h"
#include "eke/code/words.h"

#define STATEMENT_LINES 60
#define ANCESTORS_MAX 16
#define PATH_SIZE 4096

enum import_flag {
	IMPORT_QUOTED = 1 << 0, /* the target stands in quotes */
	IMPORT_ALL_QUOTED = 1 << 1, /* all strings of the statement are targets */
	IMPORT_ANGLES = 1 << 2, /* <x> is a quote, too */
	IMPORT_FROM = 1 << 3, /* from a import b: b may be a file */
	IMPORT_BRACES = 1 << 4, /* a::{b, c} */
	IMPORT_BESIDE = 1 << 5, /* a plain name is beside the file first: "x.sh" */
	IMPORT_SHARED = 1 << 6, /* the directory's files see each other */
	IMPORT_ANYWHERE = 1 << 7, /* in expressions: x = require("a") */
	IMPORT_ALIAS = 1 << 8, /* "@a/b" and "#a/b" are often a/b of the project */
	IMPORT_MEMBER = 1 << 9, /* the last part may be a name in the file: a::b::Name */
	IMPORT_BELOW = 1 << 10, /* projects have several roots, which only their build knows: modules, -I */
};

struct import_style {
	const char *languages; /* ids, each between blanks */
	const char *words[6]; /* that begin a statement */
	const char *separator; /* of the target's parts; "/": it is a path already */
	const char *extensions; /* words, with their dots; "" is the target as it stands */
	const char *index; /* words: files that stand for their directory */
	const char *roots; /* words: directories beside which a project's files lie */
	unsigned strip; /* so many first parts may be no directories: the project's own name */
	unsigned flags;
};

static const struct import_style styles[] = {
	{ " python ", { "import", "from" }, ".", ".py .pyi", "__init__.py __init__.pyi", "src lib", 0, IMPORT_FROM },
	{ " javascript javascriptreact typescript typescriptreact vue svelte ", { "import", "export", "require" }, "/",
		"= .ts .tsx .js .jsx .mjs .cjs .d.ts .vue .svelte", "index.ts index.tsx index.js index.mjs", "src", 1,
		IMPORT_QUOTED | IMPORT_ANYWHERE | IMPORT_ALIAS },
	{ " c cpp objective-c objective-cpp cuda-cpp ", { "#include", "# include", "#import" }, "/", "=", "",
		"include src inc lib", 0, IMPORT_QUOTED | IMPORT_ANGLES | IMPORT_BESIDE | IMPORT_BELOW },
	{ " perl ", { "use", "require" }, "::", ".pm", "", "lib", 0, 0 },
	{ " go ", { "import" }, "/", "=", "", "", 4, IMPORT_QUOTED | IMPORT_ALL_QUOTED | IMPORT_SHARED },
	{ " rust ", { "use", "pub use", "mod", "pub mod", "pub(crate) mod", "pub(crate) use" }, "::", ".rs",
		"mod.rs lib.rs", "src", 0, IMPORT_BRACES | IMPORT_BESIDE | IMPORT_MEMBER | IMPORT_BELOW },
	{ " java kotlin scala groovy ", { "import" }, ".", ".java .kt .scala .groovy =", "",
		"src src/main/java src/main/kotlin src/main/scala", 0, IMPORT_SHARED | IMPORT_MEMBER | IMPORT_BELOW },
	{ " csharp swift fsharp ", { NULL }, ".", "", "", "", 0, IMPORT_SHARED },
	{ " ruby ", { "require", "require_relative", "load", "autoload" }, "/", ".rb =", "", "lib app", 0,
		IMPORT_QUOTED | IMPORT_BESIDE },
	{ " php ", { "use", "require", "require_once", "include", "include_once" }, "\\", ".php =", "", "src app lib", 2,
		IMPORT_BRACES | IMPORT_BESIDE },
	{ " lua ", { "require", "local" }, ".", ".lua", "init.lua", "lua src", 0, IMPORT_QUOTED | IMPORT_ANYWHERE },
	{ " shellscript ", { "source", "." }, "/", "=", "", "lib", 0, IMPORT_BESIDE },
	{ " haskell ", { "import qualified", "import" }, ".", ".hs", "", "src lib app", 0, 0 },
	{ " dart ", { "import", "export", "part" }, "/", "=", "", "lib", 1, IMPORT_QUOTED | IMPORT_BESIDE },
	{ " zig ", { "@import" }, "/", "=", "", "src", 0, IMPORT_QUOTED | IMPORT_ANYWHERE | IMPORT_BESIDE },
	{ " css scss less sass ", { "@import", "@use", "@forward" }, "/", "= .scss .less .css .sass", "_index.scss", "", 0,
		IMPORT_QUOTED | IMPORT_BESIDE },
};

const struct import_style *import_style_of(const char *language)
{
	char word[80];

	if (!language || snprintf(word, sizeof(word), " %s ", language) >= (int)sizeof(word))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(styles); i++)
		if (strstr(styles[i].languages, word))
			return &styles[i];
	return NULL;
}

bool import_style_shares_directory(const struct import_style *style)
{
	return (style->flags & IMPORT_SHARED) != 0;
}

/* --- statements --- */

static size_t line_length(const char *s, size_t len)
{
	const char *lf = memchr(s, '\n', len);

	return lf ? (size_t)(lf - s) : len;
}

static bool begins(const struct import_style *style, const char *line, size_t len)
{
	size_t at = skip_blanks(line, len);
	const char *call;

	for (size_t i = 0; i < ARRAY_LEN(style->words) && style->words[i]; i++) {
		const char *word = style->words[i];

		if (!starts_with_word(line + at, len - at, word))
			continue;
		/* Lua's local, and JavaScript's export, only with one of the others behind it. */
		if ((style->flags & IMPORT_ANYWHERE) && (!strcmp(word, "local") || !strcmp(word, "export")))
			continue;
		if (!strcmp(word, ".") && (at + 1 == len || !ascii_is_blank(line[at + 1])))
			continue;
		return true;
	}
	if (!(style->flags & IMPORT_ANYWHERE))
		return false;
	call = memmem(line, len, "require", strlen("require"));
	if (!call)
		call = memmem(line, len, "@import(", strlen("@import("));
	/* export … from "x"; } from "x" belongs to the statement that began above */
	if (!call && starts_with_word(line + at, len - at, "export"))
		return memmem(line, len, " from ", strlen(" from ")) || (len && line[len - 1] == '{' && len - at < 9);
	return call && memchr(call, '(', len - (size_t)(call - line)) && at < len && line[at] != '/' && line[at] != '*';
}

size_t import_statement(const struct import_style *style, const char *text, size_t len, size_t *seen)
{
	size_t end = line_length(text, len);
	long depth = 0;
	size_t at = 0;

	*seen = end + 1;
	if (!begins(style, text, end))
		return 0;
	for (int line = 0; line < STATEMENT_LINES; line++) {
		for (; at < end; at++)
			depth += (memchr("({", text[at], 2) != NULL) - (memchr(")}", text[at], 2) != NULL);
		if (depth <= 0 || end == len)
			return end;
		end += 1 + line_length(text + end + 1, len - end - 1);
		*seen = end + 1;
	}
	return line_length(text, len);
}

/* --- targets --- */

static void add_target(struct import_targets *targets, const char *path)
{
	if (targets->count == IMPORT_TARGETS_MAX || !*path)
		return;
	for (size_t i = 0; i < targets->count; i++)
		if (!strcmp(targets->path[i], path))
			return;
	snprintf(targets->path[targets->count++], IMPORT_TARGET_SIZE, "%s", path);
}

static bool is_target_char(char c)
{
	return is_word_char(c) || strchr("./:\\-@~+", c);
}

/* The target's parts with '/' between them; false if it does not fit. */
static bool to_path(const struct import_style *style, const char *s, size_t len, char path[IMPORT_TARGET_SIZE])
{
	size_t separator = strlen(style->separator);
	size_t n = 0;
	size_t at = 0;

	if (!len || len > IMPORT_TARGET_SIZE / 2)
		return false;
	/* Python: one dot is this package, each more is one up. */
	if ((style->flags & IMPORT_FROM) && s[0] == '.') {
		n += (size_t)snprintf(path, IMPORT_TARGET_SIZE, "./");
		for (at = 1; at < len && s[at] == '.' && n + 4 < IMPORT_TARGET_SIZE; at++)
			n += (size_t)snprintf(path + n, IMPORT_TARGET_SIZE - n, "../");
	}
	if (*style->separator == ':') {
		static const char *const heads[] = { "crate::", "self::" };

		for (size_t i = 0; i < ARRAY_LEN(heads); i++)
			if (starts_with(s, len, heads[i]))
				at = strlen(heads[i]);
		while (len - at > 7 && !memcmp(s + at, "super::", 7))
			at += 7;
	}
	while (at < len && n + 2 < IMPORT_TARGET_SIZE) {
		if (*style->separator != '/' && len - at >= separator && !memcmp(s + at, style->separator, separator)) {
			if (n && path[n - 1] != '/')
				path[n++] = '/';
			at += separator;
		} else {
			path[n++] = s[at++];
		}
	}
	path[n] = '\0';
	return at == len;
}

static void add_name(const struct import_style *style, const char *s, size_t len, struct import_targets *targets)
{
	char path[IMPORT_TARGET_SIZE];

	while (len && strchr(".:;", s[len - 1]) && !(style->flags & IMPORT_FROM))
		len--;
	if (to_path(style, s, len, path))
		add_target(targets, path);
}

static void add_quoted(const struct import_style *style, const char *s, size_t len, struct import_targets *targets)
{
	for (size_t at = 0; at < len; at++) {
		char close = s[at] == '<' && (style->flags & IMPORT_ANGLES) ? '>' : s[at];
		const char *end;
		size_t n;

		if (s[at] != '"' && s[at] != '\'' && close != '>')
			continue;
		end = memchr(s + at + 1, close, len - at - 1);
		n = end ? (size_t)(end - s) - at - 1 : 0;
		if (!end)
			return;
		add_name(style, s + at + 1, n, targets);
		if (!(style->flags & IMPORT_ALL_QUOTED))
			return;
		at += n + 1;
	}
}

/* The longest run of a target's characters from `at` on. */
static size_t target_at(const char *s, size_t len, size_t at)
{
	size_t n = 0;

	while (at + n < len && is_target_char(s[at + n]))
		n++;
	return n;
}

/* What stands behind it, each name a file beneath `base`. */
static void add_beneath(const struct import_style *style, const char *base, size_t base_len, const char *s, size_t len,
	struct import_targets *targets)
{
	size_t at = 0;
	bool renamed = false;

	while (at < len) {
		char target[IMPORT_TARGET_SIZE];
		size_t n = target_at(s, len, at);

		if (!n) {
			at++;
			continue;
		}
		if (n == 2 && !memcmp(s + at, "as", 2)) {
			renamed = true;
		} else if (renamed) {
			renamed = false;
		} else {
			bool joined = base_len && base[base_len - 1] == '.';
			int size = snprintf(target, sizeof(target), "%.*s%s%.*s", (int)base_len, base,
				joined ? "" : style->separator, (int)n, s + at);

			if (size < (int)sizeof(target))
				add_name(style, target, (size_t)size, targets);
		}
		at += n;
	}
}

static void add_words(const struct import_style *style, const char *s, size_t len, struct import_targets *targets)
{
	size_t at = skip_blanks(s, len);
	bool from = starts_with_word(s + at, len - at, "from");
	size_t n;
	const char *brace;

	/* Behind the words that begin it: pub use, import static, use parent. */
	at += target_at(s, len, at);
	for (;;) {
		static const char *const more[] = { "use", "mod", "static", "qualified", "parent", "base", "function",
			"const" };
		bool skipped = false;

		at += skip_blanks(s + at, len - at);
		for (size_t i = 0; i < ARRAY_LEN(more); i++) {
			if (starts_with_word(s + at, len - at, more[i]) && at + strlen(more[i]) < len &&
				ascii_is_blank(s[at + strlen(more[i])])) {
				at += strlen(more[i]);
				skipped = true;
				break;
			}
		}
		if (!skipped)
			break;
	}
	while (at < len && (strchr("'\"(", s[at]) || starts_with_word(s + at, len - at, "qw")))
		at += s[at] == 'q' ? 2 : 1;
	n = target_at(s, len, at);
	brace = (style->flags & IMPORT_BRACES) ? memchr(s + at, '{', len - at) : NULL;
	if (brace && n > strlen(style->separator)) {
		size_t base = n;

		while (base && strchr(":\\", s[at + base - 1]))
			base--;
		add_name(style, s + at, base, targets);
		add_beneath(style, s + at, base, brace + 1, len - (size_t)(brace + 1 - s), targets);
		return;
	}
	if (from && (style->flags & IMPORT_FROM)) {
		const char *names = memmem(s + at + n, len - at - n, "import", strlen("import"));

		add_name(style, s + at, n, targets);
		if (names)
			add_beneath(style, s + at, n, names + 6, len - (size_t)(names + 6 - s), targets);
		return;
	}
	add_name(style, s + at, n, targets);
	/* import a, b */
	while ((style->flags & IMPORT_FROM) && (brace = memchr(s + at, ',', len - at))) {
		at = (size_t)(brace - s) + 1;
		at += skip_blanks(s + at, len - at);
		add_name(style, s + at, target_at(s, len, at), targets);
	}
}

void import_targets_add(
	const struct import_style *style, const char *statement, size_t len, struct import_targets *targets)
{
	size_t at = skip_blanks(statement, len);

	if ((style->flags & IMPORT_ANYWHERE)) {
		const char *call = memmem(statement, len, "require", strlen("require"));

		if (!call)
			call = memmem(statement, len, "@import(", strlen("@import("));
		if (call)
			at = (size_t)(call - statement);
	}
	if (style->flags & IMPORT_QUOTED)
		add_quoted(style, statement + at, len - at, targets);
	else if (*style->separator == '\\' && !starts_with_word(statement + at, len - at, "use"))
		add_quoted(style, statement + at, len - at, targets);
	else
		add_words(style, statement + at, len - at, targets);
}

/* --- files --- */

struct resolving {
	const struct import_style *style;
	const char *folder;
	import_path_fn *fn;
	void *ctx;
};

/* The next word of a list; false at its end. */
static bool next_word(const char **list, const char **word, size_t *len)
{
	while (**list == ' ')
		++*list;
	*word = *list;
	*len = strcspn(*list, " ");
	*list += *len;
	return *len > 0;
}

/* Without "." and ".."; false if it leads out of the folder. */
static bool normalise(const char *folder, char *path)
{
	size_t keep = strlen(folder);
	char *to = path;
	const char *from = path;

	while (*from) {
		size_t n = strcspn(from + 1, "/") + 1;

		if (n == 3 && !memcmp(from, "/..", 3)) {
			while (to > path && *--to != '/')
				continue;
		} else if (n > 1 && !(n == 2 && from[1] == '.')) {
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	*to = '\0';
	if (!strcmp(folder, "/"))
		return path[0] == '/' && path[1];
	return !strncmp(path, folder, keep) && path[keep] == '/';
}

static bool hand_out(const struct resolving *r, char path[PATH_SIZE])
{
	return normalise(r->folder, path) && r->fn(r->ctx, path);
}

/* "x.js" may have been "x.ts". */
static size_t without_script_extension(const char *target, size_t len)
{
	static const char *const extensions[] = { ".js", ".jsx", ".mjs", ".cjs" };

	for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
		size_t n = strlen(extensions[i]);

		if (len > n && !memcmp(target + len - n, extensions[i], n))
			return len - n;
	}
	return len;
}

static bool try_files(
	const struct resolving *r, const char *base, size_t base_len, const char *root, size_t root_len, const char *target)
{
	const char *list = r->style->extensions;
	const char *word;
	size_t n;
	size_t len = strlen(target);
	char path[PATH_SIZE];

	while (next_word(&list, &word, &n)) {
		bool as_is = *word == '=';
		size_t stem = as_is ? len : without_script_extension(target, len);

		if (snprintf(path, sizeof(path), "%.*s/%.*s/%.*s%.*s", (int)base_len, base, (int)root_len, root, (int)stem,
				target, as_is ? 0 : (int)n, word) < (int)sizeof(path) &&
			hand_out(r, path))
			return true;
	}
	list = r->style->index;
	while (next_word(&list, &word, &n))
		if (snprintf(path, sizeof(path), "%.*s/%.*s/%s/%.*s", (int)base_len, base, (int)root_len, root, target, (int)n,
				word) < (int)sizeof(path) &&
			hand_out(r, path))
			return true;
	return false;
}

static bool try_base(const struct resolving *r, const char *base, size_t len, const char *target)
{
	const char *roots = r->style->roots;
	const char *root;
	size_t n;

	if (try_files(r, base, len, "", 0, target))
		return true;
	while (next_word(&roots, &root, &n))
		if (try_files(r, base, len, root, n, target))
			return true;
	return false;
}

static bool resolve(const struct resolving *r, const char *file, const char *target)
{
	const struct import_style *style = r->style;
	const char *slash = strrchr(file, '/');
	size_t directory = slash ? (size_t)(slash - file) : 0;
	size_t top = strcmp(r->folder, "/") ? strlen(r->folder) : 0;

	if (target[0] == '.')
		return try_files(r, file, directory, "", 0, target);
	if (style->flags & IMPORT_BESIDE && try_files(r, file, directory, "", 0, target))
		return true;
	if ((style->flags & IMPORT_ALIAS) && strchr("@#~$", target[0]) && target[1] && target[1] != '/' &&
		resolve(r, file, target + 1))
		return true;
	for (unsigned strip = 0; strip <= style->strip; strip++) {
		size_t len = directory;

		for (int i = 0; i < ANCESTORS_MAX && len >= top; i++) {
			if (try_base(r, file, len, target))
				return true;
			if (len == top)
				break;
			while (len > top && file[--len] != '/')
				continue;
		}
		target = strchr(target, '/');
		if (!target)
			break;
		target++;
	}
	return false;
}

/* The target without its last part; false if that is all of it, or a language's files hold no names for others. */
static bool without_member(const struct import_style *style, const char *target, char shorter[IMPORT_TARGET_SIZE])
{
	const char *slash = strrchr(target, '/');

	if (!(style->flags & IMPORT_MEMBER) || !slash || slash == target)
		return false;
	snprintf(shorter, IMPORT_TARGET_SIZE, "%.*s", (int)(slash - target), target);
	return true;
}

bool import_resolve(const struct import_style *style, const char *target, const char *file, const char *folder,
	import_path_fn *fn, void *ctx)
{
	struct resolving r = { .style = style, .folder = folder, .fn = fn, .ctx = ctx };
	char shorter[IMPORT_TARGET_SIZE];

	return resolve(&r, file, target) || (without_member(style, target, shorter) && resolve(&r, file, shorter));
}

bool import_style_looks_below(const struct import_style *style)
{
	return (style->flags & IMPORT_BELOW) != 0;
}

bool import_resolve_below(const struct import_style *style, const char *target, const char *directory,
	const char *folder, import_path_fn *fn, void *ctx)
{
	struct resolving r = { .style = style, .folder = folder, .fn = fn, .ctx = ctx };
	const char *inner = *style->separator == ':' ? strchr(target, '/') : NULL;
	size_t len = strlen(directory);
	char shorter[IMPORT_TARGET_SIZE];

	if (target[0] == '.')
		return false;
	if (try_base(&r, directory, len, target))
		return true;
	if (without_member(style, target, shorter) && try_base(&r, directory, len, shorter))
		return true;
	/* The first part is the name of a crate, which its directory need not have. */
	return inner && strchr(inner + 1, '/') && import_resolve_below(style, inner + 1, directory, folder, fn, ctx);
}
