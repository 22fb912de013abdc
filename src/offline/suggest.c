/*
 * From a cursor to the text to insert: what is there (struct offline_context), what may come (a draft, token by token,
 * line by line, each with the probability that all of it up to there is right), how much of that fits before what
 * follows the cursor, and how much of that is sure enough. Nothing lives longer than a call but scratch memory.
 */
#include "eke/offline/suggest.h"

#include <string.h>

#include "eke/base/limits.h"
#include "eke/code/indent.h"
#include "eke/text/lines.h"

#include "fit.h"
#include "match.h"
#include "private.h"

/* Chosen on the curve of precision over characters accepted that tests/bench/bench_offline.c draws. */
#define LIKELY 0.65
#define SURE 0.88
/* To end a line instead of stopping in it, so much less will do. */
#define FINISHING 0.88
/* A draft ends where it is wrong more often than this. */
#define HOPELESS 0.3
#define LINES_MAX_AHEAD 12
/* A sentence is the same from this many tokens on. */
#define SENTENCE_TOKENS 4

const char *offline_reason_name(enum offline_reason reason)
{
	switch (reason) {
	case OFFLINE_OFFERED:
		return "as it was written before";
	case OFFLINE_NOTHING:
		return "nothing like it was seen before";
	case OFFLINE_UNSURE:
		return "what was seen before goes on in different ways";
	case OFFLINE_SHORT:
		return "too short to be worth showing";
	case OFFLINE_THERE:
		return "it is there already";
	case OFFLINE_IN_WORD:
		return "in the middle of a word";
	case OFFLINE_PROSE:
		return "in a comment or a text";
	}
	return "";
}

static size_t at_most_excerpt(size_t len)
{
	return len < LIMIT_OFFLINE_EXCERPT ? len : LIMIT_OFFLINE_EXCERPT;
}

/* --- the context --- */

/* The lines above the cursor's, which begins at `end`. */
static void take_above(struct offline_context *context, const char *before, size_t end)
{
	while (end && context->above_count < LINES_ABOVE) {
		size_t line_end = end - 1 - (end > 1 && before[end - 1] == '\n' && before[end - 2] == '\r');
		size_t start = lines_last_start(before, line_end);
		size_t len = line_end - start;
		struct offline_blanks blanks;
		struct offline_cut cut;
		const char *line = offline_strip(before + start, &len, &blanks);

		end = start;
		if (!len) {
			context->gap += !context->above_count;
			continue;
		}
		offline_cut(&context->offline->lines, line, len, &cut);
		if (!context->above_count)
			context->above_blanks = blanks;
		context->above[context->above_count++] = cut.opaque
			? LINE_OPAQUE
			: offline_lines_find(&context->offline->lines, cut.tokens, cut.count);
	}
}

/* The cursor's line: whole tokens, and what the cursor stands in. False: too long. */
static bool take_head(struct offline_context *context, const char *line, size_t len)
{
	size_t at = 0;
	unsigned tabs = 0;
	unsigned spaces = 0;

	for (; len && (*line == ' ' || *line == '\t'); line++, len--) {
		tabs += *line == '\t';
		spaces += *line == ' ';
	}
	if (len > LINE_BYTES_MAX || tabs > UINT8_MAX || spaces > UINT8_MAX)
		return false;
	context->blanks = (struct offline_blanks){ (uint8_t)tabs, (uint8_t)spaces };
	context->partial = line + len;
	while (at < len) {
		struct token token;

		token_next(line, len, &at, &token);
		if (at == len && token.open_ended) {
			context->partial = line + token.start;
			context->partial_len = len - token.start;
			return context->partial_len <= WORD_MAX;
		}
		if (context->head.count == LINE_TOKENS_MAX)
			return false;
		context->head.tokens[context->head.count++] = offline_words_find(&context->offline->lines.words,
														  line + token.text, token.end - token.text) |
			(token.spaced ? TOKEN_SPACED : 0);
	}
	return true;
}

static bool take_context(struct offline_context *context, struct offline *offline, const struct offline_request *r,
	const char *before, size_t len)
{
	size_t start = lines_last_start(before, len);
	struct indent indent = { 0 };

	*context = (struct offline_context){
		.offline = offline, .doc = offline_find(offline, r->uri), .syntax = syntax_of(r->language), .line = r->line
	};
	indent_learn(&indent, syntax_of(r->language), before, len);
	context->style.tabs = indent_is_tabs(&indent, r->insert_spaces);
	context->style.unit = (unsigned)indent_unit(&indent, r->insert_spaces, r->tab_size);
	take_above(context, before, start);
	return take_head(context, before + start, len - start);
}

static bool in_prose(const struct offline_context *context, const char *before, size_t len)
{
	size_t start = lines_last_start(before, len);
	struct syntax_walk walk = { .syntax = context->syntax, .s = before, .len = len };
	size_t pos;

	if ((context->syntax->flags & SYNTAX_PROSE) || syntax_line_is_comment(context->syntax, before + start, len - start))
		return true;
	while (syntax_next(&walk, &pos) != SYNTAX_END)
		;
	return walk.state.where == SYNTAX_IN_LINE_COMMENT || walk.state.where == SYNTAX_IN_BLOCK_COMMENT ||
	       (walk.state.where == SYNTAX_IN_STRING && walk.state.triple);
}

/* --- the draft --- */

static void add_blanks(struct strbuf *text, struct offline_blanks blanks, struct offline_blanks typed)
{
	for (unsigned i = typed.tabs; i < blanks.tabs; i++)
		strbuf_addch(text, '\t');
	for (unsigned i = typed.spaces; i < blanks.spaces; i++)
		strbuf_addch(text, ' ');
}

/* The step's token, less what is typed of it. */
static void add_token(struct offline_context *context, const struct offline_step *step, struct offline_draft *draft)
{
	const struct offline_word *word = offline_token_word(context->offline, step->token);
	size_t typed = context->partial_len;

	if (!context->head.count && !typed) {
		add_blanks(draft->text, step->blanks, context->blanks);
		context->blanks = step->blanks;
	}
	if (step->token & TOKEN_SPACED) {
		if (typed)
			typed--;
		else
			strbuf_addch(draft->text, ' ');
	}
	strbuf_add(draft->text, word->text + typed, word->len - typed);
	context->partial_len = 0;
	context->chained = true;
	context->head.tokens[context->head.count++] = step->token;
}

/* Goes to the next line, and begins it; false: nothing sure is there. */
static bool next_line(
	struct offline_context *context, struct offline_pool *pool, struct offline_step *step, struct offline_blanks floor)
{
	memmove(context->above + 1, context->above, (LINES_ABOVE - 1) * sizeof(context->above[0]));
	context->above[0] = offline_lines_find(&context->offline->lines, context->head.tokens, context->head.count);
	if (context->above_count < LINES_ABOVE)
		context->above_count++;
	context->above_blanks = context->blanks;
	context->blanks = (struct offline_blanks){ 0, 0 };
	context->gap = 0;
	context->head.count = 0;
	context->chained = true;
	offline_match(context, pool);
	if (!offline_predict(context, pool, step) || step->token >= TOKEN_STOP)
		return false;
	return step->blanks.tabs >= floor.tabs && step->blanks.tabs + step->blanks.spaces >= floor.tabs + floor.spaces;
}

static void write_draft(
	struct offline_context *context, struct offline_pool *pool, size_t max_lines, struct offline_draft *draft)
{
	struct offline_blanks floor = { 0, 0 };
	struct offline_step step;
	double probability = 1;
	size_t lines = 1;

	offline_match(context, pool);
	draft->candidates = pool->count;
	if (!offline_predict(context, pool, &step))
		return;
	draft->first = step;
	draft->any = true;
	while (draft->count < POINTS_MAX && step.token != TOKEN_STOP) {
		if (context->offline->step_count < STEPS_KEPT)
			context->offline->steps[context->offline->step_count++] = step;
		probability *= step.probability;
		if (step.token == TOKEN_EOL) {
			if (draft->count)
				draft->points[draft->count - 1].line_end = true;
			else if (!context->head.count)
				return;
			if (probability < HOPELESS || lines == max_lines || lines == LINES_MAX_AHEAD)
				return;
			if (lines++ == 1)
				floor = context->blanks;
			if (!next_line(context, pool, &step, floor))
				return;
			strbuf_addch(draft->text, '\n');
			continue;
		}
		if (probability < HOPELESS || context->head.count == LINE_TOKENS_MAX)
			return;
		add_token(context, &step, draft);
		draft->points[draft->count++] =
			(struct offline_point){ draft->text->len, probability, lines, false };
		offline_pool_take(context, pool, &step);
		if (!offline_predict(context, pool, &step))
			return;
	}
}

/* --- the choice --- */

/* True if what ends here should go on: the editor would add a closer of its own, or it ends in blanks. */
static bool ends_open(const char *s, size_t len)
{
	return len && strchr("([{\"'` \t\n", s[len - 1]);
}

static bool worth_showing(const char *s, size_t len)
{
	size_t marks = 0;

	for (size_t i = 0; i < len; i++) {
		if (token_is_word(s[i]))
			return len > 1;
		marks += !strchr(" \t\n)]};,", s[i]);
	}
	return marks > 1;
}

/* The point where the text to offer ends; NULL: nothing is sure enough. */
static const struct offline_point *choose(const struct offline_draft *draft, size_t limit, double threshold)
{
	const char *s = draft->text->data;
	size_t n = 0;
	size_t last;

	while (n < draft->count && draft->points[n].len <= limit && draft->points[n].probability >= threshold)
		n++;
	for (size_t i = n; i < draft->count && n && draft->points[i].lines == draft->points[n - 1].lines; i++) {
		if (draft->points[i].line_end && draft->points[i].len <= limit &&
		    draft->points[i].probability >= FINISHING * threshold)
			n = i + 1;
	}
	/* Of several lines the last should be whole. */
	for (last = n; last && draft->points[last - 1].lines > 1 && !draft->points[last - 1].line_end; last--)
		;
	if (last && draft->points[last - 1].line_end)
		n = last;
	while (n && !draft->points[n - 1].line_end && ends_open(s, draft->points[n - 1].len))
		n--;
	return n ? &draft->points[n - 1] : NULL;
}

/* Appends the draft with the line ends of the document. */
static void add_text(struct strbuf *out, const char *s, size_t len, bool crlf)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n' && crlf)
			strbuf_addch(out, '\r');
		strbuf_addch(out, s[i]);
	}
	if (out->full)
		strbuf_reset(out);
}

static enum offline_reason offer(const struct offline_request *r, const struct offline_context *context,
	const struct offline_draft *draft, struct strbuf *out, double *probability)
{
	size_t limit = offline_fit(draft, r->after, at_most_excerpt(r->after_len), context->at_start);
	double threshold = r->level == OFFLINE_SURE ? SURE : LIKELY;
	const struct offline_point *end = choose(draft, draft->text->len, threshold);

	if (!end)
		return OFFLINE_UNSURE;
	*probability = end->probability;
	if (context->prose && !(draft->first.whole && (draft->first.tokens >= SENTENCE_TOKENS || draft->first.above)))
		return OFFLINE_PROSE;
	if (end->len > limit)
		end = choose(draft, limit, threshold);
	if (!end || (!end->len && !limit))
		return OFFLINE_THERE;
	if (!worth_showing(draft->text->data, end->len))
		return OFFLINE_SHORT;
	add_text(out, draft->text->data, end->len, context->crlf);
	return out->len ? OFFLINE_OFFERED : OFFLINE_SHORT;
}

static void set_line_aside(struct offline *offline, const struct offline_request *r, const char *before, size_t len)
{
	size_t start = lines_last_start(before, len);
	size_t rest = lines_first_end(r->after, r->after_len);
	struct strbuf line;

	strbuf_init(&line, LINE_BYTES_MAX);
	strbuf_add(&line, before + start, len - start);
	strbuf_add(&line, r->after, rest);
	if (line.full)
		offline_settle(offline);
	else
		offline_set_aside(offline, offline_find(offline, r->uri), r->line, line.data, line.len);
	strbuf_release(&line);
}

bool offline_complete(struct offline *offline, const struct offline_request *r, struct strbuf *out,
		      struct offline_verdict *verdict)
{
	size_t len = at_most_excerpt(r->before_len);
	const char *before = r->before + r->before_len - len;
	size_t max_lines = r->max_lines ? r->max_lines : LIMIT_COMPLETION_LINES;
	struct offline_context context;
	struct offline_draft draft = { .text = &offline->draft, .first.token = TOKEN_STOP };

	offline->step_count = 0;
	*verdict = (struct offline_verdict){ .reason = OFFLINE_NOTHING };
	strbuf_reset(out);
	strbuf_reset(&offline->draft);
	set_line_aside(offline, r, before, len);
	if (r->after_len && token_is_word(r->after[0])) {
		verdict->reason = OFFLINE_IN_WORD;
		return false;
	}
	if (!take_context(&context, offline, r, before, len))
		return false;
	context.at_start = !context.head.count && !context.partial_len;
	context.crlf = memmem(before, len, "\r\n", 2) || memmem(r->after, at_most_excerpt(r->after_len), "\r\n", 2);
	context.prose = in_prose(&context, before, len);
	write_draft(&context, offline->pool, max_lines, &draft);
	verdict->candidates = (unsigned)draft.candidates;
	if (!draft.any)
		return false;
	verdict->tokens = draft.first.tokens;
	verdict->lines_above = draft.first.above;
	verdict->probability = draft.first.probability;
	verdict->reason = offer(r, &context, &draft, out, &verdict->probability);
	return verdict->reason == OFFLINE_OFFERED;
}
