"""Rules about what services that follow the account must have, sentence by sentence (R4, R7, R11, R25, R38–R40)."""

from __future__ import annotations

from dataclasses import replace

from tests.support.people import OTHER, PRIMARY, SECONDARY

from hwb.lifecycle.service_accounts import AccountFacts, Group, GroupKind, Place, ServiceAccount, wanted

MALI = AccountFacts(
    "a1",
    "learner",
    True,
    "mali.rees@hwb.example.wales",
    "Rees",
    "Mali",
    (Place(PRIMARY, "holding", "6", ("6G", "Côr")),),
)
RELEASED = replace(MALI, active=False, places=())


def of(facts: AccountFacts) -> ServiceAccount:
    found = wanted(facts)
    assert found is not None
    return found


def test_r40_active_opens_and_inactive_shuts() -> None:
    """R40: A service lets somebody in exactly while the account is active, and has them in no group otherwise."""
    assert (of(MALI).enabled, of(RELEASED).enabled) == (True, False)
    assert of(RELEASED).groups == frozenset()


def test_r11_a_leaver_of_wales_keeps_what_is_there() -> None:
    """R11: Of somebody who left and was admitted nowhere, mailbox, files and licence stay, shut."""
    assert of(RELEASED) == replace(of(MALI), enabled=False, groups=frozenset(), spaces=frozenset())


def test_r11_nothing_is_made_for_somebody_who_may_not_sign_in() -> None:
    """R11: A service makes nothing for an account that is not active."""
    assert (of(MALI).made, of(RELEASED).made) == (True, False)


def test_r4_a_claim_opens_the_same_in_other_groups() -> None:
    """R4: A claim by another school opens the same object again, with the new school's groups and no other change."""
    claimed = of(replace(MALI, places=(Place(SECONDARY, "holding", "7", ("7B",)),)))
    assert claimed.groups == {
        Group(GroupKind.SCHOOL, SECONDARY), Group(GroupKind.YEAR, SECONDARY, "7"), Group(GroupKind.CLASS, SECONDARY, "7B"),
    }  # fmt: skip
    assert replace(claimed, groups=of(MALI).groups, spaces=of(MALI).spaces) == of(MALI)


def test_r7_a_guest_is_in_the_classes_alone() -> None:
    """R7: A guest is in the classes of the school visited, and not in the groups of its own people."""
    guest = replace(MALI, places=(*MALI.places, Place(OTHER, "guest", "6", ("Band",))))
    assert of(guest).groups - of(MALI).groups == {Group(GroupKind.CLASS, OTHER, "Band")}


def test_r39_a_grace_keeps_services_open() -> None:
    """R39: While a grace runs the account is active and services stay open, though no school's groups hold the person."""
    grace = of(replace(MALI, places=()))
    assert (grace.enabled, grace.groups) == (True, frozenset())


def test_r24_staff_are_in_the_groups_of_every_post() -> None:
    """R24: A staff member with several posts has one object, in the groups of every school and in no year group."""
    staff = replace(MALI, kind="staff", places=(Place(PRIMARY, "post", "", ("6G",)), Place(OTHER, "post")))
    assert of(staff).licence == "staff"
    assert of(staff).groups == {
        Group(GroupKind.SCHOOL, PRIMARY), Group(GroupKind.CLASS, PRIMARY, "6G"), Group(GroupKind.SCHOOL, OTHER),
    }  # fmt: skip


def test_r34_a_new_username_moves_the_address() -> None:
    """R34: Newly issued names change the address of the same object; a name change alone changes the shown name."""
    assert of(replace(MALI, surname="Evans")) == replace(of(MALI), surname="Evans")
    assert of(replace(MALI, address="mali.evans@hwb.example.wales")).address == "mali.evans@hwb.example.wales"


def test_officials_have_mail_of_their_own() -> None:
    """R30: Services follow people of schools; nothing is made for officials."""
    assert wanted(replace(MALI, kind="official", places=())) is None
