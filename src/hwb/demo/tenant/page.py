"""What stands in the tenant, for people: whoever changed last is first. In English and Welsh."""

from __future__ import annotations

from html import escape
from typing import Any

from hwb.demo.telling import DOMAIN
from hwb.demo.tenant import SKUS
from hwb.demo.tenant.graph import FakeGraph
from hwb.extract.texts import N_, Language, Text, render

_SHOWN = 40
_TITLE = N_("A stand-in for Microsoft 365")
_HINT = N_("For whoever runs the demo: whoever changed last is first.")
_COLUMNS = (N_("Name"), N_("E-mail address"), N_("State"), N_("Licence"), N_("Mailbox"), N_("Groups"))
_OPEN, _SHUT = N_("Open"), N_("Shut")
_LICENCES = {SKUS["learner"]: N_("Learner"), SKUS["staff"]: N_("Staff member")}
_STYLE = """body{margin:0;font:1rem/1.5 "DejaVu Sans",Arial,sans-serif;background:#f3f2f1;color:#1b1a19}
header{display:flex;justify-content:space-between;padding:1rem 1.5rem;background:#1f3a5f}
header a{color:#fff;font-weight:bold}
main{padding:1.5rem}div{overflow-x:auto}table{border-collapse:collapse;background:#fff;min-width:60rem}
th,td{padding:.5rem;border:1px solid #8a8886;text-align:left;vertical-align:top}ul{margin:0;padding-left:1.25rem}
a:focus-visible,div:focus-visible{outline:4px solid #c77700}"""


def answer(tenant: FakeGraph, path: str) -> tuple[int, dict[str, str], bytes]:
    """A page of the tenant's own; other paths lead to it."""
    language: Language | None = "cy" if path == "/cy/" else "en" if path == "/en/" else None
    if language is None:
        return (302, {"Location": "/en/"}, b"") if path == "/" else (404, {}, b"")
    headers = {
        "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    }  # fmt: skip
    return 200, headers, _page(tenant, language).encode()


def _page(tenant: FakeGraph, language: Language) -> str:
    def say(message: str) -> str:
        return escape(render(Text(message), language=language, domain=DOMAIN))

    other, name = ("en", "English") if language == "cy" else ("cy", "Cymraeg")
    head = "".join(f'<th scope="col">{say(column)}</th>' for column in _COLUMNS)
    rows = "".join(_row(tenant, user, say) for user in _newest(tenant))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{say(_TITLE)}</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body>'
        f'<header><a href="/{language}/" translate="no">Microsoft 365</a><a href="/{other}/" lang="{other}">{name}</a>'
        f"</header><main><h1>{say(_TITLE)}</h1><p>{say(_HINT)}</p>"
        f'<div tabindex="0" role="region" aria-label="{say(_TITLE)}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></main></body></html>"
    )


def _newest(tenant: FakeGraph) -> list[dict[str, Any]]:
    """Users by their own last change, or the last one of a group that they are in."""
    with tenant.lock:
        order: dict[str, None] = {}
        for kind, id_, what in reversed(tenant.log):
            order.update(dict.fromkeys([id_] if kind == "users" else sorted(what)))
            if len(order) >= _SHOWN:
                break
        return [tenant.users[id_] for id_ in list(order)[:_SHOWN] if id_ in tenant.users]


def _row(tenant: FakeGraph, user: dict[str, Any], say: Any) -> str:
    with tenant.lock:
        groups = sorted(tenant.groups[group]["displayName"] for group, member in tenant.members if member == user["id"])
    licences = ", ".join(say(_LICENCES[each["skuId"]]) for each in user["assignedLicenses"])
    listed = "".join(f"<li>{escape(group)}</li>" for group in groups)
    mailbox = escape(tenant.mailboxes.get(user["id"], "–").removeprefix("mailbox "))
    return (
        f'<tr><th scope="row" translate="no">{escape(user["displayName"])}</th>'
        f'<td translate="no">{escape(user["userPrincipalName"])}</td>'
        f"<td>{say(_OPEN if user['accountEnabled'] else _SHUT)}</td><td>{licences}</td><td>{mailbox}</td>"
        f'<td translate="no"><ul>{listed}</ul></td></tr>'
    )
