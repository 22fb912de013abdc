#ifndef EKE_CONFIG_PRINT_H
#define EKE_CONFIG_PRINT_H
/*
 * The configuration for people.
 */
#include "eke/base/strbuf.h"
#include "eke/config/config.h"

/* Appends the merged result as one indented JSON text, keys masked. */
void config_print(const struct config *config, struct strbuf *out);

#endif
