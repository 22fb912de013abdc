/*
 * Allocation that dies instead of failing. The only file that calls malloc and its kin, so that no caller can
 * forget a check and so that a policy (caps, trimming) has one home.
 */
#include "eke/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

static NORETURN void die_oom(size_t size)
{
	fprintf(stderr, "eke: out of memory (%zu bytes wanted)\n", size); /* allowed: a number can do nothing */
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		die_oom(size);
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die_oom(n);
	return p;
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		die_oom(SIZE_MAX);
	p = realloc(p, n && size ? n * size : 1);
	if (!p)
		die_oom(n * size);
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		die_oom(strlen(fmt));
	return s;
}

size_t mem_size(const void *p)
{
#ifdef __APPLE__
	return malloc_size(p);
#else
	return malloc_usable_size((void *)(uintptr_t)p);
#endif
}

void mem_trim(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
