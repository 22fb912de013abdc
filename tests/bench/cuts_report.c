/*
 * Sums and shares. A negative number of a group, kind or form stands for all of them.
 */
#include "cuts_report.h"

#include <stdbool.h>
#include <stdio.h>

#include "bench.h"

static void add_tally(struct tally *sum, const struct tally *t)
{
	sum->count += t->count;
	sum->exact += t->exact;
	sum->blanks += t->blanks;
}

static bool is_asked(int wanted, int i)
{
	return wanted < 0 || wanted == i;
}

static struct tally sum_of(const struct cuts_results *r, int group, int kind, int form)
{
	struct tally sum = { .count = 0 };

	for (int g = 0; g < CORPUS_GROUPS; g++) {
		for (int k = 0; k < CUT_KINDS; k++) {
			for (int f = 0; f < FORM_COUNT; f++) {
				if (is_asked(group, g) && is_asked(kind, k) && is_asked(form, f))
					add_tally(&sum, &r->tallies[g][k][f]);
			}
		}
	}
	return sum;
}

static struct tally kept_of(const struct cuts_results *r, int group)
{
	struct tally sum = { .count = 0 };

	for (int g = 0; g < CORPUS_GROUPS; g++) {
		if (is_asked(group, g))
			add_tally(&sum, &r->kept[g]);
	}
	return sum;
}

static double share(const struct tally *t)
{
	return t->count ? 100.0 * (double)t->exact / (double)t->count : 100.0;
}

/* --- tables --- */

static void print_cell(const struct tally *t)
{
	if (t->count)
		printf(" %5.1f%% %4zu/%-5zu", share(t), t->count - t->exact, t->count);
	else
		printf(" %17s", "-");
}

static void print_row_of_kinds(const struct cuts_results *r, const char *name, int group, enum form form)
{
	printf("%-12s", name);
	for (int k = 0; k < CUT_KINDS; k++) {
		struct tally t = sum_of(r, group, k, (int)form);

		print_cell(&t);
	}
	printf("\n");
}

static void print_row_of_forms(const struct cuts_results *r, const char *name, int group, int kind)
{
	printf("%-12s", name);
	for (int f = 0; f < FORM_COUNT; f++) {
		struct tally t = sum_of(r, group, kind, f);

		print_cell(&t);
	}
	if (kind < 0) {
		struct tally t = kept_of(r, group);

		print_cell(&t);
	}
	printf("\n");
}

void cuts_report_tables(const struct cuts_results *r, enum form form)
{
	printf("exact, of the form %s, by language and kind of cut: share, failed/all\n%-12s", form_name(form), "");
	for (int k = 0; k < CUT_KINDS; k++)
		printf(" %-17s", cut_kind_name((enum cut_kind)k));
	printf("\n");
	for (int g = 0; g < CORPUS_GROUPS; g++) {
		if (r->cuts[g])
			print_row_of_kinds(r, corpus_group_name((size_t)g), g, form);
	}
	print_row_of_kinds(r, "all", -1, form);
	printf("\nexact, by language and form; last, lines kept of continuations at a file's end\n%-12s", "");
	for (int f = 0; f < FORM_COUNT; f++)
		printf(" %-17s", form_name((enum form)f));
	printf(" %-17s\n", "kept");
	for (int g = 0; g < CORPUS_GROUPS; g++) {
		if (r->cuts[g])
			print_row_of_forms(r, corpus_group_name((size_t)g), g, -1);
	}
	for (int k = 0; k < CUT_KINDS; k++)
		print_row_of_forms(r, cut_kind_name((enum cut_kind)k), -1, k);
	print_row_of_forms(r, "all", -1, -1);
	printf("\n");
}

/* --- figures --- */

static void tell(const char *key, const char *what, const char *unit, double measured, enum goal kind, double goal)
{
	figure_tell(&(struct figure){
		.key = key, .what = what, .unit = unit, .measured = measured, .kind = kind, .goal = goal });
}

void cuts_report_figures(const struct cuts_results *r)
{
	static const struct {
		const char *key;
		const char *what;
		double goal;
	} forms[FORM_COUNT] = {
		{ "post_identity", "true text in tags: document exact", 99.9 },
		{ "post_fim", "true text of a FIM endpoint: exact", 99.9 },
		{ "post_fenced", "true text in a fence: exact", 99 },
		{ "post_sentence", "... with a sentence around it: exact", 99 },
		{ "post_line_echo", "... behind the cursor's line again: exact", 99 },
		{ "post_block_echo", "... behind its block again: exact", 99 },
		{ "post_run_on", "... running on into what follows: exact", 99 },
	};
	struct tally all = sum_of(r, -1, -1, -1);
	struct tally kept = kept_of(r, -1);

	for (int f = 0; f < FORM_COUNT; f++) {
		struct tally t = sum_of(r, -1, -1, f);

		if (t.count)
			tell(forms[f].key, forms[f].what, "%", share(&t), GOAL_MIN, forms[f].goal);
	}
	if (kept.count)
		tell("post_kept", "perfect continuation at a file's end: lines kept", "%", share(&kept), GOAL_MIN, 99);
	tell("post_open", "growing answers of which text was taken back", "", (double)r->violations, GOAL_MAX, 0);
	if (r->mangled)
		tell("post_worse", "wrong answers that are made worse formed", "", (double)r->worse, GOAL_MAX, 0);
	if (r->timed) {
		double median = bench_median(r->times, r->timed);

		tell("post_time", "post-processing 100 lines (median)", "ms", median, GOAL_MAX, 1);
		tell("post_time_99", "post-processing 100 lines (99th percentile)", "ms",
		     r->times[r->timed * 99 / 100], GOAL_MAX, 1);
	}
	printf("note\tpost: %zu answers, of %zu of which only blanks at line ends differ; %zu given line by line; "
	       "%zu wrong ones\n",
	       all.count, all.blanks, r->opened, r->mangled);
}
