/*
 * Writing answers. What is added to the truth is either the document's own text or words of models.
 */
#include "cuts_forms.h"

#include <string.h>

#include "eke/base/attrs.h"
#include "eke/base/utf.h"

#define ECHO_LETTERS 3      /* letters and digits that make a repeated line one that is known again */
#define OVERLAP_LETTERS 4
#define ECHO_LINES_MAX 40
#define RUN_ON_LINES 4
#define FENCE_MAX 8

/* Of English, German, French, Spanish, Portuguese, Russian, Chinese and Japanese speakers' sessions. */
static const char *const sentences[][2] = {
	{ "Here is the completed code:", "This completes the code at the cursor." },
	{ "Sure! The missing part is:", "Let me know if you need anything else." },
	{ "To complete it, insert the following:", "" },
	{ "Hier ist der fehlende Code:", "Damit ist die Stelle vollständig." },
	{ "Voici le code à insérer :", "Ce code complète l'endroit du curseur." },
	{ "Aquí está el código que falta:", "Este fragmento completa el código." },
	{ "Segue o código que falta:", "" },
	{ "Вот недостающий код:", "Этот фрагмент дополняет код." },
	{ "以下是补全的代码：", "这段代码补全了光标处的内容。" },
	{ "挿入するコードは次のとおりです。", "" },
};

const char *form_name(enum form form)
{
	static const char *const names[FORM_COUNT] = { "tagged",    "fim",        "fenced", "sentence",
						       "line-echo", "block-echo", "run-on" };

	return names[form];
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ASCII letters and digits, and any byte of other letters. */
static size_t letters_in(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') ||
		     (unsigned char)s[i] >= 0x80;
	return n;
}

/* --- tags and fences --- */

static void add_tag(const struct situation *at, const char *begin, struct strbuf *out)
{
	if (at->tag_number)
		strbuf_addf(out, "%scompletion%u>", begin, at->tag_number);
	else
		strbuf_addf(out, "%scompletion>", begin);
}

static void add_truth(const struct situation *at, struct strbuf *out)
{
	strbuf_add(out, at->truth, at->truth_len);
}

/* Longer than any in the text, as CommonMark has it. */
static size_t fence_length(const char *s, size_t len)
{
	size_t longest = 2;

	for (size_t i = 0; i < len; i++) {
		size_t n = 0;

		while (i + n < len && s[i + n] == '`')
			n++;
		longest = n > longest ? n : longest;
		i += n;
	}
	return longest + 1;
}

static const char *info_string(const char *language)
{
	if (!strcmp(language, "shellscript"))
		return "bash";
	if (!strcmp(language, "typescriptreact"))
		return "tsx";
	return language;
}

static bool add_fenced(const struct situation *at, struct strbuf *out)
{
	char fence[FENCE_MAX + 1] = "";
	size_t n = fence_length(at->truth, at->truth_len);

	if (n > FENCE_MAX)
		return false;
	memset(fence, '`', n);
	strbuf_addf(out, "%s%s\n", fence, info_string(at->language));
	add_truth(at, out);
	strbuf_addf(out, "\n%s", fence);
	return true;
}

static bool write_sentence(const struct situation *at, struct rng *rng, struct strbuf *out)
{
	const char *const *sentence = sentences[rng_below(rng, ARRAY_LEN(sentences))];

	strbuf_addf(out, "%s\n\n", sentence[0]);
	if (!add_fenced(at, out))
		return false;
	if (*sentence[1] && rng_below(rng, 2))
		strbuf_addf(out, "\n\n%s", sentence[1]);
	return true;
}

/* --- what stands before --- */

static size_t line_start(const char *s, size_t at)
{
	while (at && s[at - 1] != '\n')
		at--;
	return at;
}

static size_t skip_indentation(const struct situation *at, size_t i)
{
	while (i < at->prefix_len && (at->prefix[i] == ' ' || at->prefix[i] == '\t'))
		i++;
	return i;
}

static bool write_line_echo(const struct situation *at, struct rng *rng, struct strbuf *out)
{
	size_t start = line_start(at->prefix, at->prefix_len);

	if (rng_below(rng, 2))
		start = skip_indentation(at, start);
	if (letters_in(at->prefix + start, at->prefix_len - start) < ECHO_LETTERS)
		return false;
	add_tag(at, "<", out);
	strbuf_add(out, at->prefix + start, at->prefix_len - start);
	add_truth(at, out);
	add_tag(at, "</", out);
	return true;
}

static bool write_block_echo(const struct situation *at, struct rng *rng, struct strbuf *out)
{
	size_t header = at->block;
	size_t lines = 0;

	if (header == NO_BLOCK)
		return false;
	for (size_t i = header; i < at->prefix_len; i++)
		lines += at->prefix[i] == '\n';
	if (!lines || lines > ECHO_LINES_MAX)
		return false;
	if (rng_below(rng, 2))
		header = skip_indentation(at, header);
	add_tag(at, "<", out);
	strbuf_add(out, at->prefix + header, at->prefix_len - header);
	add_truth(at, out);
	add_tag(at, "</", out);
	return true;
}

/* --- what follows --- */

/* Ends what is longer than the overlap with a beginning of the suffix, too? Then there are two ways to cut. */
static bool is_ambiguous(const struct situation *at, size_t overlap)
{
	size_t most = at->truth_len + overlap < at->suffix_len ? at->truth_len + overlap : at->suffix_len;

	for (size_t n = overlap + 1; n <= most; n++) {
		size_t more = n - overlap; /* of the truth's end */

		if (!memcmp(at->suffix, at->truth + at->truth_len - more, more) &&
		    !memcmp(at->suffix + more, at->suffix, overlap))
			return true;
	}
	return false;
}

/* The rest of the cursor's line and `lines` lines with text below it; 0 if there are not as many. */
static size_t overlap_of(const struct situation *at, size_t lines)
{
	const char *end = memchr(at->suffix, '\n', at->suffix_len);
	size_t n = end ? (size_t)(end - at->suffix) : at->suffix_len;

	while (lines) {
		size_t start = n + 1;

		if (n >= at->suffix_len)
			return 0;
		end = memchr(at->suffix + start, '\n', at->suffix_len - start);
		n = end ? (size_t)(end - at->suffix) : at->suffix_len;
		for (size_t i = start; i < n; i++) {
			if (!is_blank(at->suffix[i])) {
				lines--;
				break;
			}
		}
	}
	return n;
}

static bool write_run_on(const struct situation *at, struct rng *rng, struct strbuf *out)
{
	size_t overlap = overlap_of(at, 1 + rng_below(rng, RUN_ON_LINES));

	if (letters_in(at->suffix, overlap) < OVERLAP_LETTERS || is_ambiguous(at, overlap))
		return false;
	add_tag(at, "<", out);
	add_truth(at, out);
	strbuf_add(out, at->suffix, overlap);
	add_tag(at, "</", out);
	return true;
}

bool form_answer(enum form form, const struct situation *at, struct rng *rng, struct strbuf *answer)
{
	strbuf_reset(answer);
	switch (form) {
	case FORM_TAGGED:
		add_tag(at, "<", answer);
		add_truth(at, answer);
		add_tag(at, "</", answer);
		return true;
	case FORM_FIM:
		add_truth(at, answer);
		return true;
	case FORM_FENCED:
		return add_fenced(at, answer);
	case FORM_SENTENCE:
		return write_sentence(at, rng, answer);
	case FORM_LINE_ECHO:
		return write_line_echo(at, rng, answer);
	case FORM_BLOCK_ECHO:
		return write_block_echo(at, rng, answer);
	case FORM_RUN_ON:
		return write_run_on(at, rng, answer);
	case FORM_COUNT:
		break;
	}
	return false;
}

bool form_mangle(const struct situation *at, struct rng *rng, struct strbuf *text, bool *broken_off)
{
	size_t cut = rng_below(rng, at->truth_len);
	const char *end = memchr(at->truth + cut, '\n', at->truth_len - cut);

	strbuf_reset(text);
	*broken_off = false;
	if (!end || rng_below(rng, 2)) {
		strbuf_add(text, at->truth, utf8_cut(at->truth, at->truth_len, cut));
		*broken_off = rng_below(rng, 2);
	} else {
		while (cut && at->truth[cut - 1] != '\n')
			cut--;
		strbuf_add(text, at->truth, cut);
		strbuf_add(text, end + 1, at->truth_len - (size_t)(end + 1 - at->truth));
	}
	return strspn(text->data, " \t\r\n") < text->len;
}
