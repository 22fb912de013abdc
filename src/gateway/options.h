#ifndef EKE_GATEWAY_OPTIONS_H
#define EKE_GATEWAY_OPTIONS_H
/*
 * The words behind `eke gateway`.
 */
#include <stdbool.h>

#include "eke/base/limits.h"
#include "listener.h"

struct gateway_options {
	struct listener_address listen;
	const char *origins[LIMIT_GATEWAY_ORIGINS]; /* of web pages that may ask; from argv */
	size_t origin_count;
	const char *certificate; /* files for TLS; NULL: none */
	const char *key;
	bool print_token;
	const char *client; /* whose token is printed; NULL: the default's */
	const char *revoke; /* whose token is taken back; NULL: nobody's */
};

/* False after a complaint. */
bool gateway_options_read(struct gateway_options *options, int argc, char **argv);

#endif
