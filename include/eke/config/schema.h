#ifndef EKE_CONFIG_SCHEMA_H
#define EKE_CONFIG_SCHEMA_H
/*
 * The configuration's JSON Schema, protocol/config.schema.json, as the program carries it. Made by the Makefile.
 */
extern const unsigned char config_schema[]; /* UTF-8, terminated */

#endif
