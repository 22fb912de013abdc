/*
 * The growable string. Growth doubles; an empty one owns nothing and points at one shared NUL, so that initialising
 * costs no allocation.
 */
#include "eke/base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"

static char empty[1];

void strbuf_init(struct strbuf *sb, size_t max)
{
	*sb = (struct strbuf){ .data = empty, .max = max };
}

void strbuf_release(struct strbuf *sb)
{
	if (sb->cap)
		free(sb->data);
	strbuf_init(sb, sb->max);
}

void strbuf_reset(struct strbuf *sb)
{
	strbuf_truncate(sb, 0);
	sb->full = false;
}

bool strbuf_reserve(struct strbuf *sb, size_t extra)
{
	size_t need;
	size_t cap;

	if (extra > sb->max || sb->len > sb->max - extra) {
		sb->full = true;
		return false;
	}
	need = sb->len + extra + 1;
	if (need <= sb->cap)
		return true;
	cap = sb->cap ? sb->cap * 2 : 64;
	if (cap > sb->max + 1)
		cap = sb->max + 1;
	if (cap < need)
		cap = need;
	sb->data = xreallocarray(sb->cap ? sb->data : NULL, cap, 1);
	if (!sb->cap)
		sb->data[0] = '\0';
	sb->cap = cap;
	return true;
}

bool strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (!len)
		return true;
	if (!strbuf_reserve(sb, len))
		return false;
	memcpy(sb->data + sb->len, data, len);
	sb->len += len;
	sb->data[sb->len] = '\0';
	return true;
}

bool strbuf_adds(struct strbuf *sb, const char *s)
{
	return strbuf_add(sb, s, strlen(s));
}

bool strbuf_addch(struct strbuf *sb, char c)
{
	/* cap is at most max + 1, so what has room is allowed. */
	if (sb->len + 1 >= sb->cap)
		return strbuf_add(sb, &c, 1);
	sb->data[sb->len++] = c;
	sb->data[sb->len] = '\0';
	return true;
}

bool strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
	return ok;
}

bool strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !strbuf_reserve(sb, (size_t)n))
		return false;
	if (n > 0)
		vsnprintf(sb->data + sb->len, (size_t)n + 1, fmt, ap);
	sb->len += (size_t)n;
	return true;
}

void strbuf_consume(struct strbuf *sb, size_t n)
{
	if (!n)
		return;
	memmove(sb->data, sb->data + n, sb->len - n);
	strbuf_truncate(sb, sb->len - n);
}

void strbuf_truncate(struct strbuf *sb, size_t len)
{
	sb->len = len;
	if (sb->cap)
		sb->data[len] = '\0';
}

bool strbuf_splice(struct strbuf *sb, size_t at, size_t old_len, const void *data, size_t len)
{
	if (len > old_len && !strbuf_reserve(sb, len - old_len))
		return false;
	if (sb->cap)
		memmove(sb->data + at + len, sb->data + at + old_len, sb->len - at - old_len);
	if (len)
		memcpy(sb->data + at, data, len);
	strbuf_truncate(sb, sb->len - old_len + len);
	return true;
}

char *strbuf_detach(struct strbuf *sb, size_t *len)
{
	char *s = sb->cap ? sb->data : xstrndup("", 0);

	if (len)
		*len = sb->len;
	strbuf_init(sb, sb->max);
	return s;
}

void strbuf_move(struct strbuf *dst, struct strbuf *src)
{
	strbuf_release(dst);
	*dst = *src;
	strbuf_init(src, src->max);
}
