/*
 * A yardstick beside eke and the others. It keeps every answer together with the text before the cursor that it was
 * given for, newest first.
 */
#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "trace_peer.h"

struct answer {
	char *prefix; /* owned; all that stood before the cursor */
	size_t prefix_len;
	char *text; /* owned */
	size_t len;
	struct answer *next;
};

struct ideal {
	struct trace_editor *editor;
	struct answer *answers;
	struct peer_request request;
};

static void forget(struct ideal *d)
{
	while (d->answers) {
		struct answer *answer = d->answers;

		d->answers = answer->next;
		free(answer->prefix);
		free(answer->text);
		free(answer);
	}
}

static bool show_known(struct ideal *d)
{
	const struct trace_editor *e = d->editor;

	for (const struct answer *a = d->answers; a; a = a->next) {
		size_t typed = e->cursor - a->prefix_len;

		if (a->prefix_len > e->cursor || typed >= a->len ||
		    memcmp(e->text.data + a->prefix_len, a->text, typed) ||
		    memcmp(e->text.data, a->prefix, a->prefix_len))
			continue;
		d->editor->show(d->editor, a->text + typed, a->len - typed);
		return true;
	}
	return false;
}

static void changed(void *ctx, bool done)
{
	struct ideal *d = ctx;
	const struct trace_editor *e = d->editor;
	struct answer *answer;

	if (!done || d->request.failed)
		return;
	answer = xcalloc(1, sizeof(*answer));
	answer->prefix_len = e->cursor;
	answer->prefix = xmalloc(e->cursor + 1);
	memcpy(answer->prefix, e->text.data, e->cursor);
	answer->len = d->request.text.len;
	answer->text = xmalloc(answer->len + 1);
	memcpy(answer->text, d->request.text.data, answer->len);
	answer->next = d->answers;
	d->answers = answer;
	show_known(d);
}

static void *ideal_start(const struct trace_client_kind *kind, struct trace_editor *editor, bool counted)
{
	struct ideal *d = xcalloc(1, sizeof(*d));

	(void)kind;
	(void)counted;
	d->editor = editor;
	peer_request_init(&d->request, editor->net, changed, d);
	return d;
}

static void ideal_stop(void *client)
{
	struct ideal *d = client;

	peer_request_release(&d->request);
	forget(d);
	free(d);
}

static void ideal_opened(void *client, const char *uri, const char *language)
{
	(void)uri;
	(void)language;
	forget(client);
}

static void ideal_closed(void *client)
{
	struct ideal *d = client;

	peer_request_abort(&d->request);
}

static void ideal_ask(void *client)
{
	struct ideal *d = client;
	const struct trace_editor *e = d->editor;
	struct sim_question question = {
		.prefix = e->text.data,
		.prefix_len = e->cursor,
		.suffix = e->text.data + e->cursor,
		.suffix_len = e->text.len - e->cursor,
	};

	if (!show_known(d) && sim_net_left(e->net) && sim_net_would_be_right(e->net, &question))
		peer_request_send(&d->request, d->editor, NULL, 0);
}

const struct trace_client_kind trace_ideal = {
	.key = "clairvoyant",
	.name = "(clairvoyant, at once, to the letter)",
	.start = ideal_start,
	.stop = ideal_stop,
	.opened = ideal_opened,
	.closed = ideal_closed,
	.ask = ideal_ask,
	.cancel = ideal_closed,
};
