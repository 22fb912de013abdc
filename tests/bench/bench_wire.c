/*
 * What a chunk of a stream costs on its way from bytes to facts: events found (sse), parsed (json),
 * understood (wire). Printed as nanoseconds per chunk and as a ratio to the floor measured in the same run:
 * one memchr for its line end and one memcpy. Each figure is the best of several passes, so that a busy
 * machine disturbs little.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eke/base/json.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/base/strbuf.h"
#include "eke/upstream/sse.h"
#include "eke/upstream/wire.h"

#define CHUNKS 20000
#define PASSES 15
#define READ_SIZE KIB(16) /* what libcurl hands over at once */

struct run {
	struct json_pool *pool; /* NULL: events only */
	bool decode;
	size_t events;
	size_t text;
};

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void make_stream(struct strbuf *out)
{
	static const char *const words[] = {
		" return", "(x", " + 1)", ";\\n", "\\t\\\"ok\\\"", " \xE4\xBD\xA0", "for", " i",
	};

	for (size_t i = 0; i < CHUNKS; i++)
		strbuf_addf(out, "data: {\"id\":\"chatcmpl-9xKq2bYzT0aVwR4nLmHs7DfGcJpE1\","
			    "\"object\":\"chat.completion.chunk\",\"created\":1715000000,\"model\":\"gpt-4o-mini-2024-07-18\","
			    "\"system_fingerprint\":\"fp_9b0abffe81\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
			    "\"%s\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
			    words[i % ARRAY_LEN(words)]);
}

static bool on_event(void *ctx, struct sse_event *event)
{
	struct run *run = ctx;
	struct err err;
	struct wire_chunk chunk;
	const struct json *value;

	run->events++;
	if (!run->pool)
		return true;
	value = json_parse(run->pool, event->data, event->len, JSON_LENIENT, &err);
	if (value && run->decode) {
		wire_decode(value, &chunk);
		run->text += strlen(chunk.text);
	}
	json_pool_reset(run->pool);
	return value != NULL;
}

/* Nanoseconds per chunk; 0 if the result is not what it must be. */
static double pass(const struct strbuf *stream, struct run *run)
{
	struct sse *sse = sse_new(on_event, run);
	double start = now_ns();
	double end;

	run->events = 0;
	run->text = 0;
	for (size_t at = 0; at < stream->len; at += READ_SIZE)
		if (!sse_feed(sse, stream->data + at, stream->len - at < READ_SIZE ? stream->len - at : READ_SIZE))
			break;
	sse_end(sse);
	end = now_ns();
	sse_free(sse);
	return run->events == CHUNKS && (!run->decode || run->text > CHUNKS) ? (end - start) / CHUNKS : 0;
}

/* The floor: each chunk's line end found, its bytes copied. */
static double floor_pass(const struct strbuf *stream, char *copy)
{
	const char *p = stream->data;
	const char *end = p + stream->len;
	double start = now_ns();
	size_t n = 0;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)(lf - p);

		memcpy(copy, p, len);
		/* Keeps the copy from being left out. */
		__asm__ volatile("" : : "r"(copy) : "memory");
		n++;
		p = lf + 2;
	}
	return n == CHUNKS ? (now_ns() - start) / CHUNKS : 0;
}

static double smaller(double best, double ns)
{
	return best == 0 || ns < best ? ns : best;
}

int main(void)
{
	struct strbuf stream;
	struct run runs[3] = { { .pool = NULL } };
	static const char *const names[] = { "sse", "sse+json", "sse+json+wire" };
	double best[3] = { 0 };
	double floor_ns = 0;
	char *copy = xmalloc(KIB(64));
	bool ok = true;

	strbuf_init(&stream, MIB(64));
	make_stream(&stream);
	runs[1].pool = json_pool_new();
	runs[2].pool = runs[1].pool;
	runs[2].decode = true;
	for (int i = 0; i < PASSES; i++) {
		floor_ns = smaller(floor_ns, floor_pass(&stream, copy));
		for (size_t r = 0; r < ARRAY_LEN(runs); r++) {
			double ns = pass(&stream, &runs[r]);

			ok = ok && ns > 0;
			best[r] = smaller(best[r], ns);
		}
	}
	printf("wire: %zu bytes a chunk, floor %.0f ns\n", stream.len / CHUNKS, floor_ns);
	for (size_t r = 0; r < ARRAY_LEN(runs); r++)
		printf("wire: %-14s %6.0f ns a chunk, %5.1f times the floor\n", names[r], best[r], best[r] / floor_ns);
	printf("wire: sse and wire alone %.0f ns a chunk\n", best[0] + best[2] - best[1]);
	json_pool_free(runs[1].pool);
	strbuf_release(&stream);
	free(copy);
	return ok ? 0 : 1;
}
