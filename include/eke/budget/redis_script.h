#ifndef EKE_BUDGET_REDIS_SCRIPT_H
#define EKE_BUDGET_REDIS_SCRIPT_H
/*
 * src/budget/redis_script.lua, as the program carries it. Made by the Makefile.
 */
extern const unsigned char redis_script[]; /* terminated */

#endif
