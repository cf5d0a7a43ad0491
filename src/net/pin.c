#include <string.h>

#include <openssl/evp.h>

#include "net/pin.h"

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *p = c ? strchr(digits, c) : NULL;

	if (p == NULL)
		return -1;
	return (int)(p - digits) < 16 ? (int)(p - digits)
				      : (int)(p - digits) - 6;
}

static int
parse_hex(struct pin *pin, const char *p)
{
	bool parted = strlen(p) > 2 && p[2] == ':';
	size_t i;
	int high, low;

	for (i = 0; i < sizeof(pin->digest); i++) {
		if (i && parted && *p++ != ':')
			return -1;
		high = hex_digit(p[0]);
		low = high == -1 ? -1 : hex_digit(p[1]);
		if (low == -1)
			return -1;
		pin->digest[i] = (unsigned char)(high << 4 | low);
		p += 2;
	}
	return *p ? -1 : 0;
}

static int
parse_base64(struct pin *pin, const char *p)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	unsigned char octets[33]; /* with what the "=" stands for */

	if (strlen(p) != 44 || strspn(p, alphabet) != 43 || p[43] != '=' ||
	    EVP_DecodeBlock(octets, (const unsigned char *)p, 44) != 33)
		return -1;
	memcpy(pin->digest, octets, sizeof(pin->digest));
	return 0;
}

int
pin_parse(struct pin *pin, const char *text)
{
	*pin = (struct pin){ .key = strncmp(text, "sha256//", 8) == 0 };
	if (pin->key)
		return parse_base64(pin, text + 8);
	return strncmp(text, "sha256:", 7) == 0 ? parse_hex(pin, text + 7) : -1;
}

/* Of the key, or of the whole certificate. */
static bool
digest(unsigned char out[32], X509 *cert, bool key)
{
	unsigned char *der = NULL;
	int len;
	bool done;

	if (!key)
		return X509_digest(cert, EVP_sha256(), out, NULL) == 1;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	done = len > 0 &&
	       EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) == 1;
	OPENSSL_free(der);
	return done;
}

bool
pin_fits(const struct pin *pin, X509 *cert)
{
	unsigned char own[32];

	if (digest(own, cert, true) && memcmp(own, pin->digest, 32) == 0)
		return true;
	return !pin->key && digest(own, cert, false) &&
	       memcmp(own, pin->digest, 32) == 0;
}

static void
add(struct buf *out, X509 *cert, bool key)
{
	unsigned char own[32];
	size_t i;

	buf_adds(out, "sha256:");
	if (!digest(own, cert, key))
		return;
	for (i = 0; i < sizeof(own); i++)
		buf_addf(out, "%02x", own[i]);
}

void
pin_show(struct buf *out, X509 *cert)
{
	add(out, cert, false);
	buf_adds(out, ", of its key ");
	add(out, cert, true);
}
