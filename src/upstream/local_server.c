/*
 * What a server on this machine is good for. Models are judged by their names, which is all that a list tells: the
 * tables are of words in them.
 */
#include "eke/upstream/local_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eke/base/json_writer.h"
#include "eke/base/mem.h"
#include "eke/base/url.h"
#include "eke/upstream/wire.h"

#define MODELS_NAMED 3

static const struct {
	const char *owner; /* in the answer; NULL: says nothing */
	const char *port;
	const char *title;
	const char *name;
} kinds[] = {
	[LOCAL_OTHER] = { NULL, NULL, "A model server", "local" },
	[LOCAL_OLLAMA] = { "library", ":11434", "Ollama", "ollama" },
	[LOCAL_LLAMACPP] = { "llamacpp", NULL, "llama.cpp", "llama.cpp" },
	[LOCAL_LM_STUDIO] = { "organization_owner", ":1234", "LM Studio", "lm-studio" },
};

void local_server_release(struct local_server *server)
{
	for (size_t i = 0; i < server->model_count; i++)
		free(server->models[i]);
	free(server->models);
	server->models = NULL;
	server->model_count = 0;
}

/* --- what it is --- */

/* Names go to terminals, which control characters could drive; those of C1 are C2 80 to C2 9F in UTF-8. */
static bool is_plain(const char *id)
{
	for (const char *p = id; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7F || ((unsigned char)p[0] == 0xC2 && (unsigned char)p[1] < 0xA0))
			return false;
	return *id != '\0';
}

static void add_model(void *ctx, const char *id)
{
	struct local_server *s = ctx;

	if (s->model_count == LIMIT_LOCAL_MODELS || !is_plain(id))
		return;
	s->models = xreallocarray(s->models, s->model_count + 1, sizeof(*s->models));
	s->models[s->model_count++] = xstrdup(id);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text);
	size_t m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static enum local_kind recognise(const char *address, const struct json *list)
{
	for (const struct json *model = json_first(list); model; model = json_next(model)) {
		const char *owner = json_string(json_get(model, "owned_by"));

		for (size_t i = 0; owner && i < ARRAY_LEN(kinds); i++)
			if (kinds[i].owner && !strcmp(kinds[i].owner, owner))
				return (enum local_kind)i;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].port && ends_with(address, kinds[i].port))
			return (enum local_kind)i;
	return LOCAL_OTHER;
}

bool local_server_decode(struct local_server *server, const struct json *answer)
{
	const struct json *list = json_get(answer, "data");

	const char *object = json_string(json_get(answer, "object"));

	if (!json_is_array(list) && !(json_is_null(list) && object && !strcmp(object, "list")))
		return false;
	server->kind = recognise(server->address, list);
	wire_models_decode(answer, add_model, server);
	return true;
}

const char *local_server_title(const struct local_server *server)
{
	return kinds[server->kind].title;
}

/* --- what its models are good for --- */

static bool has_any(const char *name, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(name, *words))
			return true;
	return false;
}

/* Makes no text at all. */
static bool is_no_writer(const char *id)
{
	static const char *const words[] = { "embed", "bge-", "bge:", "minilm", "gte-", "rerank", "whisper", "-tts", NULL };

	return has_any(id, words);
}

/* What stands behind the colon: "7b-code". */
static const char *tag_of(const char *id)
{
	return id + strcspn(id, ":");
}

/* Goes on writing, but was not taught to answer. */
static bool is_base(const char *id)
{
	static const char *const words[] = { "-base", ":base", "starcoder", NULL };
	static const char *const taught[] = { "instruct", "chat", NULL };

	return (has_any(id, words) || strcasestr(tag_of(id), "code")) && !has_any(id, taught);
}

static bool is_for_code(const char *id)
{
	return strcasestr(id, "code") || strcasestr(id, "codestral"); /* and all the coders */
}

/* Models of Ollama's library whose template takes a suffix; of some only those with that word in their tag. */
static bool ollama_fills_in(const char *id)
{
	static const struct {
		const char *family;
		const char *tag; /* NULL: any */
		const char *not; /* NULL: none */
	} known[] = {
		{ "qwen2.5-coder", NULL, NULL },     { "codestral", NULL, NULL }, { "deepseek-coder-v2", NULL, NULL },
		{ "starcoder2", NULL, "instruct" }, { "codegemma", "code", NULL }, { "codellama", "code", NULL },
	};
	const char *tag = tag_of(id);
	size_t family = (size_t)(tag - id);

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strlen(known[i].family) == family && !strncmp(known[i].family, id, family))
			return (!known[i].tag || strcasestr(tag, known[i].tag)) &&
			       (!known[i].not || !strcasestr(tag, known[i].not));
	return false;
}

typedef int worth_fn(const struct local_server *server, const char *id);

/* The first that all the others are no better than; NULL if none is worth anything. */
static const char *best(const struct local_server *server, worth_fn *worth)
{
	const char *found = NULL;
	int most = 0;

	for (size_t i = 0; i < server->model_count; i++) {
		int n = worth(server, server->models[i]);

		if (n <= most)
			continue;
		most = n;
		found = server->models[i];
	}
	return found;
}

static int worth_for_chat(const struct local_server *server, const char *id)
{
	(void)server;
	return is_no_writer(id) || is_base(id) ? 0 : 1;
}

static int worth_for_completion(const struct local_server *server, const char *id)
{
	bool fills_in = server->infill || (server->kind == LOCAL_OLLAMA && ollama_fills_in(id));

	/* One that only goes on writing is no good for a chat in its place. */
	if (is_no_writer(id) || (is_base(id) && !fills_in))
		return 0;
	return 1 + is_for_code(id) + 2 * fills_in;
}

bool local_server_choose(const struct local_server *server, struct local_choice *out)
{
	struct local_choice c = { .name = kinds[server->kind].name, .api = "chat" };

	c.chat = best(server, worth_for_chat);
	c.completion = best(server, worth_for_completion);
	/* llama.cpp has one model, whose file may have any name. */
	if (!c.chat && server->infill)
		c.chat = c.completion;
	if (!c.chat || !c.completion)
		return false;
	if (server->infill)
		c.api = "llamacpp-infill";
	else if (server->kind == LOCAL_OLLAMA && ollama_fills_in(c.completion))
		c.api = "completions";
	*out = c;
	return true;
}

bool local_server_settings(const struct local_server *server, struct config_local *out)
{
	struct local_choice choice;

	if (!local_server_choose(server, &choice))
		return false;
	*out = (struct config_local){ .name = xstrdup(choice.name),
				      .base_url = xstrdup(server->address),
				      .chat_model = xstrdup(choice.chat),
				      .completion_model = xstrdup(choice.completion),
				      .completion_api = choice.api };
	return true;
}

/* --- what is said of it --- */

void local_server_describe(const struct local_server *server, char *out, size_t size)
{
	struct url_piece address = url_address(server->address);

	snprintf(out, size, "%s answers at %.*s", local_server_title(server), (int)address.len, address.s);
}

void local_server_list_models(const struct local_server *server, char *out, size_t size)
{
	size_t named = server->model_count > MODELS_NAMED + 1 ? MODELS_NAMED : server->model_count;
	struct strbuf text;

	strbuf_init(&text, size - 1);
	strbuf_adds(&text, server->model_count == 1 ? "the model " : "the models ");
	for (size_t i = 0; i < named; i++)
		strbuf_addf(&text, "%s%.60s", !i ? "" : i + 1 == server->model_count ? " and " : ", ", server->models[i]);
	if (named < server->model_count)
		strbuf_addf(&text, " and %zu more", server->model_count - named);
	snprintf(out, size, "%s", text.data);
	strbuf_release(&text);
}

void local_server_snippet(const struct local_server *server, struct strbuf *out)
{
	struct local_choice choice;
	struct json_writer w;

	if (!local_server_choose(server, &choice))
		return;
	json_writer_init(&w, out);
	json_begin_object(&w, NULL);
	json_begin_array(&w, "endpoints");
	json_begin_object(&w, NULL);
	json_put_kstring(&w, "name", choice.name);
	json_put_kstring(&w, "baseUrl", server->address);
	json_begin_object(&w, "models");
	json_put_kstring(&w, "chat", choice.chat);
	json_put_kstring(&w, "completion", choice.completion);
	json_end_object(&w);
	json_put_kstring(&w, "completionApi", choice.api);
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	json_writer_end(&w);
}
