/*
 * The prompt of the chat emulation: which number its tags have, and what of the excerpts fits. Its words are in
 * prompt_text.c. struct prompt owns its strings; everything else is borrowed for a call.
 */
#include "eke/complete/prompt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "eke/base/limits.h"
#include "eke/base/utf.h"
#include "prompt_text.h"

/*
 * Rules and examples take at most this part of a capped prompt: all examples go along from some 3,400 tokens on, one
 * from 1,600. At 2,048 tokens the room of all four shows 15 to 24 more of 100 names that the next lines need, at 4,096
 * three (bench_context), and below 1,200 the text around the cursor alone takes all there is.
 */
#define FRAME_PART 4
#define MESSAGE_OVERHEAD 5      /* tokens of a message's role and separators */
/* The marks that a service puts around and between the excerpts: begin, prefix, suffix, middle, each once. */
#define FIM_OVERHEAD 4

void prompt_init(struct prompt *p)
{
	*p = (struct prompt){ .tag_number = 0 };
	strbuf_init(&p->system, LIMIT_COMPLETION);
	strbuf_init(&p->user, LIMIT_PROMPT);
	for (size_t i = 0; i < PROMPT_EXAMPLES; i++) {
		strbuf_init(&p->questions[i], LIMIT_COMPLETION);
		strbuf_init(&p->answers[i], LIMIT_COMPLETION);
	}
}

void prompt_release(struct prompt *p)
{
	if (!p)
		return;
	strbuf_release(&p->system);
	strbuf_release(&p->user);
	for (size_t i = 0; i < PROMPT_EXAMPLES; i++) {
		strbuf_release(&p->questions[i]);
		strbuf_release(&p->answers[i]);
	}
}

size_t prompt_messages(const struct prompt *p, struct request_message messages[PROMPT_MESSAGES])
{
	size_t n = 0;

	messages[n++] = (struct request_message){ "system", p->system.data, p->system.len };
	for (size_t i = 0; i < p->example_count; i++) {
		messages[n++] = (struct request_message){ "user", p->questions[i].data, p->questions[i].len };
		messages[n++] = (struct request_message){ "assistant", p->answers[i].data, p->answers[i].len };
	}
	messages[n++] = (struct request_message){ "user", p->user.data, p->user.len };
	return n;
}

bool prompt_model_repeats_line(const char *model)
{
	static const char *const families[] = { "claude" };

	for (size_t i = 0; model && i < ARRAY_LEN(families); i++)
		if (strcasestr(model, families[i]))
			return true;
	return false;
}

static bool has_mark(const char *s, size_t len, const char *word, size_t word_len)
{
	const char *end = s + len;

	while ((s = memchr(s, '<', (size_t)(end - s)))) {
		const char *name = s + 1;

		if (name < end && *name == '/')
			name++;
		if ((size_t)(end - name) >= word_len && !strncasecmp(name, word, word_len))
			return true;
		s++;
	}
	return false;
}

static bool context_has_mark(const struct snippets *context, const char *word, size_t len)
{
	for (size_t i = 0; context && i < context->count; i++)
		if (has_mark(context->items[i].text, context->items[i].len, word, len) ||
			has_mark(context->items[i].path, strlen(context->items[i].path), word, len))
			return true;
	return false;
}

static bool number_is_free(const struct prompt_input *in, unsigned number)
{
	static const char *const names[] = { "document", "cursor", "completion", "context" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char word[32];
		size_t n = (size_t)(number ? snprintf(word, sizeof(word), "%s%u", names[i], number)
								   : snprintf(word, sizeof(word), "%s", names[i]));

		if (has_mark(in->prefix, in->prefix_len, word, n) || has_mark(in->suffix, in->suffix_len, word, n) ||
			context_has_mark(in->context, word, n))
			return false;
		if (in->path && has_mark(in->path, strlen(in->path), word, n))
			return false;
		if (in->language && has_mark(in->language, strlen(in->language), word, n))
			return false;
	}
	return true;
}

/*
 * The longest beginning of s, or end of s if `tail`, of at most `tokens`. Bisection: the estimate grows
 * with the text.
 */
static size_t fit(const char *s, size_t len, size_t tokens, bool tail)
{
	size_t lo = 0;
	size_t hi = len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo + 1) / 2;

		if (prompt_tokens(tail ? s + len - mid : s, mid) <= tokens)
			lo = mid;
		else
			hi = mid - 1;
	}
	if (!tail)
		return utf8_cut(s, len, lo);
	while (lo && !utf8_is_boundary(s, len, len - lo))
		lo--;
	return lo;
}

/* Cuts the excerpts of `in` so that they take at most `room` tokens. */
static void shrink(struct prompt_input *in, size_t room)
{
	size_t before = prompt_tokens(in->prefix, in->prefix_len);
	size_t after = prompt_tokens(in->suffix, in->suffix_len);
	size_t keep;

	if (before + after <= room)
		return;
	keep = fit(in->suffix, in->suffix_len, before < room - room / 4 ? room - before : room / 4, false);
	after = prompt_tokens(in->suffix, keep);
	in->suffix_len = keep;
	if (before + after > room) {
		keep = fit(in->prefix, in->prefix_len, room - after, true);
		in->prefix += in->prefix_len - keep;
		in->prefix_len = keep;
		in->from_start = false;
	}
}

bool prompt_cut_excerpt(struct prompt_input *in, size_t *tokens)
{
	if (in->max_tokens && in->max_tokens <= FIM_OVERHEAD)
		return false;
	if (in->max_tokens)
		shrink(in, in->max_tokens - FIM_OVERHEAD);
	*tokens = FIM_OVERHEAD + prompt_tokens(in->prefix, in->prefix_len) + prompt_tokens(in->suffix, in->suffix_len);
	return true;
}

static size_t message_tokens(const struct strbuf *content)
{
	return MESSAGE_OVERHEAD + prompt_tokens(content->data, content->len);
}

static void write_messages(const struct prompt_input *in, struct prompt *p, const char *number)
{
	size_t frame;

	strbuf_reset(&p->system);
	strbuf_reset(&p->user);
	prompt_text_system(&p->system, in, number);
	prompt_text_user(&p->user, in, number);
	p->tokens = message_tokens(&p->system) + message_tokens(&p->user);
	/* Where the cap is low the user's own text goes before examples. */
	frame = message_tokens(&p->system);
	p->example_count = 0;
	for (size_t i = 0; i < PROMPT_EXAMPLES; i++) {
		size_t tokens;

		strbuf_reset(&p->questions[i]);
		strbuf_reset(&p->answers[i]);
		prompt_text_example(i, &p->questions[i], &p->answers[i], in, number);
		tokens = message_tokens(&p->questions[i]) + message_tokens(&p->answers[i]);
		if (in->max_tokens && frame + tokens > in->max_tokens / FRAME_PART)
			break;
		frame += tokens;
		p->tokens += tokens;
		p->example_count++;
	}
}

bool prompt_build(const struct prompt_input *in, struct prompt *p)
{
	struct prompt_input cut = *in;
	struct snippets fewer;
	char number[12] = "";
	bool fits;

	p->tag_number = 0;
	while (!number_is_free(in, p->tag_number))
		p->tag_number++;
	if (p->tag_number)
		snprintf(number, sizeof(number), "%u", p->tag_number);
	snprintf(p->stop_text, sizeof(p->stop_text), "</completion%s>", number);
	p->stop[0] = p->stop_text;
	p->stop_count = in->candidates > 1 ? 0 : 1;

	write_messages(in, p, number);
	/*
	 * The line that is shown twice grows and shrinks with the excerpts: a second round takes what the
	 * first left over.
	 */
	for (int round = 0; round < 3 && in->max_tokens && p->tokens > in->max_tokens; round++) {
		size_t excerpts =
			prompt_tokens(cut.prefix, cut.prefix_len) + prompt_tokens(cut.suffix, cut.suffix_len);
		size_t excess = p->tokens - in->max_tokens + 2;

		shrink(&cut, excerpts > excess ? excerpts - excess : 0);
		write_messages(&cut, p, number);
	}
	p->prefix_len = cut.prefix_len;
	p->suffix_len = cut.suffix_len;
	fits = !p->user.full && !p->system.full && (!in->max_tokens || p->tokens <= in->max_tokens);
	if (!in->context || (fits && cut.prefix_len == in->prefix_len && cut.suffix_len == in->suffix_len))
		return fits;
	/* The current text goes before all context. */
	cut = *in;
	fewer = *in->context;
	fewer.count /= 2;
	cut.context = fewer.count ? &fewer : NULL;
	return prompt_build(&cut, p);
}
