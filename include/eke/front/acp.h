#ifndef EKE_FRONT_ACP_H
#define EKE_FRONT_ACP_H
/*
 * `eke acp`: the Agent Client Protocol, version 1 (agentclientprotocol.com; its schema.json is what the tests check
 * against), on standard input and output, one message a line. Sessions are the conversations of chat/: a session's id
 * is its chat's.
 */
#include "eke/front/app.h"

/* Runs until the client closes its end; returns the exit code: 0, or that of a signal (app.h). */
int acp_serve(const struct app_options *options);

#endif
