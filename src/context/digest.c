/*
 * One walk over the lines. A stack of declarations whose bodies are open, by indentation, says where a line stands; a
 * second walk over the text in step with it says which lines begin inside of a comment or a string.
 */
#include "eke/context/digest.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/attrs.h"
#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/code/blocks.h"
#include "eke/code/words.h"
#include "eke/context/declaration.h"
#include "eke/text/lines.h"
#include "eke/upstream/tokens.h"

#define DEPTH_MAX 32
#define HEAD_LINES 8 /* of a declaration */
#define HEAD_BYTES 600
#define CHUNK_LINES 6
#define CHUNK_BYTES 480
#define LINE_BYTES 400 /* longer ones are data */
#define PIECE_NAMES 64
_Static_assert(PIECE_NAMES <= UINT8_MAX, "struct piece has small members");
_Static_assert(LIMIT_CONTEXT_PIECES < UINT16_MAX, "struct piece has small members");
#define TAB_COLUMNS 8

struct scope {
	size_t indent;
	enum declaration_kind kind;
	uint16_t piece; /* plus one */
};

struct work {
	struct digest *digest;
	struct names *names;
	const struct import_style *style;
	size_t piece_room;
	size_t name_room;
	struct scope scopes[DEPTH_MAX];
	size_t depth;
	/* The chunk that is growing; lines 0: none. */
	size_t chunk_start;
	size_t chunk_line;
	size_t chunk_lines; /* of code */
	size_t chunk_end; /* where the last of them ends ... */
	size_t chunk_last; /* ... and which one it is */
	size_t chunk_indent;
};

/* --- pieces --- */

static bool is_new(const struct digest *d, size_t first, uint32_t id)
{
	for (size_t i = first; i < d->name_count; i++)
		if (d->names[i] == id)
			return false;
	return true;
}

static void add_names(struct work *w, struct piece *piece)
{
	struct digest *d = w->digest;
	const char *text = d->text + piece->start;
	size_t len = piece->end - piece->start;
	size_t at = 0;
	size_t start;
	size_t n;

	piece->first_name = (uint32_t)d->name_count;
	while (d->name_count - piece->first_name < PIECE_NAMES && names_next(text, len, &at, &start, &n)) {
		uint32_t id = names_add(w->names, text + start, n);

		if (!id || !is_new(d, piece->first_name, id))
			continue;
		if (d->name_count == w->name_room) {
			w->name_room = w->name_room ? 2 * w->name_room : 256;
			d->names = xreallocarray(d->names, w->name_room, sizeof(*d->names));
		}
		d->names[d->name_count++] = id;
	}
	piece->name_count = (uint8_t)(d->name_count - piece->first_name);
}

static struct piece *add_piece(
	struct work *w, enum piece_kind kind, size_t start, size_t end, size_t line, size_t lines)
{
	struct digest *d = w->digest;
	struct piece *piece;

	if (d->count == LIMIT_CONTEXT_PIECES)
		return NULL;
	if (d->count == w->piece_room) {
		w->piece_room = w->piece_room ? 2 * w->piece_room : 64;
		d->pieces = xreallocarray(d->pieces, w->piece_room, sizeof(*d->pieces));
	}
	piece = &d->pieces[d->count++];
	*piece = (struct piece){
		.kind = kind, .start = (uint32_t)start, .end = (uint32_t)end, .line = (uint32_t)line
	};
	piece->lines = (uint16_t)(lines < UINT16_MAX ? lines : UINT16_MAX);
	piece->tokens = (uint32_t)tokens_estimate(d->text + start, end - start);
	piece->hash = hash_fnv32(HASH_FNV32, d->text + start, end - start);
	add_names(w, piece);
	return piece;
}


/* --- lines --- */

struct text_line {
	size_t start;
	size_t len; /* without the line end */
	size_t next; /* where the next one starts */
	size_t number; /* from 0 */
	size_t indent; /* columns */
	bool in_code; /* it begins in code */
};

static void end_chunk(struct work *w)
{
	if (w->chunk_lines)
		add_piece(w, PIECE_CHUNK, w->chunk_start, w->chunk_end, w->chunk_line, w->chunk_last - w->chunk_line + 1);
	w->chunk_lines = 0;
}

static void grow_chunk(struct work *w, const struct text_line *line)
{
	if (w->chunk_lines && (w->chunk_lines == CHUNK_LINES || line->start - w->chunk_start >= CHUNK_BYTES))
		end_chunk(w);
	if (!w->chunk_lines) {
		w->chunk_start = line->start;
		w->chunk_line = line->number;
		w->chunk_indent = line->indent;
	}
	w->chunk_lines++;
	w->chunk_end = line->next;
	w->chunk_last = line->number;
}

static size_t columns(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && ascii_is_blank(s[i]); i++)
		n += s[i] == '\t' ? TAB_COLUMNS : 1;
	return n;
}

static bool read_line(const struct digest *d, size_t at, struct text_line *line)
{
	const char *lf;

	if (at >= d->len)
		return false;
	lf = memchr(d->text + at, '\n', d->len - at);
	line->start = at;
	line->next = lf ? (size_t)(lf - d->text) + 1 : d->len;
	line->len = line->next - at - (lf != NULL);
	while (line->len && ascii_is_space(d->text[at + line->len - 1]))
		line->len--;
	line->indent = columns(d->text + at, line->len);
	return true;
}

static bool is_comment(const struct syntax *syntax, const char *s, size_t len)
{
	size_t at = skip_blanks(s, len);

	/* What begins with a long string is documentation. */
	if ((syntax->flags & SYNTAX_TRIPLE) &&
		(starts_with(s + at, len - at, "\"\"\"") || starts_with(s + at, len - at, "'''")))
		return true;
	return syntax_line_is_comment(syntax, s, len) ||
		(syntax->block_begin && starts_with(s + at, len - at, syntax->block_begin)) ||
		(at + 1 < len && s[at] == '*' && ascii_is_space(s[at + 1]));
}

/* How many lines the declaration's head has: up to what opens its body. */
static size_t head_end(const struct digest *d, const struct text_line *first, size_t *lines)
{
	struct text_line line = *first;
	long depth = 0;

	*lines = 0;
	do {
		const char *s = d->text + line.start;

		for (size_t i = 0; i < line.len; i++)
			depth += (s[i] == '(' || s[i] == '[') - (s[i] == ')' || s[i] == ']');
		++*lines;
		if (depth <= 0 || *lines == HEAD_LINES || line.next - first->start >= HEAD_BYTES)
			break;
	} while (read_line(d, line.next, &line));
	return line.next;
}

static const struct scope *innermost(const struct work *w)
{
	return w->depth ? &w->scopes[w->depth - 1] : NULL;
}

static void open_scope(struct work *w, size_t indent, enum declaration_kind kind, uint16_t piece)
{
	if (w->depth < DEPTH_MAX)
		w->scopes[w->depth++] = (struct scope){ indent, kind, piece };
}

/* Lines that end something, or divide it, belong to what is open. */
static bool ends_something(const char *s, size_t len)
{
	size_t at = skip_blanks(s, len);

	return at < len && strchr("{})]", s[at]);
}

static void close_scopes(struct work *w, const struct text_line *line)
{
	const char *s = w->digest->text + line->start;

	if (ends_something(s, line->len) ||
		(skip_blanks(s, line->len) < line->len && s[skip_blanks(s, line->len)] == '#' &&
			(w->digest->syntax->flags & SYNTAX_CHAR)))
		return;
	while (w->depth && line->indent <= innermost(w)->indent)
		w->depth--;
}

/* "self.name = …", "this.name = …": a member, wherever it is set. */
static bool is_own_member(const char *s, size_t len, size_t *name, size_t *name_len)
{
	static const char *const owners[] = { "self.", "this." };
	size_t at = skip_blanks(s, len);

	for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
		size_t n = strlen(owners[i]);
		size_t end = at + n;

		if (len - at <= n || memcmp(s + at, owners[i], n))
			continue;
		while (end < len && is_word_char(s[end]))
			end++;
		*name = at + n;
		*name_len = end - at - n;
		end += skip_blanks(s + end, len - end);
		return end + 1 < len && (s[end] == '=' || s[end] == ':') && s[end + 1] != '=';
	}
	return false;
}

/* In C and its kin, what only its own file can name. */
static bool is_file_local(const struct digest *d, const char *head, size_t len)
{
	return (d->syntax->flags & SYNTAX_CHAR) && starts_with_word(head, len, "static") &&
		!memmem(head, len, "inline", strlen("inline"));
}

static void take_declaration(struct work *w, const struct text_line *line)
{
	const struct digest *d = w->digest;
	const char *s = d->text + line->start;
	const struct scope *in = innermost(w);
	struct declaration_scope scope = { .top = !in && !line->indent, .in_type = in && in->kind == DECLARATION_TYPE };
	struct declaration found = declaration_of(d->syntax, s, line->len, &scope);
	struct piece *piece;
	size_t lines = 1;
	size_t end = line->next;
	uint16_t parent = 0;

	for (size_t i = w->depth; i-- > 0 && !parent;)
		if (w->scopes[i].kind == DECLARATION_TYPE)
			parent = w->scopes[i].piece;
	/* Only the outermost namespace goes without indentation inside. */
	if (found.kind == DECLARATION_NONE) {
		if (!parent || !is_own_member(s, line->len, &found.name, &found.name_len))
			return;
		in = NULL;
	} else if (found.kind != DECLARATION_VALUE) {
		end = head_end(d, line, &lines);
	}
	piece = add_piece(w, parent ? PIECE_MEMBER : PIECE_DECLARATION, line->start, end, line->number, lines);
	if (!piece)
		return;
	piece->parent = parent;
	piece->declares = names_add(w->names, s + found.name, found.name_len);
	piece->underscored = piece->declares && s[found.name] == '_';
	piece->file_local = !parent && is_file_local(d, s, end - line->start);
	if (found.kind == DECLARATION_TYPE || found.kind == DECLARATION_FUNCTION)
		open_scope(w, line->indent, found.kind, (uint16_t)d->count);
}

/* True if the line is not for chunks. */
static bool take_import(struct work *w, const struct text_line *line, size_t *next, size_t *next_number)
{
	const struct digest *d = w->digest;
	size_t len = w->style ? import_statement(w->style, d->text + line->start, d->len - line->start) : 0;
	size_t lines = 1;
	size_t end;

	if (!len)
		return false;
	end = line->start + len;
	for (size_t i = line->start; i < end; i++)
		lines += d->text[i] == '\n';
	end += end < d->len;
	end_chunk(w);
	add_piece(w, PIECE_IMPORT, line->start, end, line->number, lines);
	*next = end;
	*next_number = line->number + lines;
	return true;
}

static void take_line(struct work *w, const struct text_line *line)
{
	const struct digest *d = w->digest;
	const char *s = d->text + line->start;

	if (is_all_blank(s, line->len) || line->len > LINE_BYTES) {
		end_chunk(w);
		return;
	}
	if (!line->in_code || is_comment(d->syntax, s, line->len))
		return;
	close_scopes(w, line);
	if (w->chunk_lines && line->indent < w->chunk_indent)
		end_chunk(w);
	if (!ends_something(s, line->len))
		take_declaration(w, line);
	grow_chunk(w, line);
}

/* Moves the walk to the line that starts at `start`; does that begin in code? */
static bool begins_in_code(struct syntax_walk *walk, size_t start)
{
	enum syntax_event event;
	size_t pos;

	while (walk->at < start && (event = syntax_next(walk, &pos)) != SYNTAX_END)
		continue;
	return walk->state.where != SYNTAX_IN_BLOCK_COMMENT && walk->state.where != SYNTAX_IN_STRING;
}

static void walk(struct work *w)
{
	struct digest *d = w->digest;
	struct syntax_walk syntax = { .syntax = d->syntax, .s = d->text, .len = d->len };
	struct text_line line = { .number = 0 };
	size_t at = 0;
	size_t number = 0;

	while (read_line(d, at, &line)) {
		line.number = number;
		line.in_code = begins_in_code(&syntax, line.start);
		if (line.in_code && take_import(w, &line, &at, &number))
			continue;
		take_line(w, &line);
		at = line.next;
		number++;
	}
	end_chunk(w);
}

static struct digest *begin(struct work *w, struct names *names, const char *text, size_t len)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	*w = (struct work){ .digest = d, .names = names };
	if (len > LIMIT_CONTEXT_FILE) {
		const char *lf = memrchr(text, '\n', LIMIT_CONTEXT_FILE);

		len = lf ? (size_t)(lf - text) + 1 : 0;
	}
	d->text = xstrndup(text, len);
	d->len = len;
	return d;
}

static void count_uses(struct work *w)
{
	struct digest *d = w->digest;
	uint32_t *at = xcalloc((size_t)names_last(w->names) + 1, sizeof(*at)); /* in uses[], plus one */
	size_t room = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct piece *piece = &d->pieces[i];

		if (piece->kind != PIECE_CHUNK)
			continue;
		d->chunk_count++;
		for (uint32_t k = 0; k < piece->name_count; k++) {
			uint32_t id = d->names[piece->first_name + k];

			if (!at[id]) {
				if (d->use_count == room) {
					room = room ? 2 * room : 64;
					d->uses = xreallocarray(d->uses, room, sizeof(*d->uses));
				}
				d->uses[d->use_count++] = (struct name_use){ .name = id };
				at[id] = (uint32_t)d->use_count;
			}
			d->uses[at[id] - 1].chunks++;
		}
	}
	free(at);
	if (d->use_count)
		d->uses = xreallocarray(d->uses, d->use_count, sizeof(*d->uses));
}

static struct digest *finish(struct work *w)
{
	struct digest *d = w->digest;

	if (!d->names)
		d->names = xcalloc(1, sizeof(*d->names));
	d->bytes = sizeof(*d) + d->len + w->piece_room * sizeof(*d->pieces) + w->name_room * sizeof(*d->names) +
		d->use_count * sizeof(*d->uses);
	return d;
}

struct digest *digest_new(struct names *names, const char *language, const char *text, size_t len)
{
	struct work w;
	struct digest *d = begin(&w, names, text, len);

	d->syntax = syntax_of(language);
	w.style = import_style_of(language);
	walk(&w);
	count_uses(&w);
	return finish(&w);
}

struct digest *digest_of_diff(struct names *names, const char *text, size_t len)
{
	struct work w;
	struct digest *d = begin(&w, names, text, len);
	size_t at = 0;
	size_t number = 0;

	d->syntax = syntax_of(NULL);
	while (at < d->len) {
		size_t start = at;
		size_t first = number;

		do {
			const char *lf = memchr(d->text + at, '\n', d->len - at);

			at = lf ? (size_t)(lf - d->text) + 1 : d->len;
			number++;
		} while (at < d->len && !starts_with(d->text + at, d->len - at, "@@"));
		add_piece(&w, PIECE_EDIT, start, at, first, number - first);
	}
	return finish(&w);
}

size_t digest_line_at(const struct digest *d, size_t at)
{
	size_t low = 0;
	size_t high = d->count;

	if (at > d->len)
		at = d->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->pieces[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return lines_count(d->text, at);
	return d->pieces[low - 1].line + lines_count(d->text + d->pieces[low - 1].start, at - d->pieces[low - 1].start);
}

void digest_free(struct digest *digest)
{
	if (!digest)
		return;
	free(digest->text);
	free(digest->pieces);
	free(digest->names);
	free(digest->uses);
	free(digest);
}
