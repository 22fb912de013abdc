/*
 * Matching in two levels with the same loop: components of a path against components of the pattern, where ** is the
 * star, and characters of a component against its pattern, where * is the star. Each level remembers only the last star
 * and gives it one more item when the rest fails; an earlier star never needs a second try, since every other element
 * takes exactly one item. Nothing is allocated.
 */
#include "eke/text/glob.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/utf.h"

/* A slice: of the pattern or of the path. */
struct part {
	const char *s;
	const char *end;
};

static uint32_t fold_case(uint32_t c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static uint32_t next_char(struct part *p)
{
	uint32_t cp;

	p->s += utf8_decode(p->s, (size_t)(p->end - p->s), &cp);
	return cp;
}

/* What a class holds, one after the other: a range of characters, or a [:name:]. */
struct element {
	uint32_t low;
	uint32_t high;
	struct part name; /* of POSIX; name.s is NULL for a range */
};

/* One character of a class, perhaps escaped; false at the end. */
static bool read_char(struct part *p, uint32_t *c)
{
	if (p->s < p->end && *p->s == '\\')
		p->s++;
	if (p->s == p->end || *p->s == '/')
		return false;
	*c = next_char(p);
	return true;
}

/* If p begins "[:name:]", stores the name and moves behind it. */
static bool read_name(struct part *p, struct part *name)
{
	const char *s = p->s;

	if (p->end - s < 4 || s[0] != '[' || s[1] != ':')
		return false;
	for (s += 2; s < p->end && *s >= 'a' && *s <= 'z'; s++)
		;
	if (p->end - s < 2 || s[0] != ':' || s[1] != ']')
		return false;
	*name = (struct part){ p->s + 2, s };
	p->s = s + 2;
	return true;
}

static bool read_element(struct part *p, struct element *e)
{
	e->name.s = NULL;
	if (read_name(p, &e->name))
		return true;
	if (!read_char(p, &e->low))
		return false;
	e->high = e->low;
	if (p->end - p->s < 2 || p->s[0] != '-' || p->s[1] == ']')
		return true;
	p->s++;
	return read_char(p, &e->high);
}

/* [:name:] for ASCII; unknown names match nothing, as in git. */
static bool in_named_class(struct part name, uint32_t c)
{
	static const struct {
		const char *name;
		int (*test)(int);
	} classes[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl },
		{ "digit", isdigit }, { "graph", isgraph }, { "lower", islower }, { "print", isprint },
		{ "punct", ispunct }, { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
	};
	size_t len = (size_t)(name.end - name.s);

	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (strlen(classes[i].name) == len && !memcmp(classes[i].name, name.s, len))
			return c < 0x80 && classes[i].test((int)c);
	}
	return false;
}

static bool in_element(const struct element *e, uint32_t c)
{
	return e->name.s ? in_named_class(e->name, c) : c >= e->low && c <= e->high;
}

static void take_step(size_t *left)
{
	if (*left)
		--*left;
}

/*
 * Whether c is in the class that p stands behind the [ of; p moves behind its ]. False with p->s NULL if the class is
 * not closed before its component ends.
 */
static bool match_class(struct part *p, uint32_t c, bool fold, size_t *left)
{
	bool negate = p->s < p->end && (*p->s == '!' || *p->s == '^');
	uint32_t other = fold && c < 0x80 ? (uint32_t)(islower((int)c) ? toupper((int)c) : tolower((int)c)) : c;
	bool hit = false;
	bool first = true;

	if (negate)
		p->s++;
	for (; p->s < p->end && (first || *p->s != ']'); first = false) {
		struct element e;

		take_step(left);
		if (!read_element(p, &e)) {
			p->s = NULL;
			return false;
		}
		hit |= in_element(&e, c) || in_element(&e, other);
	}
	p->s = p->s < p->end ? p->s + 1 : NULL;
	return p->s && hit != negate;
}

/* Takes one element of the pattern and one character of the text; false if they differ. */
static bool match_one(struct part *pattern, struct part *text, bool fold, size_t *left)
{
	uint32_t want = next_char(pattern);
	uint32_t c = next_char(text);

	if (want == '?')
		return true;
	if (want == '[')
		return match_class(pattern, c, fold, left);
	if (want == '\\')
		want = next_char(pattern);
	return fold_case(want, fold) == fold_case(c, fold);
}

static bool match_component(struct part pattern, struct part text, bool fold, size_t *left)
{
	struct part after_star = { NULL, NULL };
	struct part star_text = text;

	for (;;) {
		take_step(left);
		if (!*left)
			return false;
		if (pattern.s < pattern.end && *pattern.s == '*') {
			pattern.s++;
			after_star = pattern;
			star_text = text;
			continue;
		}
		if (text.s == text.end && pattern.s == pattern.end)
			return true;
		if (text.s < text.end && pattern.s < pattern.end && match_one(&pattern, &text, fold, left))
			continue;
		if (!after_star.s || star_text.s == star_text.end)
			return false;
		next_char(&star_text);
		text = star_text;
		pattern = after_star;
	}
}

/* The component that p begins with; p moves behind it and its slash. A slash in brackets ends it like any other. */
static struct part next_component(struct part *p)
{
	struct part c = { p->s, memchr(p->s, '/', (size_t)(p->end - p->s)) };

	if (c.end) {
		p->s = c.end + 1;
	} else {
		c.end = p->end;
		p->s = p->end;
	}
	return c;
}

/* ** or more: git takes *** for the same. */
static bool is_double_star(struct part p)
{
	struct part c = next_component(&p);
	size_t len = (size_t)(c.end - c.s);

	return len >= 2 && strspn(c.s, "*") >= len;
}

bool glob_match(const char *pattern, const char *path, size_t path_len, bool fold, size_t *left)
{
	struct part rest = { pattern, pattern + strlen(pattern) };
	struct part text = { path, path + path_len };
	struct part after_star = { NULL, NULL };
	struct part star_text = text;

	for (;;) {
		take_step(left);
		if (!*left)
			return false;
		if (is_double_star(rest)) {
			next_component(&rest);
			if (rest.s == rest.end)
				return text.s < text.end;
			after_star = rest;
			star_text = text;
			continue;
		}
		if (text.s == text.end && rest.s == rest.end)
			return true;
		if (text.s < text.end && rest.s < rest.end) {
			struct part want = next_component(&rest);

			if (match_component(want, next_component(&text), fold, left))
				continue;
		}
		if (!after_star.s || star_text.s == star_text.end)
			return false;
		next_component(&star_text);
		text = star_text;
		rest = after_star;
	}
}

const char *glob_problem(const char *pattern)
{
	struct part p = { pattern, pattern + strlen(pattern) };
	size_t left = SIZE_MAX;

	while (p.s < p.end) {
		char c = *p.s++;

		if (c == '[') {
			match_class(&p, 0, false, &left);
			if (!p.s)
				return "has no closing ]";
		}
		if (c == '\\') {
			if (p.s == p.end || *p.s == '/')
				return "has a \\ with nothing to escape";
			p.s++;
		}
	}
	return NULL;
}
