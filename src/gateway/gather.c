/*
 * A tree that grows: its nodes own their texts and children, all is freed with the struct gather. What it holds is
 * capped: a stream with more is an error.
 */
#include "gather.h"

#include <stdlib.h>
#include <string.h>

#include "eke/base/json.h"
#include "eke/base/json_writer.h"
#include "eke/base/limits.h"
#include "eke/base/mem.h"
#include "eke/upstream/sse.h"
#include "eke/upstream/wire.h"
#include "openai_error.h"

/* What a node weighs beside its text. */
#define NODE_BYTES 64
/* Members of an object, elements of a list: they are looked for one by one. */
#define CHILDREN_MOST 1024
/* Objects in objects that are merged; deeper ones are replaced as they are. */
#define DEPTH_MOST 12

enum node_type {
	NODE_RAW, /* text is JSON: a number, true, false, null */
	NODE_STRING, /* text is the string */
	NODE_OBJECT,
	NODE_LIST, /* of nodes that have an index */
	NODE_ROW, /* text is the elements' JSON, commas between */
};

struct node {
	char *key; /* NULL: an element of a list */
	enum node_type type;
	int64_t index; /* in a list */
	struct strbuf text;
	struct node *children;
	size_t count; /* of children */
	struct node *next;
};

struct gather {
	bool is_chat;
	struct sse *sse;
	struct json_pool *pool;
	struct node *top;
	unsigned depth; /* of the object that is being merged */
	size_t bytes;
	bool too_large;
	bool over; /* [DONE] */
	struct strbuf error; /* the stream's, in OpenAI's form; empty: none */
	int status; /* of the error */
};

/* --- the tree --- */

static struct node *node_new(struct gather *g, const char *key, enum node_type type)
{
	struct node *node = xcalloc(1, sizeof(*node));

	node->key = key ? xstrdup(key) : NULL;
	node->type = type;
	strbuf_init(&node->text, LIMIT_ANSWER);
	g->bytes += NODE_BYTES + (key ? strlen(key) : 0);
	return node;
}

static void node_free(struct node *node)
{
	while (node && node->children) {
		struct node *child = node->children;

		node->children = child->next;
		node_free(child);
	}
	if (!node)
		return;
	strbuf_release(&node->text);
	free(node->key);
	free(node);
}

static void node_insert(struct gather *g, struct node *parent, struct node **at, struct node *child)
{
	child->next = *at;
	*at = child;
	g->too_large |= ++parent->count > CHILDREN_MOST;
}

static void node_append(struct gather *g, struct node *parent, struct node *child)
{
	struct node **at = &parent->children;

	while (*at)
		at = &(*at)->next;
	node_insert(g, parent, at, child);
}

static struct node *node_get(const struct node *parent, const char *key)
{
	struct node *node = parent->children;

	while (node && strcmp(node->key, key) != 0)
		node = node->next;
	return node;
}

/* The member, made if need be, of that type; what it held as another type is gone. */
static struct node *node_member(struct gather *g, struct node *parent, const char *key, enum node_type type)
{
	struct node *node = node_get(parent, key);

	if (!node) {
		node = node_new(g, key, type);
		node_append(g, parent, node);
	}
	if (node->type != type) {
		strbuf_reset(&node->text);
		while (node->children) {
			struct node *child = node->children;

			node->children = child->next;
			node_free(child);
		}
		node->count = 0;
		node->type = type;
	}
	return node;
}

static bool is_any(const char *key, const char *const *names)
{
	while (*names && strcmp(key, *names) != 0)
		names++;
	return *names != NULL;
}

/* Texts that come in pieces. */
static const char *const pieces[] = { "content", "reasoning_content", "reasoning", "refusal", "arguments", "input",
	"text", "thinking", "data", "transcript", NULL };

static void merge_object(struct gather *g, struct node *into, const struct json *object);

/*
 * The element of a list that a delta goes on with: that of its index; without one that of its id, or the last one if it
 * has no id either.
 */
static struct node *element(struct gather *g, struct node *list, const struct json *delta)
{
	const char *id = json_string(json_get(delta, "id"));
	bool has_index = json_int(json_get(delta, "index"), &(int64_t){ 0 });
	struct node *last = NULL;
	struct node **at = &list->children;
	int64_t index = 0;
	struct node *node;

	json_int(json_get(delta, "index"), &index);
	for (node = list->children; node; last = node, node = node->next) {
		const struct node *its = node_get(node, "id");

		if (has_index ? node->index == index : id && *id && its && !strcmp(its->text.data, id))
			return node;
	}
	if (!has_index && last && !(id && *id))
		return last;
	node = node_new(g, NULL, NODE_OBJECT);
	node->index = has_index ? index : last ? last->index + 1 : 0;
	/* By their index, whatever order they come in. */
	while (*at && (*at)->index <= node->index)
		at = &(*at)->next;
	node_insert(g, list, at, node);
	return node;
}

static void add_raw(struct gather *g, struct strbuf *text, const struct json *value)
{
	struct json_writer w;
	size_t before = text->len;

	json_writer_init(&w, text);
	json_put_tree(&w, value);
	json_writer_end(&w);
	g->too_large |= text->full;
	g->bytes += text->len - before;
}

static void merge_list(struct gather *g, struct node *into, const char *key, const struct json *list)
{
	bool by_index = !strcmp(key, "tool_calls");
	struct node *node = node_member(g, into, key, by_index ? NODE_LIST : NODE_ROW);

	for (const struct json *item = json_first(list); item && !g->too_large; item = json_next(item)) {
		if (by_index && json_is_object(item)) {
			merge_object(g, element(g, node, item), item);
		} else if (!by_index) {
			if (node->text.len)
				strbuf_addch(&node->text, ',');
			add_raw(g, &node->text, item);
		}
	}
}

static void merge_member(struct gather *g, struct node *into, const char *key, const struct json *value)
{
	const char *text = json_string(value);
	struct node *node;

	if (json_is_null(value)) {
		/* Present, unless something else was said. */
		if (!node_get(into, key))
			strbuf_adds(&node_member(g, into, key, NODE_RAW)->text, "null");
	} else if (text) {
		bool joined = is_any(key, pieces);

		node = node_get(into, key);
		/* "" in the place of something that was said once takes nothing back. */
		if (node && node->type == NODE_STRING && !joined && !*text)
			return;
		node = node_member(g, into, key, NODE_STRING);
		if (!joined)
			strbuf_reset(&node->text);
		g->too_large |= !strbuf_adds(&node->text, text);
		g->bytes += strlen(text);
	} else if (json_is_object(value) && g->depth < DEPTH_MOST) {
		merge_object(g, node_member(g, into, key, NODE_OBJECT), value);
	} else if (json_is_array(value)) {
		merge_list(g, into, key, value);
	} else {
		node = node_member(g, into, key, NODE_RAW);
		strbuf_reset(&node->text);
		add_raw(g, &node->text, value);
	}
}

static void merge_object(struct gather *g, struct node *into, const struct json *object)
{
	g->depth++;
	for (const struct json *m = json_first(object); m && !g->too_large; m = json_next(m)) {
		merge_member(g, into, json_key(m), m);
		g->too_large |= g->bytes > LIMIT_ANSWER;
	}
	g->depth--;
}

/* --- chunks --- */

static void take_choice(struct gather *g, const struct json *choice)
{
	struct node *into = element(g, node_member(g, g->top, "choices", NODE_LIST), choice);

	for (const struct json *m = json_first(choice); m; m = json_next(m)) {
		const char *key = json_key(m);
		bool is_message = !strcmp(key, "delta") || !strcmp(key, "message");

		if (is_message && json_is_object(m))
			merge_object(g, node_member(g, into, "message", NODE_OBJECT), m);
		else if (!is_message && strcmp(key, "index") != 0)
			merge_member(g, into, key, m);
	}
}

static void take_error(struct gather *g, const struct json *value)
{
	if (!g->error.len)
		g->status = openai_error_write(value, &g->error);
}

static void take_chunk(struct gather *g, const struct json *value, bool is_error)
{
	struct wire_chunk facts;

	if (json_is_array(value)) {
		for (const struct json *item = json_first(value); item; item = json_next(item))
			if (json_is_object(item))
				take_chunk(g, item, is_error);
		return;
	}
	if (!json_is_object(value))
		return;
	wire_decode(value, &facts);
	if (is_error || facts.is_error)
		take_error(g, value);
	for (const struct json *m = json_first(value); m && !is_error; m = json_next(m)) {
		const char *key = json_key(m);

		if (!strcmp(key, "choices")) {
			for (const struct json *c = json_is_array(m) ? json_first(m) : NULL; c && !g->too_large; c = json_next(c))
				if (json_is_object(c))
					take_choice(g, c);
		} else if (!strcmp(key, "usage") && json_is_object(m)) {
			/* The last one counts, as a whole. */
			struct node *usage = node_member(g, g->top, key, NODE_RAW);

			strbuf_reset(&usage->text);
			add_raw(g, &usage->text, m);
		} else if (strcmp(key, "object") != 0 && strcmp(key, "error") != 0 && strcmp(key, "usage") != 0 &&
			!json_is_null(m)) {
			merge_member(g, g->top, key, m);
		}
	}
	g->too_large |= g->bytes > LIMIT_ANSWER;
}

static bool on_event(void *ctx, struct sse_event *event)
{
	struct gather *g = ctx;
	const struct json *value;
	struct err ignored;

	if (!strncmp(event->data, "[DONE]", strlen("[DONE]"))) {
		g->over = true;
		return false;
	}
	json_pool_reset(g->pool);
	value = json_parse(g->pool, event->data, event->len, JSON_LENIENT, &ignored);
	if (value)
		take_chunk(g, value, event->is_error_field || !strcmp(event->type, "error"));
	return !g->too_large;
}

/* --- the object --- */

static void write_node(struct json_writer *w, const struct node *node, const char *key)
{
	switch (node->type) {
	case NODE_RAW:
		json_put_key(w, key);
		json_put_raw(w, node->text.data, node->text.len);
		break;
	case NODE_STRING:
		json_put_kstringn(w, key, node->text.data, node->text.len);
		break;
	case NODE_OBJECT:
		json_begin_object(w, key);
		for (const struct node *n = node->children; n; n = n->next)
			write_node(w, n, n->key);
		json_end_object(w);
		break;
	case NODE_LIST:
		json_begin_array(w, key);
		for (const struct node *n = node->children; n; n = n->next) {
			json_begin_object(w, NULL);
			for (const struct node *m = n->children; m; m = m->next)
				if (strcmp(m->key, "index") != 0)
					write_node(w, m, m->key);
			json_end_object(w);
		}
		json_end_array(w);
		break;
	case NODE_ROW:
		json_put_key(w, key);
		json_put_raw(w, "[", 1);
		strbuf_add(w->out, node->text.data, node->text.len);
		strbuf_addch(w->out, ']');
		break;
	}
}

static void write_message(struct json_writer *w, const struct node *message)
{
	static const char *const required[] = { "content", "refusal" };

	json_begin_object(w, "message");
	if (!message || !node_get(message, "role"))
		json_put_kstring(w, "role", "assistant");
	for (const struct node *n = message ? message->children : NULL; n; n = n->next)
		write_node(w, n, n->key);
	for (size_t i = 0; i < ARRAY_LEN(required); i++) {
		if (message && node_get(message, required[i]))
			continue;
		json_put_key(w, required[i]);
		json_put_null(w);
	}
	json_end_object(w);
}

static bool is_finished(const struct node *choice)
{
	const struct node *reason = node_get(choice, "finish_reason");

	return reason && reason->type == NODE_STRING && reason->text.len;
}

static void write_choice(const struct gather *g, struct json_writer *w, const struct node *choice)
{
	static const char *const apart[] = { "message", "finish_reason", "logprobs", NULL };
	const struct node *logprobs = node_get(choice, "logprobs");

	json_begin_object(w, NULL);
	json_put_kint(w, "index", choice->index);
	if (g->is_chat)
		write_message(w, node_get(choice, "message"));
	else if (!node_get(choice, "text"))
		json_put_kstring(w, "text", "");
	for (const struct node *n = choice->children; n; n = n->next)
		if (!is_any(n->key, apart))
			write_node(w, n, n->key);
	if (logprobs) {
		write_node(w, logprobs, "logprobs");
	} else {
		json_put_key(w, "logprobs");
		json_put_null(w);
	}
	if (is_finished(choice))
		write_node(w, node_get(choice, "finish_reason"), "finish_reason");
	else
		json_put_kstring(w, "finish_reason", "length");
	json_end_object(w);
}

static void write_answer(const struct gather *g, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_put_kstring(&w, "object", g->is_chat ? "chat.completion" : "text_completion");
	for (const struct node *n = g->top->children; n; n = n->next) {
		if (strcmp(n->key, "choices") != 0) {
			write_node(&w, n, n->key);
			continue;
		}
		json_begin_array(&w, "choices");
		for (const struct node *c = n->children; c; c = c->next)
			write_choice(g, &w, c);
		json_end_array(&w);
	}
	json_end_object(&w);
	json_writer_end(&w);
}

/* Does a choice hold more than that an answer began? */
static bool says_something(const struct node *node)
{
	static const char *const said[] = { "content", "reasoning_content", "reasoning", "refusal", "arguments", "input",
		"name", "text", NULL };

	for (const struct node *n = node->children; n; n = n->next)
		if ((n->key && n->type == NODE_STRING && n->text.len && is_any(n->key, said)) || says_something(n))
			return true;
	return false;
}

static bool is_answer(const struct gather *g)
{
	const struct node *choices = node_get(g->top, "choices");

	for (const struct node *c = choices ? choices->children : NULL; c; c = c->next)
		if (is_finished(c) || says_something(c))
			return true;
	return false;
}

/* --- its life --- */

struct gather *gather_new(bool is_chat)
{
	struct gather *g = xcalloc(1, sizeof(*g));

	g->is_chat = is_chat;
	g->sse = sse_new(on_event, g);
	g->pool = json_pool_new();
	g->top = node_new(g, NULL, NODE_OBJECT);
	strbuf_init(&g->error, LIMIT_BODY);
	return g;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	sse_free(g->sse);
	json_pool_free(g->pool);
	node_free(g->top);
	strbuf_release(&g->error);
	free(g);
}

void gather_feed(struct gather *g, const char *bytes, size_t len)
{
	sse_feed(g->sse, bytes, len);
}

int gather_end(struct gather *g, struct strbuf *out)
{
	sse_end(g->sse);
	if (g->too_large || sse_overflowed(g->sse)) {
		openai_error_put(
			out, "upstream_error", "answer_too_large", "The endpoint's answer is larger than the gateway takes.");
		return 502;
	}
	if (is_answer(g)) {
		write_answer(g, out);
		return 200;
	}
	if (g->error.len) {
		strbuf_add(out, g->error.data, g->error.len);
		return g->status;
	}
	openai_error_put(out, "upstream_error", "no_answer", "The endpoint sent a stream without an answer in it.");
	return 502;
}
