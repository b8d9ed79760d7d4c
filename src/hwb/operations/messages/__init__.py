"""Messages to people (ux.md 10): written with what they tell of, gathered in the morning, sent from the outbox.

For pages: :func:`pass_on` (M4), :func:`tell_school` (M7), :func:`ask_of_school`,
:func:`watch` and :func:`unwatch` (M11), :func:`choose`.
"""

from hwb.operations.messages.acts import (
    Looked,
    MessageRefused,
    Told,
    ask_of_school,
    choose,
    pass_on,
    tell_runner,
    tell_school,
    unwatch,
    watch,
    watched,
)
from hwb.operations.messages.events import (
    address_changes,
    champion_changed,
    of_acceptance,
    of_changes,
    of_hold,
    own_account_changed,
    staff_code,
    staff_name,
)
from hwb.operations.messages.gathering import gather
from hwb.operations.messages.sending import NotTaken, Outgoing, Sent, ServerAway, deliver_next
from hwb.operations.messages.writing import Letter, put

__all__ = [
    "Letter",
    "Looked",
    "MessageRefused",
    "NotTaken",
    "Outgoing",
    "Sent",
    "ServerAway",
    "Told",
    "address_changes",
    "ask_of_school",
    "champion_changed",
    "choose",
    "deliver_next",
    "gather",
    "of_acceptance",
    "of_changes",
    "of_hold",
    "own_account_changed",
    "pass_on",
    "put",
    "staff_code",
    "staff_name",
    "tell_runner",
    "tell_school",
    "unwatch",
    "watch",
    "watched",
]
