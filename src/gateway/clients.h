#ifndef EKE_GATEWAY_CLIENTS_H
#define EKE_GATEWAY_CLIENTS_H
/*
 * Who may use the gateway: a token for everybody ("default"), and one for each client that has a name, so that `eke
 * status` can tell them apart and one can be taken back. A token is a file of the state directory that only the user
 * can read. It is made once and stays, so that clients need to be told only once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eke/base/err.h"
#include "eke/base/json_writer.h"

#define GATEWAY_CLIENT_NAME 32 /* with its terminator */
#define GATEWAY_CLIENT_DEFAULT "default"

struct clients;

struct gateway_client {
	char name[GATEWAY_CLIENT_NAME];
	uint64_t requests; /* that it made, of models too */
	uint64_t sent; /* that went to an endpoint */
	uint64_t refused; /* for the budget */
	int64_t last_at; /* Unix seconds; 0: never */
};

/* The token of that client, made if need be; NULL for the default. Owned by the caller, who wipes it. */
char *clients_token(const char *name, struct err *err);
/* Takes a client's token back. */
bool clients_revoke(const char *name, struct err *err);

/* NULL with ERR_CONFIG if there is no token and none can be made. */
struct clients *clients_new(struct err *err);
void clients_free(struct clients *clients);
/* Is it a client's token? */
bool clients_know(struct clients *clients, const char *token);
/*
 * The same, and notes that the client made a request: whose token it is; NULL: nobody's. Tokens that were made or taken
 * back since count.
 */
struct gateway_client *clients_find(struct clients *clients, const char *token);
/* Writes an array of those that have made a request. */
void clients_write(const struct clients *clients, struct json_writer *w, const char *key);

#endif
