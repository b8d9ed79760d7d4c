"""`hwb account`: decisions about one account (R31, R32)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import typer

from hwb import clock
from hwb.cli.output import JSON, acting_user, print_json, refuse, say
from hwb.extract.texts import N_, Text
from hwb.operations import accounts, passwords, protection, sessions

_USERNAME = typer.Argument(..., help="The account's username, a former one too.")
_SCHOOL = typer.Option(..., "--school", help="The school that decides, or for which support does.")
_FOR_SCHOOL = typer.Option("", "--school", help="The school for which support decides; without it the person's own.")
_REASON = typer.Option(
    ..., "--reason", help="Why. “left” confirms that a missing person left; “safety”: only support ends it."
)
_ANYBODY = typer.Argument("", help="The account's username, a former one too; or give --upn.")
_UPN = typer.Option("", "--upn", help="A UPN, also one that no school has sent yet.")
_WHY = typer.Option(..., "--reason", help="Why. Kept for support; no school sees it.")


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Decide about one account.", no_args_is_help=True)
    for name, decide, text in (
        ("deactivate", accounts.deactivate, "Switch an account of the school off."),
        ("reactivate", accounts.reactivate, "End the school's own switching off."),
        ("left", accounts.left, "Confirm that a missing person left."),
        ("suspend", accounts.suspend, "Support: switch an account off anywhere."),
        (
            "release-suspension",
            accounts.release_suspension,
            "Support: end a suspension, or a switching off for safety.",
        ),
    ):
        school = _FOR_SCHOOL if decide in (accounts.suspend, accounts.release_suspension) else _SCHOOL
        group.command(name, help=text)(_command(decide, school))
    for name, mark, text in (
        ("protect", protection.protect, "Support: tell schools nothing more of somebody."),
        ("unprotect", protection.unprotect, "Support: end a protection."),
    ):
        group.command(name, help=text)(_protecting(mark))
    group.command("reset")(reset)
    group.command("sign-out")(sign_out)
    app.add_typer(group, name="account")


def _command(decide: Callable[..., accounts.Decided], of: Any) -> Callable[..., None]:
    def command(username: str = _USERNAME, school: str = of, reason: str = _REASON, as_json: bool = JSON) -> None:
        now = clock.now()
        try:
            decided = decide(
                username=username, school=school, reason=reason, acting_user=acting_user(), now=now,
                on=clock.calendar_date(now),
            )  # fmt: skip
        except accounts.DecisionRefused as refused:
            refuse(refused.text)
        if as_json:
            print_json({"account": decided.account, "username": decided.username, "state": decided.state})
        else:
            print(f"{decided.username}: {decided.state}")

    return command


def _protecting(mark: Callable[..., protection.Protected]) -> Callable[..., None]:
    def command(username: str = _ANYBODY, upn: str = _UPN, reason: str = _WHY, as_json: bool = JSON) -> None:
        if bool(username) == bool(upn):
            refuse(Text(N_("Give one of the two: a username or --upn.")), code=2)
        try:
            marked = mark(username=username, upn=upn, reason=reason, acting_user=acting_user(), now=clock.now())
        except accounts.DecisionRefused as refused:
            refuse(refused.text)
        protected = mark is protection.protect
        if as_json:
            print_json({"account": marked.account, "username": marked.username, "protected": protected})
        else:
            print(say(Text(N_("Protected.") if protected else N_("No longer protected."))))

    return command


def reset(username: str = _USERNAME, as_json: bool = JSON) -> None:
    """Make a new password; the old one stops at once."""
    try:
        made = passwords.reset_named(username=username, acting_user=acting_user(), now=clock.now())
    except passwords.PasswordRefused as refused:
        refuse(refused.text)
    if as_json:
        print_json({"username": made.username, "password": made.password})
    else:
        print(f"{made.username}  {made.password}")


def sign_out(
    username: str = typer.Argument("", help="The account's username, a former one too; or give --everybody."),
    everybody: bool = typer.Option(False, "--everybody", help="Of everybody: after a break-in."),
) -> None:
    """End every session, and the sign-ins to services made in it."""
    if bool(username) == everybody:
        refuse(Text(N_("Give one of the two: a username or --everybody.")), code=2)
    if everybody:
        sessions.end_everybodys(acting_user=acting_user(), now=clock.now())
        print(say(Text(N_("Everybody is signed out."))))
        return
    account = passwords.account_of_name(username)
    if account is None:
        refuse(Text(N_("Nobody has this username: {username}"), {"username": username}))
    sessions.end_all(account=account, acting_user=acting_user(), now=clock.now(), at=datetime.now(UTC))
    print(say(Text(N_("Signed out everywhere."))))
