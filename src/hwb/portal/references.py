"""How a record is called for readers who must not learn whose it is: client managers, officers, the nation.

What an MIS calls a record is a row, an admission number, a staff code; but a OneRoster file may call it anything, also
by a UPN or a name. Such a word is not shown beyond the school.
"""

from __future__ import annotations

import re

from hwb.web.words import N_, say

HIDDEN = N_("Not shown")
#: "row 81", "users.csv row 7", "pupil 3", "#12", "004512", "S-104"; a UPN has too many digits, also a mistyped one.
_PLACE = re.compile(r"(?:[A-Za-z]+(?:\.csv)? ){0,2}(?:#|[A-Za-z]{1,2}-?)?[0-9]{1,8}")
_STAFF_CODE = re.compile(r"(?:staff )?[A-Za-z0-9]{1,4}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def beyond_the_school(record: str, *, kind: str) -> str:
    """The record's word where it can only be a place, a number or a code; else that it is not shown."""
    fits = _PLACE.fullmatch(record) or _UUID.fullmatch(record) or (kind == "staff" and _STAFF_CODE.fullmatch(record))
    return record if fits or not record else say(HIDDEN)
