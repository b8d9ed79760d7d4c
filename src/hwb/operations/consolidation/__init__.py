"""Joining two staff accounts of one person (R25): cases, authorisation, support's decision, joining and undoing."""

from hwb.operations.consolidation.authorising import (
    Word,
    authorise,
    decline,
    is_link_good,
    may_decide,
    open_link,
    record_email,
    send_link,
    take_back,
    telephoned,
)
from hwb.operations.consolidation.cases import Request, Wanted, answer, ask, expire, open_by_head, open_for, withdraw
from hwb.operations.consolidation.deciding import ask_again, record_item, refuse, send_back, send_on, take
from hwb.operations.consolidation.joining import join, undo
from hwb.operations.consolidation.refusals import ConsolidationRefused

__all__ = [
    "ConsolidationRefused",
    "Request",
    "Wanted",
    "Word",
    "answer",
    "ask",
    "ask_again",
    "authorise",
    "decline",
    "expire",
    "is_link_good",
    "join",
    "may_decide",
    "open_by_head",
    "open_for",
    "open_link",
    "record_email",
    "record_item",
    "refuse",
    "send_back",
    "send_link",
    "send_on",
    "take",
    "take_back",
    "telephoned",
    "undo",
    "withdraw",
]
