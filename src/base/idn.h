#ifndef IDN_H
#define IDN_H

/* Domain names that are not ASCII, as A-labels (RFC 5890), by libidn2, if the
 * program is built for it and it is there. */

/* The name with "xn--" labels in place of those that are not ASCII, after the
 * mapping of UTS 46: LDH labels, and nothing else. The caller frees it. NULL:
 * there is none, *why (static storage) says the reason. */
char *idn_ascii(const char *name, const char **why);

/* "2.3.3", or NULL: there is no libidn2. */
const char *idn_version(void);

#endif
