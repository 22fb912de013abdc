/*
 * Arguments of calls. Each is a string of its own, so that one can be replaced when the rest is known.
 */
#include "redis_args.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/mem.h"

static void add_text(struct redis_args *args, char *text)
{
	if (args->count == args->cap) {
		args->cap = args->cap ? 2 * args->cap : 32;
		args->texts = xreallocarray(args->texts, args->cap, sizeof(args->texts[0]));
	}
	args->texts[args->count++] = text;
}

static char *clean(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	return text;
}

void redis_args_add(struct redis_args *args, const char *text)
{
	add_text(args, xstrdup(text));
}

void redis_args_add_int(struct redis_args *args, int64_t n)
{
	add_text(args, xasprintf("%lld", (long long)n));
}

void redis_args_add_line(struct redis_args *args, const char *text)
{
	add_text(args, clean(xstrdup(text)));
}

void redis_args_append_line(struct redis_args *args, char before, const char *text)
{
	char **last = &args->texts[args->count - 1];
	size_t len = strlen(*last);
	char *whole = xasprintf("%s%c%s", *last, before, text);

	clean(whole + len + 1);
	free(*last);
	*last = whole;
}

void redis_args_copy(struct redis_args *to, const struct redis_args *from)
{
	for (size_t i = 0; i < from->count; i++)
		redis_args_add(to, from->texts[i]);
}

void redis_args_release(struct redis_args *args)
{
	for (size_t i = 0; i < args->count; i++)
		free(args->texts[i]);
	free(args->texts);
	*args = (struct redis_args){ .texts = NULL };
}
