#ifndef EKE_BASE_ATTRS_H
#define EKE_BASE_ATTRS_H
/*
 * Compiler attributes, so that contracts can be stated where they are declared.
 */

/* printf-like: the format is argument number f, its arguments start at a. */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* The caller must look at the result. */
#define MUST_USE __attribute__((warn_unused_result))

#define NORETURN __attribute__((noreturn))

/* Never NULL, so callers need no check. */
#define RETURNS_NONNULL __attribute__((returns_nonnull))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
