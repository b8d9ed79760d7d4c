"""Lines of the server's log. A page's address may hold a secret (a link that lets somebody in), and Django logs the
address of what it refuses: no line shows more than that there was one."""

from __future__ import annotations

import logging
import re
from typing import Final

#: First parts of addresses below the language whose next part, or the one after an id, is a secret; tests hold them
#: against all addresses.
SECRET_AFTER: Final = ("first-sign-in", "forgotten", "recovery-address", "authorisation")
# Wherever it stands, written as it is or escaped: also in the text of an exception.
_SECRET = re.compile(
    rf"((?:{'|'.join(SECRET_AFTER)})(?:(?:/|%2F)[0-9a-f-]{{36}})?(?:/|%2F))[^/\s'\"?&]+", re.IGNORECASE
)


class Line(logging.Formatter):
    """A line, with its traceback if it has one, without such secrets: the last step before it is written."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1…", super().format(record))
