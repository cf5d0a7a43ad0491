#include <sysexits.h>

#include "submit/outcome.h"

int outcome_failure(enum failure class)
{
	static const int status[] = {
		[FAIL_NONE] = EX_OK,
		[FAIL_USAGE] = EX_USAGE,
		[FAIL_INPUT] = EX_NOINPUT,
		[FAIL_INTERNAL] = EX_SOFTWARE,
		[FAIL_SYSTEM] = EX_OSERR,
		[FAIL_OUTPUT] = EX_CANTCREAT,
		[FAIL_MESSAGE] = EX_DATAERR,
		[FAIL_AUTH] = EX_NOPERM,
		[FAIL_PROTOCOL] = EX_PROTOCOL,
		[FAIL_HOST] = EX_NOHOST,
		[FAIL_RECIPIENT] = EX_NOUSER,
		[FAIL_CONNECTION] = EX_TEMPFAIL,
		[FAIL_SIGNAL] = EX_TEMPFAIL,
		[FAIL_SERVER] = EX_UNAVAILABLE,
	};

	return status[class];
}

/* Whether every recipient was refused at RCPT. */
static bool
refused_all(const struct envelope *e)
{
	size_t i;

	for (i = 0; i < e->nrecipient; i++)
		if (envelope_verdict(e, i)->stage != STAGE_RCPT)
			return false;
	return true;
}

int
outcome_status(const struct envelope *e, const struct problem *problem)
{
	size_t count[NOUTCOME], good;

	envelope_count(e, count);
	good = count[ACCEPTED] + count[WILLING];
	if (count[UNKNOWN])
		return EX_UNKNOWN;
	if (good)
		return good < e->nrecipient ? EX_PARTIAL : EX_OK;
	if (problem->class != FAIL_NONE && problem->class < FAIL_CONNECTION)
		return outcome_failure(problem->class);
	if (count[DEFERRED] || count[UNSENT])
		return EX_TEMPFAIL;
	return refused_all(e) ? EX_NOUSER : EX_UNAVAILABLE;
}

int
outcome_status_stopped(const struct envelope *e, const struct problem *problem)
{
	size_t count[NOUTCOME];

	envelope_count(e, count);
	if (problem->class != FAIL_NONE)
		return outcome_status(e, problem);
	if (count[DEFERRED])
		return EX_TEMPFAIL;
	/* without a problem it was the recipients who were refused */
	return count[REFUSED] ? EX_NOUSER : EX_OK;
}

int
outcome_status_asked(
    const struct problem *problem, int last, const size_t nreply[6])
{
	if (problem->class == FAIL_SERVER)
		return last == 4 ? EX_TEMPFAIL : EX_UNAVAILABLE;
	if (problem->class != FAIL_NONE)
		return outcome_failure(problem->class);
	if (nreply[4] + nreply[5] == 0)
		return EX_OK;
	if (nreply[2])
		return EX_PARTIAL;
	return nreply[4] ? EX_TEMPFAIL : EX_UNAVAILABLE;
}
