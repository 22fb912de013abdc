/*
 * What libraries call in the program instead of in GnuTLS. The Makefile exports both functions.
 */
#include "eke/upstream/gnutls.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* GnuTLS asks the program for this when it is loaded: GNUTLS_SKIP_GLOBAL_INIT in its manual. */
int _gnutls_global_init_skip(void);

int _gnutls_global_init_skip(void)
{
	return 1;
}

static bool main_is_near;

/* Those of the program run after those of all its libraries. */
__attribute__((constructor)) static void after_libraries(void)
{
	main_is_near = true;
}

/*
 * libmicrohttpd calls it when it is loaded, and never again. A libcurl whose TLS is GnuTLS calls it in
 * curl_global_init(), which is after main() has begun.
 */
int gnutls_global_init(void)
{
	void *found;
	int (*theirs)(void);

	if (!main_is_near)
		return 0;
	found = dlsym(RTLD_NEXT, "gnutls_global_init");
	if (!found)
		return 0;
	memcpy(&theirs, &found, sizeof(theirs));
	return theirs();
}
