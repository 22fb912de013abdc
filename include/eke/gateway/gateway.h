#ifndef EKE_GATEWAY_GATEWAY_H
#define EKE_GATEWAY_GATEWAY_H
/*
 * `eke gateway`: an OpenAI-compatible endpoint on loopback, whose requests are paid from the same budget as all others.
 */
#include "eke/front/app.h"

/*
 * The command; argv are the words behind its name: [--listen ADDRESS:PORT] [--allow-origin ORIGIN]... | --token. Prints
 * its base URL to standard output and serves until a signal. Returns the program's exit code.
 */
int gateway_serve(const struct app_options *options, int argc, char **argv);

#endif
