"""`hwb roles`: who may do what, beside what schools' data says."""

from __future__ import annotations

from datetime import UTC, datetime

import typer
from django.conf import settings

from hwb import clock
from hwb.cli.output import JSON, acting_user, language, print_json, print_table, refuse, say
from hwb.directory.queries import roles as granted_roles
from hwb.extract.texts import N_, Text
from hwb.operations import roles
from hwb.operations.roles import Reach, RoleRefused

_ROLE = typer.Option(..., "--role", help=f"One of: {', '.join(sorted(roles.GRANTABLE))}.")
_SCHOOL = typer.Option("", "--school", help="The DfES number of the school it is for.")
_AREA = typer.Option("", "--area", help="The three digits of the authority it is for.")
_USERNAME = typer.Option("", "--username", help="An account's username, a former one too.")
_NEW = typer.Option("", "--new", help="The name of somebody outside every school's roll; needs --email.")
_EMAIL = typer.Option("", "--email", help="Their e-mail address.")
_UNTIL = typer.Option(None, "--until", help="The role's last day, for example 2019-07-31.", formats=["%Y-%m-%d"])


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Roles: Digital Champions, heads, officers, agents, operators.", no_args_is_help=True)
    group.command("grant")(grant)
    group.command("revoke")(revoke)
    group.command("list")(list_roles)
    app.add_typer(group, name="roles")


def grant(
    role: str = _ROLE, school: str = _SCHOOL, area: str = _AREA, username: str = _USERNAME, new: str = _NEW,
    email: str = _EMAIL, until: datetime | None = _UNTIL, as_json: bool = JSON,
) -> None:  # fmt: skip
    """Give a role to an account, or to somebody new, who gets a link for the first sign-in."""
    if bool(username) == bool(new) or bool(new) != bool(email):
        refuse(Text(N_("Give either --username, or --new with --email.")), code=2)
    now, last = clock.now(), until.date() if until else None
    reach = Reach(role, school, area)
    try:
        if new:
            made = roles.grant_new(
                reach, person=roles.NewPerson(new, email), until=last, acting_user=acting_user(), now=now,
                on=clock.calendar_date(now), at=datetime.now(UTC),
            )  # fmt: skip
        else:
            made = roles.grant(
                reach, username=username, until=last, acting_user=acting_user(), now=now, on=clock.calendar_date(now),
                at=datetime.now(UTC),
            )  # fmt: skip
    except RoleRefused as refused:
        refuse(refused.text)
    link = f"{settings.HWB_BASE_URL}/{language()}/first-sign-in/{made.link_token}/" if made.link_token else None
    if as_json:
        print_json({"grant": made.grant, "account": made.account, "username": made.username, "link": link})
        return
    print(say(Text(N_("Given. Username: {username}"), {"username": made.username})))
    if link:
        print(say(Text(N_("First sign-in, once, within 7 days: {link}"), {"link": link})))


def revoke(
    role: str = _ROLE, school: str = _SCHOOL, area: str = _AREA, username: str = _USERNAME, as_json: bool = JSON
) -> None:
    """Take a role away at once."""
    now = clock.now()
    try:
        roles.revoke(
            Reach(role, school, area), username=username, acting_user=acting_user(), now=now,
            on=clock.calendar_date(now),
        )  # fmt: skip
    except RoleRefused as refused:
        refuse(refused.text)
    if as_json:
        print_json({"username": username, "role": role, "state": "revoked"})
    else:
        print(say(Text(N_("Taken away."))))


def list_roles(school: str = _SCHOOL, as_json: bool = JSON) -> None:
    """Roles that stand, and headteachers whom a school's data proposes."""
    found = [row.to_json() for row in granted_roles.granted(today=clock.today(), school=school or None)]
    if as_json:
        print_json(found)
        return
    columns = ("username", "role", "school", "area", "until", "state")
    print_table(columns, found, nothing=say(Text(N_("Nobody has been given a role yet."))))
