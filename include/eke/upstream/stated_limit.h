#ifndef EKE_UPSTREAM_STATED_LIMIT_H
#define EKE_UPSTREAM_STATED_LIMIT_H
/*
 * What an endpoint says of its own limits in the words of a refusal, in Chinese or English. Pure; every number is the
 * provider's claim, and checked for sense only. The wordings are chatanywhere's (providers.md 1.6), OpenAI's and its
 * imitators' (Groq, Moonshot, GitHub Models, Cohere, Anthropic), new-api's, and those of the limiters of web frameworks
 * ("5 per 1 minute").
 */
#include <stdbool.h>
#include <stdint.h>

struct stated_limit {
	int64_t limit;  /* requests, up to LIMIT_WINDOW_ENTRIES; 0: none was understood, and `period` is 0 too */
	int64_t period; /* seconds, up to LIMIT_STATED_PERIOD */
	bool per_model; /* it holds for the model that was asked for; others have their own */
	bool day;       /* what counts is the calendar's day: it starts anew at the provider's midnight */
	bool money;     /* quota, credit or balance are named */
	bool quota;     /* ... and it is about them: no rate limit, so that waiting does not help */
};

/*
 * Reads a provider's words and its labels, types and codes such as "insufficient_quota" (NULL:
 * none at hand). Limits on tokens are none on requests. Of several limits the first counts.
 */
void stated_limit_read(const char *words, const char *labels, struct stated_limit *out);

#endif
