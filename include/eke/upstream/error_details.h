#ifndef EKE_UPSTREAM_ERROR_DETAILS_H
#define EKE_UPSTREAM_ERROR_DETAILS_H
/*
 * The member "details" of a google.rpc.Status, which Google's services send with refusals: RetryInfo, QuotaFailure and
 * ErrorInfo (github.com/googleapis/googleapis, google/rpc/error_details.proto). Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "eke/base/json.h"
#include "eke/base/strbuf.h"

struct error_details {
	double retry_seconds; /* RetryInfo; 0: none */
	bool is_rate;         /* QuotaFailure: a limit of so many per time is reached, and no account is empty */
	bool day, per_model;
	int64_t limit;  /* requests … */
	int64_t period; /* … per so many seconds; 0: none is said, or what is limited is not requests */
};

/* Zeroes where nothing is said. Appends the reason of an ErrorInfo ("API_KEY_INVALID") and a blank to `labels`. */
void error_details_read(const struct json *details, struct error_details *out, struct strbuf *labels);

#endif
