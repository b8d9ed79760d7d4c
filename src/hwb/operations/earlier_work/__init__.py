"""Work that a learner made at an earlier school (R41): asked for, granted for a time, delivered, told, ended.

For pages: :func:`ask`, :func:`take`, :func:`grant`, :func:`stop`. By itself: :func:`end_due`, :func:`tell_ready`.
"""

from hwb.operations.earlier_work.requests import WorkRefused, ask, grant, note_refused, stop, take
from hwb.operations.earlier_work.times import end_due, tell_ready

__all__ = ["WorkRefused", "ask", "end_due", "grant", "note_refused", "stop", "take", "tell_ready"]
