#ifndef EKE_UPSTREAM_GNUTLS_H
#define EKE_UPSTREAM_GNUTLS_H
/*
 * GnuTLS is set up when it is needed, not when it is loaded.
 *
 * Debian's libcurl loads it for LDAP and RTMP, which eke does not speak, and libmicrohttpd for the TLS of the
 * gateway. Both the library itself and libmicrohttpd would set it up before main(), in every process: 0.9 MiB of
 * memory, of which 0.14 MiB is the process's own, and 0.3 of the 5 ms of processor time that eke takes to start.
 */

/*
 * GnuTLS's own function, which gnutls.c stands before: whoever calls it before main() gets 0, and nothing is set up.
 * Call it before the first use of GnuTLS.
 */
int gnutls_global_init(void);

#endif
