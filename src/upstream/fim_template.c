/*
 * The table of families. A model of none is taken for one of Qwen's kind, whose tokens most newer ones share.
 */
#include "eke/upstream/fim_template.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/upstream/dialect.h"

struct fim_template {
	const char *models; /* words in a model's name, each between blanks; the last row's: any */
	const char *prefix, *suffix, *middle;
	bool suffix_first;
	const char *repository; /* before the repository's name; NULL: it has no such token */
	const char *file; /* before a file's path; NULL: files are comments at best, and left out */
	const char *behind_path;
	const char *stops[5];
};

#define REPOSITORY "project"

static const struct fim_template templates[] = {
	{ .models = " starcoder stable-code ",
		.prefix = "<fim_prefix>",
		.suffix = "<fim_suffix>",
		.middle = "<fim_middle>",
		.repository = "<repo_name>",
		.file = "<file_sep>",
		.behind_path = "\n",
		.stops = { "<file_sep>", "<|endoftext|>", "<fim_prefix>" } },
	{ .models = " codestral ",
		.prefix = "[PREFIX]",
		.suffix = "[SUFFIX]",
		.middle = "",
		.suffix_first = true,
		.file = "+++++ ",
		.behind_path = "\n",
		.stops = { "\n+++++ ", "[PREFIX]", "[SUFFIX]" } },
	{ .models = " deepseek-coder deepseek-v2 ",
		.prefix = "<｜fim▁begin｜>",
		.suffix = "<｜fim▁hole｜>",
		.middle = "<｜fim▁end｜>",
		.file = "#",
		.behind_path = "\n",
		.stops = { "<｜fim▁begin｜>", "<｜end▁of▁sentence｜>", "<|EOT|>" } },
	{ .models = " codellama code-llama ",
		.prefix = "<PRE> ",
		.suffix = " <SUF>",
		.middle = " <MID>",
		.stops = { "<EOT>", " <EOT>" } },
	{ .models = " codegemma ",
		.prefix = "<|fim_prefix|>",
		.suffix = "<|fim_suffix|>",
		.middle = "<|fim_middle|>",
		.file = "<|file_separator|>",
		.behind_path = "\n",
		.stops = { "<|file_separator|>", "<|fim_prefix|>", "<eos>" } },
	{ .models = " seed-coder ",
		.prefix = "<[fim-prefix]>",
		.suffix = "<[fim-suffix]>",
		.middle = "<[fim-middle]>",
		.suffix_first = true,
		.stops = { "<[end▁of▁sentence]>", "<[fim-prefix]>" } },
	{ .models = "",
		.prefix = "<|fim_prefix|>",
		.suffix = "<|fim_suffix|>",
		.middle = "<|fim_middle|>",
		.repository = "<|repo_name|>",
		.file = "<|file_sep|>",
		.behind_path = "\n",
		.stops = { "<|endoftext|>", "<|file_sep|>", "<|fim_prefix|>", "<|repo_name|>" } },
};

static bool is_of(const struct fim_template *t, const char *model)
{
	const char *word = t->models;

	if (!*word)
		return true;
	while (*(word += strspn(word, " "))) {
		size_t len = strcspn(word, " ");
		char name[32];

		memcpy(name, word, len);
		name[len] = '\0';
		if (strcasestr(model, name))
			return true;
		word += len;
	}
	return false;
}

static const struct fim_template *template_of(const char *model)
{
	const struct fim_template *t = templates;

	while (!is_of(t, model ? model : ""))
		t++;
	return t;
}

const char *const *fim_template_stops(const char *model)
{
	return template_of(model)->stops;
}

/* A line end in a path would forge text. */
static void add_path(const struct fim_template *t, const char *path, struct strbuf *out)
{
	strbuf_adds(out, t->file);
	for (; *path; path++)
		strbuf_addch(out, (unsigned char)*path < 0x20 ? '?' : *path);
	strbuf_adds(out, t->behind_path);
}

static void add_files(const struct fim_template *t, const struct request_spec *spec, struct strbuf *out)
{
	if (!t->file || !spec->extra_count)
		return;
	if (t->repository)
		strbuf_addf(out, "%s%s\n", t->repository, REPOSITORY);
	for (size_t i = 0; i < spec->extra_count; i++) {
		add_path(t, spec->extras[i].filename, out);
		strbuf_add(out, spec->extras[i].text, spec->extras[i].len);
	}
	if (spec->path)
		add_path(t, spec->path, out);
}

void fim_template_write(const struct request_spec *spec, struct strbuf *out)
{
	const struct fim_template *t = template_of(spec->model);

	if (t->suffix_first) {
		strbuf_adds(out, t->suffix);
		strbuf_add(out, spec->suffix, spec->suffix_len);
		strbuf_adds(out, t->prefix);
		/* Codestral's files stand in the prefix. */
		add_files(t, spec, out);
		strbuf_add(out, spec->prefix, spec->prefix_len);
	} else {
		add_files(t, spec, out);
		strbuf_adds(out, t->prefix);
		strbuf_add(out, spec->prefix, spec->prefix_len);
		strbuf_adds(out, t->suffix);
		strbuf_add(out, spec->suffix, spec->suffix_len);
	}
	strbuf_adds(out, t->middle);
}
