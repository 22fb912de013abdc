/*
 * A stack of declarations whose bodies are open, by indentation, says where a line stands; the lexer, which is kept in
 * step, says which lines begin inside of a comment or a string.
 */
#include "digest_walk.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/ascii.h"
#include "eke/base/attrs.h"
#include "eke/base/hash.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/code/words.h"
#include "eke/context/declaration.h"
#include "eke/upstream/tokens.h"

#define HEAD_LINES 8 /* of a declaration */
#define HEAD_BYTES 600
#define CHUNK_LINES 6
#define CHUNK_BYTES 480
#define LINE_BYTES 400 /* longer ones are data */
#define IMPORT_BYTES KIB(8) /* likewise */
#define PIECE_NAMES 64
_Static_assert(PIECE_NAMES <= UINT8_MAX, "struct piece has small members");
_Static_assert(LIMIT_CONTEXT_PIECES < UINT16_MAX, "struct piece has small members");
#define TAB_COLUMNS 8

/* --- pieces --- */

static bool is_new(const struct digest *d, size_t first, uint32_t id)
{
	for (size_t i = first; i < d->name_count; i++)
		if (d->names[i] == id)
			return false;
	return true;
}

static size_t grown(size_t room, size_t needed)
{
	return needed <= room ? room : needed <= 2 * room ? 2 * room : needed;
}

void digest_walk_reserve(struct digest_walk *w, size_t pieces, size_t names)
{
	struct digest *d = w->digest;
	size_t piece_room = grown(w->piece_room, d->count + pieces);
	size_t name_room = grown(w->name_room, d->name_count + names);

	if (piece_room != w->piece_room)
		d->pieces = xreallocarray(d->pieces, w->piece_room = piece_room, sizeof(*d->pieces));
	if (name_room != w->name_room)
		d->names = xreallocarray(d->names, w->name_room = name_room, sizeof(*d->names));
}

static void add_names(struct digest_walk *w, struct piece *piece)
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

		if (id && is_new(d, piece->first_name, id))
			d->names[d->name_count++] = id;
	}
	piece->name_count = (uint8_t)(d->name_count - piece->first_name);
}

struct piece *digest_walk_add(
	struct digest_walk *w, enum piece_kind kind, size_t start, size_t end, size_t line, size_t lines)
{
	struct digest *d = w->digest;
	struct piece *piece;

	if (d->count == LIMIT_CONTEXT_PIECES)
		return NULL;
	digest_walk_reserve(w, 1, PIECE_NAMES);
	piece = &d->pieces[d->count++];
	*piece = (struct piece){ .kind = kind, .start = (uint32_t)start, .end = (uint32_t)end, .line = (uint32_t)line };
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

static void end_chunk(struct digest_walk *w)
{
	const struct chunk *c = &w->chunk;

	if (c->lines)
		digest_walk_add(w, PIECE_CHUNK, c->start, c->end, c->line, c->last - c->line + 1);
	w->chunk.lines = 0;
}

static void grow_chunk(struct digest_walk *w, const struct text_line *line)
{
	struct chunk *c = &w->chunk;

	if (c->lines && (c->lines == CHUNK_LINES || line->start - c->start >= CHUNK_BYTES))
		end_chunk(w);
	if (!c->lines) {
		c->start = (uint32_t)line->start;
		c->line = (uint32_t)line->number;
		c->indent = (uint32_t)line->indent;
	}
	c->lines++;
	c->end = (uint32_t)line->next;
	c->last = (uint32_t)line->number;
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

/* Something was decided by the text's first `bytes`. */
static void has_seen(struct digest_walk *w, size_t bytes)
{
	if (bytes > w->seen)
		w->seen = bytes;
}

static const struct scope *innermost(const struct digest_walk *w)
{
	return w->depth ? &w->scopes[w->depth - 1] : NULL;
}

static void open_scope(struct digest_walk *w, size_t indent, enum declaration_kind kind, uint16_t piece)
{
	if (w->depth < WALK_DEPTH_MAX)
		w->scopes[w->depth++] = (struct scope){ (uint32_t)indent, piece, (uint8_t)kind };
}

/* Lines that end something, or divide it, belong to what is open. */
static bool ends_something(const char *s, size_t len)
{
	size_t at = skip_blanks(s, len);

	return at < len && strchr("{})]", s[at]);
}

static void close_scopes(struct digest_walk *w, const struct text_line *line)
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

static void take_declaration(struct digest_walk *w, const struct text_line *line)
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
		has_seen(w, end + 1);
	}
	piece = digest_walk_add(w, parent ? PIECE_MEMBER : PIECE_DECLARATION, line->start, end, line->number, lines);
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
static bool take_import(struct digest_walk *w, const struct text_line *line)
{
	const struct digest *d = w->digest;
	size_t rest = d->len - line->start;
	size_t most = rest < IMPORT_BYTES ? rest : IMPORT_BYTES;
	size_t seen = 0;
	size_t len = d->style ? import_statement(d->style, d->text + line->start, most, &seen) : 0;
	size_t lines = 1;
	size_t end;

	has_seen(w, line->start + seen);
	if (!len || (len == most && most < rest))
		return false;
	end = line->start + len;
	for (size_t i = line->start; i < end; i++)
		lines += d->text[i] == '\n';
	end += end < d->len;
	end_chunk(w);
	digest_walk_add(w, PIECE_IMPORT, line->start, end, line->number, lines);
	w->at = end;
	w->line += lines;
	return true;
}

static void take_line(struct digest_walk *w, const struct text_line *line)
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
	if (w->chunk.lines && line->indent < w->chunk.indent)
		end_chunk(w);
	if (!ends_something(s, line->len))
		take_declaration(w, line);
	grow_chunk(w, line);
}

/* --- the walk --- */

void digest_walk_begin(struct digest_walk *w, struct digest *digest, struct names *names)
{
	*w = (struct digest_walk){
		.digest = digest, .names = names, .lexer = { .syntax = digest->syntax, .s = digest->text, .len = digest->len }
	};
}

bool digest_walk_lex(struct digest_walk *w, size_t until)
{
	enum syntax_event event;
	size_t pos;

	while (w->lexer.at < w->at) {
		if (w->lexer.at >= until)
			return false;
		event = syntax_next(&w->lexer, &pos);
		if (event == SYNTAX_END)
			break;
	}
	return true;
}

void digest_walk_line(struct digest_walk *w)
{
	const struct syntax_state *state = &w->lexer.state;
	struct text_line line = { .number = w->line };

	read_line(w->digest, w->at, &line);
	line.in_code = state->where != SYNTAX_IN_BLOCK_COMMENT && state->where != SYNTAX_IN_STRING;
	if (line.in_code && take_import(w, &line))
		return;
	take_line(w, &line);
	w->at = line.next;
	w->line++;
}

void digest_walk_end(struct digest_walk *w)
{
	end_chunk(w);
}
