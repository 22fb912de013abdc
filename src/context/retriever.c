/*
 * A job prepares for one document, step by step, each in a turn of its own if it had to read something. Jobs wait in a
 * list, and so do those who want to know when one is done. What belongs to a document (struct focus) is remembered for
 * a few of them.
 */
#include "eke/context/retriever.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/clock.h"
#include "eke/base/limits.h"
#include "eke/base/list.h"
#include "eke/base/log.h"
#include "eke/base/mem.h"
#include "eke/text/uri.h"
#include "gathering.h"

#define FOCUSES 8
/* Related files are looked for again after that, although the imports are the same: files come and go. */
#define RELATED_MS 10000
/* Steps of a turn that find nothing to read. */
#define IDLE_STEPS 32

enum job_state {
	JOB_DOCUMENT, /* looks through the document itself */
	JOB_RELATED, /* finds files */
	JOB_FILES, /* reads them */
	JOB_OPEN, /* looks through open documents */
	JOB_CHANGES, /* compares those that were changed with what they were */
};

struct job {
	char *uri;
	enum job_state state;
	size_t at; /* of the files */
	struct job *next;
};

/* A call of retriever_prepare() that is not answered yet. */
struct pending {
	uint64_t id;
	struct retriever *retriever;
	char *uri;
	struct timer *timer;
	loop_fn *done;
	void *ctx;
	struct pending *next;
};

static void work(void *ctx);

struct retriever *retriever_new(struct loop *loop, struct docs *docs, struct workspace *workspace)
{
	struct retriever *r = xcalloc(1, sizeof(*r));

	r->loop = loop;
	r->docs = docs;
	r->workspace = workspace;
	r->sources = sources_new(docs, workspace);
	r->changes = changes_new();
	r->timer = timer_new(loop, work, r);
	return r;
}

static void focus_free(struct focus *focus)
{
	related_release(&focus->related);
	free(focus->uri);
	free(focus);
}

static void forget_focuses(struct retriever *r)
{
	while (r->focuses) {
		struct focus *focus = r->focuses;

		r->focuses = focus->next;
		focus_free(focus);
	}
}

static void job_end(struct retriever *r)
{
	struct job *job = r->jobs;

	r->jobs = job->next;
	free(job->uri);
	free(job);
}

static void pending_end(struct pending *p)
{
	list_unlink(p->retriever->pending, p);
	timer_free(p->timer);
	free(p->uri);
	free(p);
}

void retriever_free(struct retriever *r)
{
	if (!r)
		return;
	while (r->pending)
		pending_end(r->pending);
	while (r->jobs)
		job_end(r);
	timer_free(r->timer);
	forget_focuses(r);
	changes_free(r->changes);
	sources_free(r->sources);
	free(r);
}

void retriever_forget(struct retriever *r)
{
	sources_forget(r->sources);
	forget_focuses(r);
	for (struct job *job = r->jobs; job; job = job->next) {
		job->state = JOB_DOCUMENT;
		job->at = 0;
	}
}

void retriever_observe(struct retriever *r, const struct docs_event *event)
{
	changes_observe(r->changes, event);
}

/* The focus of this document, made if there is none; it is the first then. */
static struct focus *focus_of(struct retriever *r, const char *uri)
{
	struct focus *focus = r->focuses;
	struct focus **last = &r->focuses;
	size_t count = 1;

	while (focus && strcmp(focus->uri, uri) != 0)
		focus = focus->next;
	if (focus) {
		list_unlink(r->focuses, focus);
	} else {
		focus = xcalloc(1, sizeof(*focus));
		focus->uri = xstrdup(uri);
	}
	focus->next = r->focuses;
	r->focuses = focus;
	while (*last && count++ <= FOCUSES)
		last = &(*last)->next;
	if (*last) {
		focus_free(*last);
		*last = NULL;
	}
	return focus;
}

/* --- reading ahead --- */

static enum refreshed refresh(struct retriever *r, const char *uri, const char *path, const char *folder)
{
	const struct doc *doc = docs_find(r->docs, uri);

	if (doc)
		return sources_refresh_document(r->sources, doc);
	return folder ? sources_refresh_file(r->sources, path) : REFRESHED_NOT;
}

/* True if something was read. */
static bool step_document(struct retriever *r, struct job *job)
{
	char *path = uri_to_path(job->uri);
	const char *folder = path ? workspace_folder_of(r->workspace, path) : NULL;
	enum refreshed refreshed = refresh(r, job->uri, path, folder);
	const struct source *source = sources_find(r->sources, job->uri);
	struct related *related = &focus_of(r, job->uri)->related;

	if (refreshed != REFRESHED_PARTLY) {
		job->state = JOB_OPEN;
		job->at = 0;
	}
	if (source && folder && refreshed != REFRESHED_PARTLY) {
		if (!related->path || related->hash != related_hash(source->digest) ||
			clock_mono_ms() - related->made_ms >= RELATED_MS) {
			related_release(related);
			related_begin(related, path, folder, source->language, source->digest);
		}
		related->folder = folder;
		job->state = JOB_RELATED;
	}
	free(path);
	return refreshed != REFRESHED_NOT;
}

/* To the next file or document, if all of this one is known. */
static bool has_worked(struct job *job, enum refreshed refreshed)
{
	job->at += refreshed != REFRESHED_PARTLY;
	return refreshed != REFRESHED_NOT;
}

static bool step_open(struct retriever *r, struct job *job)
{
	const struct doc *doc = docs_first(r->docs);

	for (size_t i = 0; doc && i < job->at; i++)
		doc = doc_next(doc);
	if (!doc || job->at >= LIMIT_CONTEXT_DOCUMENTS) {
		job->state = JOB_CHANGES;
		job->at = 0;
		return false;
	}
	return has_worked(job, doc_is_kept(doc) ? sources_refresh_document(r->sources, doc) : REFRESHED_NOT);
}

static bool step_changes(struct retriever *r, struct job *job)
{
	struct change *c = changes_first(r->changes);
	const struct source *source;
	const struct doc *doc;

	for (size_t i = 0; c && i < job->at; i++)
		c = c->next;
	if (!c || !change_is_recent(c) || job->at++ >= CHANGED_MAX) {
		job_end(r);
		return false;
	}
	source = sources_find(r->sources, c->uri);
	doc = docs_find(r->docs, c->uri);
	/* What is known may be older than a change that came in between. */
	return source && doc && source->revision == doc_revision(doc) &&
		change_compare(c, source->digest->text, source->digest->len, !strcmp(job->uri, c->uri));
}

static bool step(struct retriever *r)
{
	struct job *job = r->jobs;
	struct related *related;

	if (job->state == JOB_DOCUMENT)
		return step_document(r, job);
	if (job->state == JOB_OPEN)
		return step_open(r, job);
	if (job->state == JOB_CHANGES)
		return step_changes(r, job);
	related = &focus_of(r, job->uri)->related;
	if (job->state == JOB_RELATED) {
		if (related->path && related_step(related))
			return true;
		job->state = JOB_FILES;
		return false;
	}
	if (related->path && job->at < related->count)
		return has_worked(job, sources_refresh_file(r->sources, related->files[job->at].path));
	job->state = JOB_OPEN;
	job->at = 0;
	return false;
}

static bool has_job(const struct retriever *r, const char *uri)
{
	const struct job *job = r->jobs;

	while (job && strcmp(job->uri, uri) != 0)
		job = job->next;
	return job != NULL;
}

/* Whoever waits for a document that has no job any more is told. */
static void tell_done(struct retriever *r)
{
	struct pending *p = r->pending;

	while (p) {
		loop_fn *done = p->done;
		void *ctx = p->ctx;

		if (has_job(r, p->uri)) {
			p = p->next;
			continue;
		}
		pending_end(p);
		done(ctx);
		/* It may have changed the list. */
		p = r->pending;
	}
}

static void work(void *ctx)
{
	struct retriever *r = ctx;

	for (int i = 0; r->jobs && i < IDLE_STEPS; i++)
		if (step(r))
			break;
	if (r->jobs)
		timer_start(r->timer, 0);
	tell_done(r);
}

static void on_waited(void *ctx)
{
	struct pending *p = ctx;
	loop_fn *done = p->done;
	void *done_ctx = p->ctx;

	log_debug("context: not all files are read yet");
	pending_end(p);
	done(done_ctx);
}

static bool is_in_workspace(const struct retriever *r, const char *uri)
{
	char *path = uri_to_path(uri);
	bool found = path && workspace_folder_of(r->workspace, path);

	free(path);
	return found;
}

uint64_t retriever_prepare(struct retriever *r, const char *uri, loop_fn *done, void *ctx)
{
	const struct doc *doc = docs_find(r->docs, uri);
	struct pending *p;

	if (doc ? !doc_is_kept(doc) : !is_in_workspace(r, uri))
		return 0;
	if (!has_job(r, uri)) {
		struct job *job = xcalloc(1, sizeof(*job));

		job->uri = xstrdup(uri);
		list_append(r->jobs, job);
		timer_start(r->timer, 0);
	}
	if (!done)
		return ++r->last_id;
	p = xcalloc(1, sizeof(*p));
	p->id = ++r->last_id;
	p->retriever = r;
	p->uri = xstrdup(uri);
	p->done = done;
	p->ctx = ctx;
	p->timer = timer_new(r->loop, on_waited, p);
	timer_start(p->timer, LIMIT_CONTEXT_WAIT_MS);
	list_append(r->pending, p);
	return p->id;
}

void retriever_cancel(struct retriever *r, uint64_t id)
{
	struct pending *p = r->pending;

	while (p && p->id != id)
		p = p->next;
	if (p)
		pending_end(p);
}

/* --- choosing --- */

void retriever_choose(struct retriever *r, const struct retrieval *in, struct snippets *out)
{
	struct focus *focus = focus_of(r, in->uri);
	struct gathering g = { .count = 0 };
	struct packing_input input;
	struct standing_blocks blocks;
	struct packing packing;
	size_t changes = 0;

	*out = (struct snippets){ .items = NULL };
	gathering_fill(r, focus, in, &g);
	input = (struct packing_input){ .names = sources_names(r->sources),
		.cursor = in->cursor,
		.files = g.files,
		.file_count = g.count,
		.sources = in->sources,
		.declarations = in->declarations,
		.tokens = in->tokens,
		.tokens_per_file = in->tokens_per_file,
		.kept = &focus->standing.all,
		.price = focus->standing.price };
	if (!in->declarations) {
		standing_find(&focus->standing, g.files, g.keys, g.count, &blocks);
		input.blocks = blocks.items;
		input.block_count = blocks.count;
	}
	pack(&input, &packing);
	for (size_t i = 0; i < packing.count;) {
		size_t file = packing.items[i].file;
		size_t end = packing_block_end(&packing, i);

		if (g.sources[file])
			snippets_add(
				out, &g.files[file], g.sources[file]->shown, g.sources[file]->language, &packing.items[i], end - i);
		for (changes = 0; !g.sources[file] && g.owned[changes] != g.files[file].digest; changes++)
			continue;
		if (!g.sources[file])
			snippets_add(out, &g.files[file], g.shown[changes], "diff", &packing.items[i], end - i);
		i = end;
	}
	out->tokens = packing.tokens;
	if (in->keep)
		standing_remember(&focus->standing, g.files, g.keys, &packing);
	packing_release(&packing);
	gathering_release(&g);
}

void retriever_evidence(struct retriever *r, const struct retrieval *in, struct evidence *out)
{
	struct gathering g = { .count = 0 };

	gathering_fill(r, focus_of(r, in->uri), in, &g);
	*out = (struct evidence){ .keep_features = true };
	evidence_gather(out, sources_names(r->sources), &in->cursor, g.files, g.count);
	gathering_release(&g);
}

struct names *retriever_names(const struct retriever *r)
{
	return sources_names(r->sources);
}
