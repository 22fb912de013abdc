/*
 * What a refusal says is compared with what was sent: it counts only where that was in it.
 */
#include "form.h"

#include <string.h>

#include "eke/base/log.h"
#include "eke/upstream/dialect.h"
#include "eke/upstream/quirks.h"
#include "eke/upstream/refused_params.h"
#include "target.h"

const char *form_body(const struct gateway_request *request, size_t *len)
{
	static const char mark[] = "\xEF\xBB\xBF";
	const char *body = gateway_request_body(request, len);
	size_t skip = body && !strncmp(body, mark, sizeof(mark) - 1) ? sizeof(mark) - 1 : 0;

	*len -= skip;
	return body ? body + skip : NULL;
}

/*
 * What a refusal says of the model, of all that was sent. The value of a member is the client's, and may be what is
 * wrong: only words that cannot be about it count.
 */
static unsigned told_by(const struct forward *f, int status, const char *text, size_t len, const char *body,
			size_t body_len)
{
	bool streams = f->ask.stream ? !(f->quirks & QUIRK_NO_STREAM) : f->quirks & QUIRK_STREAMS_ONLY;
	struct strbuf copy;
	unsigned said;
	unsigned found = 0;

	strbuf_init(&copy, LIMIT_BODY);
	strbuf_add(&copy, text, len);
	said = refused_params(status, copy.data, copy.len);
	strbuf_reset(&copy);
	strbuf_add(&copy, text, len);
	if ((said & QUIRK_NO_STREAM_OPTIONS) && streams && (f->ask.wants_usage || !f->ask.stream))
		found |= QUIRK_NO_STREAM_OPTIONS;
	else if ((said & QUIRK_NO_STREAM) && streams)
		found |= QUIRK_NO_STREAM;
	else if (!streams && refused_whole_answer(status, copy.data, copy.len))
		found |= QUIRK_STREAMS_ONLY;
	if ((said & QUIRK_COMPLETION_TOKENS) && gateway_body_has(body, body_len, "max_tokens"))
		found |= QUIRKS_REASONING;
	if ((said & QUIRK_NO_TEMPERATURE) && gateway_body_has(body, body_len, "temperature"))
		found |= QUIRK_NO_TEMPERATURE | QUIRK_NO_STOP;
	strbuf_release(&copy);
	return found & ~f->quirks;
}

unsigned form_quirks(const struct forward *f)
{
	return upstream_quirks(f->gateway->app.upstream, f->endpoint, f->model) |
	       (f->is_ours ? request_quirks_of_name(f->model) : 0);
}

bool form_write(struct forward *f, struct strbuf *out)
{
	struct target target = { .endpoint = f->endpoint, .model = f->model, .is_ours = f->is_ours };
	size_t len = 0;
	const char *body = form_body(f->request, &len);

	return target_body(&target, &f->ask, f->route, f->quirks, body, len, out, &f->changed);
}

bool form_mend(struct forward *f, int status, const char *text, size_t len, struct strbuf *request)
{
	size_t body_len = 0;
	const char *body = f->request ? form_body(f->request, &body_len) : NULL;
	unsigned found;
	struct strbuf made;
	bool ok;

	/* What has begun to reach the client cannot be asked for again. */
	if (!body || f->status || f->route == GATEWAY_EMBEDDINGS)
		return false;
	found = told_by(f, status, text, len, body, body_len);
	if (!found)
		return false;
	upstream_learn_quirks(f->gateway->app.upstream, f->endpoint, f->model, found);
	f->quirks = form_quirks(f);
	strbuf_init(&made, LIMIT_GATEWAY_BODY + KIB(4));
	ok = form_write(f, &made) && (made.len != request->len || memcmp(made.data, request->data, made.len) != 0);
	if (ok) {
		log_info("gateway: endpoint %s takes requests of this kind in another form only: they are converted",
			endpoint_name(f->endpoint));
		strbuf_move(request, &made);
	}
	strbuf_release(&made);
	return ok;
}
