"""Who did something, as the log names them: an account's id becomes the person's name."""

from __future__ import annotations

from collections.abc import Iterable

from hwb.directory.queries.rows import fetch

_PREFIX = "account "


def names(actors: Iterable[str]) -> dict[str, str]:
    """Actor → name, of those that are accounts; programs and people at the command line stand as they are."""
    ids = sorted({actor.removeprefix(_PREFIX) for actor in actors if actor.startswith(_PREFIX)})
    if not ids:
        return {}
    return {row["actor"]: row["name"] for row in fetch(_NAMES, {"ids": ids})}


_NAMES = """
SELECT 'account ' || id AS actor,
       concat_ws(' ', coalesce(nullif(preferred_forename, ''), legal_forename),
                      coalesce(nullif(preferred_surname, ''), legal_surname)) AS name
FROM account WHERE id = ANY(%(ids)s::uuid[]) AND kind <> 'learner'
"""
