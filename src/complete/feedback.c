/*
 * Rhythm and outcomes. struct feedback owns a fixed array of feedback, one a document; the least recently used one
 * makes room for a new document.
 */
#include "feedback.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/limits.h"
#include "eke/base/mem.h"

/* Longer gaps are pauses, shorter ones are the editor's own doing. */
#define GAP_MOST_MS 1000
#define GAP_LEAST_MS 15
/* A new gap counts by this share. */
#define GAP_WEIGHT 0.15
/* Bytes of a suggestion that, once typed, prove it useful, whatever comes then. */
#define FOLLOWED 24
/* Bytes behind the place where the typing left a suggestion; farther on it is meant. */
#define ASTRAY_MOST 12

struct feedback {
	struct doc_feedback slots[LIMIT_FEEDBACK_DOCUMENTS];
	uint64_t used[LIMIT_FEEDBACK_DOCUMENTS]; /* by use_count; 0: free */
	uint64_t use_count;
	int64_t last_tick_ms;
	double gap_ms;
};

struct feedback *feedback_new(void)
{
	return xcalloc(1, sizeof(struct feedback));
}

static void doc_feedback_release(struct doc_feedback *doc)
{
	free(doc->uri);
	strbuf_release(&doc->offered);
}

void feedback_free(struct feedback *feedback)
{
	if (!feedback)
		return;
	for (size_t i = 0; i < LIMIT_FEEDBACK_DOCUMENTS; i++)
		if (feedback->used[i])
			doc_feedback_release(&feedback->slots[i]);
	free(feedback);
}

void feedback_keystroke(struct feedback *feedback, int64_t now_ms)
{
	int64_t gap = now_ms - feedback->last_tick_ms;

	feedback->last_tick_ms = now_ms;
	if (gap < GAP_LEAST_MS || gap > GAP_MOST_MS)
		return;
	feedback->gap_ms = feedback->gap_ms > 0 ? feedback->gap_ms + GAP_WEIGHT * ((double)gap - feedback->gap_ms)
											: (double)gap;
}

int64_t feedback_gap_ms(const struct feedback *feedback)
{
	return (int64_t)feedback->gap_ms;
}

struct doc_feedback *feedback_of_doc(struct feedback *feedback, const char *uri)
{
	size_t oldest = 0;
	struct doc_feedback *doc;

	for (size_t i = 0; i < LIMIT_FEEDBACK_DOCUMENTS; i++) {
		if (feedback->used[i] && !strcmp(feedback->slots[i].uri, uri)) {
			feedback->used[i] = ++feedback->use_count;
			return &feedback->slots[i];
		}
		if (feedback->used[i] < feedback->used[oldest])
			oldest = i;
	}
	doc = &feedback->slots[oldest];
	if (feedback->used[oldest])
		doc_feedback_release(doc);
	*doc = (struct doc_feedback){ .uri = xstrdup(uri) };
	strbuf_init(&doc->offered, LIMIT_COMPLETION_TEXT);
	feedback->used[oldest] = ++feedback->use_count;
	return doc;
}

struct doc_feedback *feedback_latest(struct feedback *feedback)
{
	size_t latest = 0;

	for (size_t i = 1; i < LIMIT_FEEDBACK_DOCUMENTS; i++)
		if (feedback->used[i] > feedback->used[latest])
			latest = i;
	return feedback->used[latest] ? &feedback->slots[latest] : NULL;
}

void doc_feedback_offer(struct doc_feedback *doc, size_t offset, uint64_t revision, const char *text, size_t len)
{
	doc->offset = offset;
	doc->revision = revision;
	strbuf_reset(&doc->offered);
	strbuf_add(&doc->offered, text, len);
}

static size_t common_prefix(const char *a, const char *b, size_t len)
{
	size_t n = 0;

	while (n < len && a[n] == b[n])
		n++;
	return n;
}

void doc_feedback_observe(struct doc_feedback *doc, size_t offset, const char *before, size_t before_len)
{
	size_t typed = offset - doc->offset;
	size_t compared = typed < doc->offered.len ? typed : doc->offered.len;
	size_t followed;

	if (!doc->offered.len || offset == doc->offset)
		return;
	/* The cursor went back, or far away: that says nothing. */
	if (offset < doc->offset || typed > before_len) {
		strbuf_reset(&doc->offered);
		return;
	}
	followed = common_prefix(before + before_len - typed, doc->offered.data, compared);
	if (followed < compared)
		doc->strayed_at = doc->offset + followed;
	if (followed < compared && followed < FOLLOWED && 2 * followed < doc->offered.len)
		doc_feedback_rejected(doc);
	else if (followed < compared || typed >= doc->offered.len)
		doc_feedback_accepted(doc);
}

size_t doc_feedback_remaining(const struct doc_feedback *doc, size_t offset, const char *text, size_t len)
{
	size_t typed = offset - doc->offset;
	size_t left;

	if (offset < doc->offset || typed >= doc->offered.len)
		return 0;
	left = doc->offered.len - typed;
	return left <= len && !memcmp(text, doc->offered.data + typed, left) ? left : 0;
}

bool doc_feedback_is_astray(const struct doc_feedback *doc, size_t offset, const char *before, size_t before_len)
{
	size_t since = offset - doc->strayed_at;

	if (!doc->strayed_at || offset <= doc->strayed_at || since > before_len || since > ASTRAY_MOST)
		return false;
	for (size_t i = before_len - since; i < before_len; i++)
		if (strchr(" \t\r\n", before[i]))
			return false;
	return true;
}

void doc_feedback_accepted(struct doc_feedback *doc)
{
	doc->rejected = 0;
	strbuf_reset(&doc->offered);
}

void doc_feedback_rejected(struct doc_feedback *doc)
{
	doc->rejected++;
	strbuf_reset(&doc->offered);
}

void doc_feedback_requested(struct doc_feedback *doc, size_t line)
{
	doc->requests = doc_feedback_requests_on(doc, line) + 1;
	doc->line = line;
}

unsigned doc_feedback_requests_on(const struct doc_feedback *doc, size_t line)
{
	return line == doc->line ? doc->requests : 0;
}
