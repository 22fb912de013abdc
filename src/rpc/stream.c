/*
 * Streams of deltas. A stream collects what is added during a turn of the loop and emits it once at the turn's
 * end: tokens that arrive one by one become one notification each, a flood becomes one notification a turn.
 * While the client does not read, it collects on, until the queue has drained.
 */
#include "eke/rpc/stream.h"

#include <stdlib.h>

#include "eke/base/list.h"
#include "eke/base/mem.h"
#include "rpc_private.h"

struct rpc_stream {
	struct rpc *rpc; /* NULL: the conversation is over */
	struct loop *loop;
	struct strbuf text;
	struct strbuf reasoning;
	bool scheduled; /* for the turn's end */
	bool lost;      /* something did not fit */
	rpc_emit_fn *emit;
	void *ctx;
	struct rpc_stream *next;
};

struct rpc_stream *rpc_stream_new(struct rpc *rpc, size_t max, rpc_emit_fn *emit, void *ctx)
{
	struct rpc_stream *stream = xcalloc(1, sizeof(*stream));

	stream->rpc = rpc;
	stream->loop = rpc->loop;
	strbuf_init(&stream->text, max);
	strbuf_init(&stream->reasoning, max);
	stream->emit = emit;
	stream->ctx = ctx;
	stream->next = rpc->streams;
	rpc->streams = stream;
	return stream;
}

static void flush(struct rpc_stream *stream)
{
	if (!stream->rpc || (!stream->text.len && !stream->reasoning.len))
		return;
	stream->emit(stream->ctx, stream->text.data, stream->text.len, stream->reasoning.data, stream->reasoning.len);
	strbuf_reset(&stream->text);
	strbuf_reset(&stream->reasoning);
}

static void flush_at_turn_end(void *ctx)
{
	struct rpc_stream *stream = ctx;

	stream->scheduled = false;
	if (stream->rpc && !rpc_congested(stream->rpc))
		flush(stream);
}

void rpc_stream_add(struct rpc_stream *stream, bool reasoning, const char *text, size_t len)
{
	/* What does not fit is left out with all that follows: the pieces together are the text's beginning. */
	if (stream->lost || !strbuf_add(reasoning ? &stream->reasoning : &stream->text, text, len)) {
		stream->lost = true;
		return;
	}
	if (stream->scheduled)
		return;
	stream->scheduled = true;
	loop_defer(stream->loop, flush_at_turn_end, stream);
}

void rpc_stream_finish(struct rpc_stream *stream)
{
	flush(stream);
}

void rpc_stream_free(struct rpc_stream *stream)
{

	if (!stream)
		return;
	if (stream->scheduled)
		loop_undefer(stream->loop, flush_at_turn_end, stream);
	if (stream->rpc)
		list_unlink(stream->rpc->streams, stream);
	strbuf_release(&stream->text);
	strbuf_release(&stream->reasoning);
	free(stream);
}

void rpc_streams_flush(struct rpc *rpc)
{
	for (struct rpc_stream *stream = rpc->streams; stream && !rpc_congested(rpc); stream = stream->next)
		flush(stream);
}

void rpc_streams_orphan(struct rpc *rpc)
{
	while (rpc->streams) {
		struct rpc_stream *stream = rpc->streams;

		rpc->streams = stream->next;
		stream->rpc = NULL;
	}
}
