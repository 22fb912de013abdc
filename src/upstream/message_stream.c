/*
 * Pieces out of messages. The object is the caller's.
 */
#include "eke/upstream/message_stream.h"

#include <string.h>

#include "eke/base/limits.h"

void message_stream_init(struct message_stream *m)
{
	*m = (struct message_stream){ .kind = MESSAGE_UNDECIDED };
	strbuf_init(&m->seen, LIMIT_ANSWER);
}

void message_stream_release(struct message_stream *m)
{
	strbuf_release(&m->seen);
}

static void append(struct message_stream *m, const char *text, size_t len, struct strbuf *out)
{
	strbuf_add(&m->seen, text, len);
	strbuf_add(out, text, len);
}

static void append_repeats(struct message_stream *m, struct strbuf *out)
{
	size_t len = m->seen.len;

	for (; m->repeats; m->repeats--) {
		strbuf_add(out, m->seen.data, len);
		/* strbuf_add() may move what it reads from. */
		for (size_t i = 0; i < len; i++)
			strbuf_addch(&m->seen, m->seen.data[i]);
	}
}

void message_stream_take(struct message_stream *m, const char *text, size_t len, bool last, struct strbuf *out)
{
	size_t so_far = m->seen.len;
	bool begins = len >= so_far && !memcmp(text, m->seen.data, so_far);

	if (!len || (last && so_far && begins && len == so_far))
		return;
	switch (m->kind) {
	case MESSAGE_UNDECIDED:
		if (so_far && begins && len == so_far) {
			m->repeats++;
			return;
		}
		if (so_far)
			m->kind = begins ? MESSAGE_CUMULATIVE : MESSAGE_APPENDED;
		if (so_far && begins) {
			append(m, text + so_far, len - so_far, out);
		} else {
			append_repeats(m, out);
			append(m, text, len, out);
		}
		return;
	case MESSAGE_APPENDED:
		append(m, text, len, out);
		return;
	case MESSAGE_CUMULATIVE:
		if (begins)
			append(m, text + so_far, len - so_far, out);
		return;
	}
}
