#ifndef EKE_BUDGET_REDIS_SCRIPT_H
#define EKE_BUDGET_REDIS_SCRIPT_H
/*
 * src/budget/redis_ledger.lua and redis_script.lua, as the program carries them. Made by the Makefile.
 */
extern const unsigned char redis_script[]; /* terminated */

#endif
