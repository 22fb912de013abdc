/*
 * The form of keys: the beginnings that services give theirs, and words that are long and look drawn by lot: letters
 * and digits in turn, or the two cases mixed with digits. What people name has separators between its words, or few
 * digits.
 */
#include "eke/base/secret.h"

#include <ctype.h>
#include <string.h>

#include "eke/base/attrs.h"

/* Shorter words are no keys; one with a known beginning may be shorter, as long as something follows. */
#define SHORTEST 20
#define SHORTEST_REST 6

static const char *const beginnings[] = {
	"sk-", "sk_", "pk-", "rk-", "csk-", "fk-", "gsk_", "hf_", "xai-", "pplx-", "nvapi-", "voyage-", "fw_", "r8_",
	"tgp_", "jina_", "AIza", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "github_pat_",
	"glpat-", "xoxb-", "xoxp-", "eyJ",
};

static bool begins_like_key(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		size_t n = strlen(beginnings[i]);

		if (len >= n + SHORTEST_REST && !memcmp(text, beginnings[i], n) && text[n] != '-' && text[n] != '_')
			return true;
	}
	return false;
}

/* WORDS_OF_A_NAME: how variables of the environment are called. */
static bool is_variable(const char *text, size_t len)
{
	size_t parts = 0;
	size_t digits = 0;

	for (size_t i = 0; i < len; i++) {
		if (!isupper((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '_')
			return false;
		parts += text[i] == '_';
		digits += isdigit((unsigned char)text[i]) != 0;
	}
	return parts > 0 && 3 * digits < len;
}

static int class_of(char c)
{
	return isdigit((unsigned char)c) ? 1 : isupper((unsigned char)c) ? 2 : islower((unsigned char)c) ? 3 : 0;
}

bool secret_is_likely(const char *text, size_t len)
{
	size_t changes = 0; /* from a letter to a digit, from one case to the other */
	size_t digits = 0;
	size_t separators = 0;

	if (begins_like_key(text, len))
		return true;
	if (len < SHORTEST || is_variable(text, len))
		return false;
	for (size_t i = 0; i < len; i++) {
		int class = class_of(text[i]);

		if (!class && !strchr("-_.+/=~", text[i]))
			return false;
		digits += class == 1;
		separators += class == 0;
		changes += i && class && class_of(text[i - 1]) && class != class_of(text[i - 1]);
	}
	/* Letters drawn by lot change their class at every second or third place. */
	return digits >= 2 && changes >= len / 8 && separators <= len / 8;
}

void secret_mask(char *text)
{
	static const char ends[] = " \t\r\n\"'`()[]{}<>/:.,;=";
	size_t mask = strlen(SECRET_MASK);

	for (char *at = text; *at;) {
		size_t len = strcspn(at, ends);

		if (len >= mask && secret_is_likely(at, len)) {
			memcpy(at, SECRET_MASK, mask);
			memmove(at + mask, at + len, strlen(at + len) + 1);
			len = mask;
		}
		at += len;
		at += strspn(at, ends);
	}
}
