"""What is logged of a request that was refused: a line, without the secret of some addresses."""

import logging
import re

# Who sees the log must not set somebody's password, or read their calendar.
_SECRET = re.compile(r"^(/account/invitation/|/calendar/feed/)[^/]+")
# By which Django tells of requests that were refused.
_LOGGERS = ("django.request", "django.security.csrf", "django.security.SuspiciousOperation")


def keep_logs_short() -> None:
    """From now on, let no address in the log have a secret in it. Once is enough.

    Nor does a refusal have its traceback there: anybody can have as many as they like.
    """
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if _shortened not in logger.filters:
            logger.addFilter(_shortened)


def _shortened(record: logging.LogRecord) -> bool:
    if record.levelno < logging.ERROR:
        record.exc_info = None
    if isinstance(record.args, tuple):
        record.args = tuple(
            _SECRET.sub(r"\1...", one) if isinstance(one, str) else one for one in record.args
        )
    return True
