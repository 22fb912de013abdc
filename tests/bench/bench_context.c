/*
 * Does the prompt show what is needed next? In real projects (context_project.h) some lines are taken out of a file.
 * Counted is how many of the names in them that the text around the cursor does not show, and that the project has
 * elsewhere, stand in the context that goes along, at a cap of 4,096 and of 16,384 tokens for the whole prompt; beside
 * that what other clients choose (context_peers.h) in the same room. And how many bits a small model (context_bits.h)
 * needs for what was taken out, when it has read the prompt.
 *
 *     bench_context [--seed N] [--places N] [--group NAME] [--failures N] [--dump FILE]
 *
 * --places is for each group of projects. --dump writes what evidence.h knows of each name, and whether it was needed,
 * as lines of numbers: what its weights are fitted to.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "context_bits.h"
#include "context_peers.h"
#include "context_project.h"
#include "context_session.h"
#include "context_typing.h"
#include "eke/base/attrs.h"
#include "eke/base/mem.h"
#include "eke/complete/prompt.h"
#include "eke/context/retriever.h"
#include "eke/text/uri.h"
#include "eke/upstream/tokens.h"

#define CAPS 2
#define METHODS (PEERS + 1)
#define DUMP_EVERY 20

static const size_t caps[CAPS] = { 4096, 16384 };
static const char *const groups[] = { "python", "node", "c", "perl", "go", "rust", "php", "ruby" };

struct options {
	uint64_t seed;
	size_t places;
	const char *group;
	size_t failures;
	const char *dump;
};

struct tally {
	size_t shown[CAPS][METHODS];
	double bits[METHODS + 1]; /* of what was taken out, at the first cap; the last: by the excerpt alone */
	size_t bytes;
	size_t needed;
	size_t places;
};

struct bench {
	struct options options;
	struct projects projects;
	struct rng rng;
	double *choosing; /* ms */
	size_t choosing_count;
	size_t tokens[CAPS]; /* of context, by eke */
	size_t memory; /* the most that a place took */
	size_t failures;
	FILE *dump;
	struct bits *model;
	struct typing typing;
};

static size_t count_shown(const struct place *place, const char *text, size_t len)
{
	size_t shown = 0;

	for (size_t i = 0; i < place->needed_count; i++)
		shown += context_has_word(text, len, place->needed[i]);
	return shown;
}

/* --- eke --- */

static bool is_needed(const struct place *place, const struct name *name)
{
	for (size_t i = 0; i < place->needed_count; i++)
		if (strlen(place->needed[i]) == name->len && !memcmp(place->needed[i], name->text, name->len))
			return true;
	return false;
}

/* All names that are needed, and one in DUMP_EVERY of the others. */
static void dump(struct bench *b, struct session *s, const struct place *place, const struct retrieval *in)
{
	struct evidence e;

	retriever_evidence(s->retriever, in, &e);
	for (uint32_t id = 1; id < e.count; id++) {
		bool needed = is_needed(place, names_at(retriever_names(s->retriever), id));

		if (e.shown[id] || (!needed && rng_below(&b->rng, DUMP_EVERY)))
			continue;
		fprintf(b->dump, "%d", needed);
		for (size_t k = 0; k < EVIDENCE_FEATURES; k++)
			fprintf(b->dump, " %.4g", (double)e.features[id][k]);
		fputc('\n', b->dump);
	}
	evidence_release(&e);
}

/* The processor's time: what else the machine does makes it no longer. */
static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fill_eke(struct bench *b, struct session *s, const struct place *place, size_t tokens, struct strbuf *out,
	struct snippets *snippets)
{
	struct retrieval in = session_retrieval(s, place, tokens);
	double start = cpu_ms();

	retriever_choose(s->retriever, &in, snippets);
	if (b->dump && tokens <= caps[0])
		dump(b, s, place, &in);
	b->choosing = xreallocarray(b->choosing, b->choosing_count + 1, sizeof(double));
	b->choosing[b->choosing_count++] = cpu_ms() - start;
	for (size_t i = 0; i < snippets->count; i++)
		strbuf_add(out, snippets->items[i].text, snippets->items[i].len);
}

static void show_failure(struct bench *b, const struct place *place, const struct snippets *snippets)
{
	if (b->failures++ >= b->options.failures)
		return;
	printf("--- %s, before:\n%.*s\n<<<\n%s>>>\nneeded:", place->file->path,
		(int)(place->cursor - place->from > 400 ? 400 : place->cursor - place->from),
		place->text + (place->cursor - place->from > 400 ? place->cursor - 400 : place->from), place->truth);
	for (size_t i = 0; i < place->needed_count; i++)
		printf(" %s", place->needed[i]);
	printf("\n");
	for (size_t i = 0; i < snippets->count; i++)
		printf("[%s %s %zu tokens, worth %.2f]\n%s", snippets->items[i].path, snippets->items[i].lines,
			snippets->items[i].tokens, (double)snippets->items[i].worth, snippets->items[i].text);
	printf("\n");
}

/* The model reads the context, what follows the cursor, and at last what stands before it. */
static double cost_of(struct bits *model, const struct place *place, const struct strbuf *context)
{
	bits_reset(model);
	if (context)
		bits_read(model, context->data, context->len);
	bits_read(model, place->text + place->cursor, place->to - place->cursor);
	bits_read(model, place->text + place->from, place->cursor - place->from);
	return bits_cost(model, place->truth, place->truth_len);
}

static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void measure(struct bench *b, const struct place *place, struct tally *tally)
{
	size_t before = allocated();
	struct session session;
	size_t taken;

	session_open(&session, place);
	taken = allocated() - before;
	b->memory = taken > b->memory ? taken : b->memory;
	tally->needed += place->needed_count;
	tally->places++;
	tally->bytes += place->truth_len;
	tally->bits[METHODS] += cost_of(b->model, place, NULL);
	for (size_t c = 0; c < CAPS; c++) {
		size_t room = session_room(place, caps[c]);
		struct snippets snippets;
		struct strbuf text;

		strbuf_init(&text, 1 << 20);
		fill_eke(b, &session, place, room, &text, &snippets);
		b->tokens[c] += snippets.tokens;
		tally->shown[c][0] += count_shown(place, text.data, text.len);
		if (c == 0) {
			tally->bits[0] += cost_of(b->model, place, &text);
			show_failure(b, place, &snippets);
		}
		snippets_release(&snippets);
		for (size_t p = 0; p < PEERS; p++) {
			strbuf_reset(&text);
			peers[p].fill(place, room, &b->rng, &text);
			tally->shown[c][p + 1] += count_shown(place, text.data, text.len);
			if (c == 0)
				tally->bits[p + 1] += cost_of(b->model, place, &text);
		}
		strbuf_release(&text);
	}
	session_close(&session);
	typing_measure(&b->typing, place, caps);
}

static void run_group(struct bench *b, const char *group, struct tally *tally)
{
	struct project **found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < b->projects.count; i++) {
		if (strcmp(b->projects.items[i].group, group))
			continue;
		found = xreallocarray(found, count + 1, sizeof(*found));
		found[count++] = &b->projects.items[i];
	}
	for (size_t i = 0; count && i < 8 * b->options.places && tally->places < b->options.places; i++) {
		struct place place;

		if (!place_draw(&place, found[rng_below(&b->rng, count)], &b->rng))
			continue;
		measure(b, &place, tally);
		place_release(&place);
	}
	free(found);
}

static double share(const struct tally *t, size_t cap, size_t method)
{
	return t->needed ? 100.0 * (double)t->shown[cap][method] / (double)t->needed : 0;
}

static void print_table(const struct tally *tallies)
{
	printf("%-34s", "names shown, %");
	for (size_t g = 0; g < ARRAY_LEN(groups); g++)
		if (tallies[g].places)
			printf("%8s", groups[g]);
	printf("%8s\n", "mean");
	for (size_t c = 0; c < CAPS; c++) {
		for (size_t m = 0; m < METHODS; m++) {
			double sum = 0;
			size_t count = 0;

			printf("%5zu %-28.28s", caps[c], m ? peers[m - 1].name : "eke");
			for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
				if (!tallies[g].places)
					continue;
				printf("%8.1f", share(&tallies[g], c, m));
				sum += share(&tallies[g], c, m);
				count++;
			}
			printf("%8.1f\n", count ? sum / (double)count : 0);
		}
	}
}

static void print_bits(const struct tally *tallies)
{
	for (size_t m = 0; m <= METHODS; m++) {
		double sum = 0;
		size_t count = 0;

		printf("bits  %-28.28s", m == METHODS ? "the text around the cursor" : m ? peers[m - 1].name : "eke");
		for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
			if (!tallies[g].places)
				continue;
			printf("%8.2f", tallies[g].bits[m] / (double)tallies[g].bytes);
			sum += tallies[g].bits[m] / (double)tallies[g].bytes;
			count++;
		}
		printf("%8.2f\n", count ? sum / (double)count : 0);
	}
}

static double mean_bits(const struct tally *tallies, size_t method)
{
	double sum = 0;
	size_t count = 0;

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		if (!tallies[g].places)
			continue;
		sum += tallies[g].bits[method] / (double)tallies[g].bytes;
		count++;
	}
	return count ? sum / (double)count : 0;
}

static double mean_of(const struct tally *tallies, size_t cap, size_t method)
{
	double sum = 0;
	size_t count = 0;

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		if (!tallies[g].places)
			continue;
		sum += share(&tallies[g], cap, method);
		count++;
	}
	return count ? sum / (double)count : 0;
}

static void tell_typing(const struct typing *t)
{
	static const struct {
		const char *prefix, *prefix_what, *names, *names_what;
	} told[TYPING_CAPS] = {
		{ "context.prefix.4096", "bytes of a prompt that begin as the one before, of 4,096 tokens",
			"context.kept.4096", "names shown, of those that a prompt shows that keeps nothing" },
		{ "context.prefix.16384", "bytes of a prompt that begin as the one before, of 16,384 tokens",
			"context.kept.16384", "names shown, of those that a prompt shows that keeps nothing" },
	};

	for (size_t c = 0; c < TYPING_CAPS; c++) {
		struct figure f = { .key = told[c].prefix, .what = told[c].prefix_what, .unit = "%" };

		f.measured = t->bytes[c] ? 100.0 * (double)t->shared[c] / (double)t->bytes[c] : 0;
		figure_tell(&f);
		f = (struct figure){ .key = told[c].names, .what = told[c].names_what, .unit = "%" };
		f.measured = t->afresh[c] ? 100.0 * (double)t->shown[c] / (double)t->afresh[c] : 0;
		figure_tell(&f);
	}
}

static void tell(struct bench *b, const struct tally *tallies)
{
	static const char *const keys[CAPS] = { "context.names.4096", "context.names.16384" };
	static const char *const whats[CAPS] = { "needed names in the prompt, of 4,096 tokens",
		"needed names in the prompt, of 16,384 tokens" };

	for (size_t c = 0; c < CAPS; c++) {
		size_t best = 1;
		struct figure f = { .key = keys[c], .what = whats[c], .unit = "%", .measured = mean_of(tallies, c, 0) };

		for (size_t m = 2; m < METHODS; m++)
			if (mean_of(tallies, c, m) > mean_of(tallies, c, best))
				best = m;
		f.baseline_name = peers[best - 1].name;
		f.baseline = mean_of(tallies, c, best);
		f.kind = c == 0 ? GOAL_MIN : GOAL_NONE;
		f.goal = f.baseline + 10;
		figure_tell(&f);
	}
	{
		struct figure f = { .key = "context.bits",
			.what = "a small model's bits for each byte that is written next",
			.unit = "bits",
			.measured = mean_bits(tallies, 0),
			.baseline_name = "the text around the cursor",
			.baseline = mean_bits(tallies, METHODS),
			.kind = GOAL_RATIO,
			.goal = 1 };

		figure_tell(&f);
	}
	if (b->choosing_count) {
		struct figure f = { .key = "context.choose",
			.what = "choosing the context, median",
			.unit = "ms",
			.measured = bench_median(b->choosing, b->choosing_count),
			.kind = GOAL_MAX,
			.goal = 2 };

		figure_tell(&f);
		f = (struct figure){ .key = "context.choose99",
			.what = "choosing the context, 99th percentile",
			.unit = "ms",
			.measured = b->choosing[b->choosing_count * 99 / 100],
			.kind = GOAL_MAX,
			.goal = 2 };
		figure_tell(&f);
		f = (struct figure){ .key = "context.memory",
			.what = "what is known of a workspace, the most of any place",
			.unit = "MiB",
			.measured = (double)b->memory / (1 << 20),
			.kind = GOAL_MAX,
			.goal = 24 };
		figure_tell(&f);
		printf("note\tcontext: %zu and %zu tokens of context on average\n", b->tokens[0] / (b->choosing_count / CAPS),
			b->tokens[1] / (b->choosing_count / CAPS));
	}
}

static bool parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){ .seed = 1, .places = 60 };
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seed"))
			o->seed = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--places"))
			o->places = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--failures"))
			o->failures = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--group"))
			o->group = argv[i + 1];
		else if (!strcmp(argv[i], "--dump"))
			o->dump = argv[i + 1];
		else
			return false;
	}
	return argc % 2 == 1;
}

int main(int argc, char **argv)
{
	struct bench b = { .choosing = NULL };
	struct tally tallies[ARRAY_LEN(groups)] = { { .needed = 0 } };

	if (!parse(&b.options, argc, argv)) {
		fprintf(stderr, "usage: bench_context [--seed N] [--places N] [--group NAME] [--failures N] [--dump FILE]\n");
		return 2;
	}
	b.rng.state = b.options.seed;
	b.dump = b.options.dump ? fopen(b.options.dump, "w") : NULL;
	b.model = bits_new();
	projects_find(&b.projects);
	for (size_t g = 0; g < ARRAY_LEN(groups); g++)
		if (!b.options.group || !strcmp(b.options.group, groups[g]))
			run_group(&b, groups[g], &tallies[g]);
	print_table(tallies);
	print_bits(tallies);
	tell(&b, tallies);
	tell_typing(&b.typing);
	projects_release(&b.projects);
	bits_free(b.model);
	free(b.choosing);
	if (b.dump)
		fclose(b.dump);
	return 0;
}
