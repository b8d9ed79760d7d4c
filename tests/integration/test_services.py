"""Services registered and ended (interfaces.md `hwb services`), and what they know people by."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.support.connectors import connect_work
from tests.support.world import ELSEWHERE, SCHOOL, World, build
from typer.testing import CliRunner

from hwb.cli.main import build_app
from hwb.directory.models import Account, Audit, Connector, Placement, Service
from hwb.directory.pairwise import PairwiseKey
from hwb.directory.queries import services as rows
from hwb.operations import connectors, services
from hwb.operations.services import ServiceRefused, Wanted
from hwb.web.policy import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2018, 9, 4, 9, tzinfo=UTC)
BACK = "https://maths.example/back"
METADATA = (
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://old.example/saml">'
    '<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService '
    'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://old.example/acs" index="0"/>'
    "</SPSSODescriptor></EntityDescriptor>"
)


@pytest.fixture
def world() -> World:
    return build()


def wanted(**more: Any) -> Wanted:
    return Wanted(**{"protocol": "oidc", "name": "Maths", "redirect_uris": (BACK,), "schools": (SCHOOL,), **more})


def register(**more: Any) -> services.Registered:
    return services.register(wanted(**more), acting_user="tests", at=datetime.now(UTC), now=NOW)


def test_a_secret_is_shown_once_and_kept_hashed_and_registering_is_logged(world: World) -> None:
    made = register(scopes=("profile", "openid"))
    kept = Service.objects.get(id=made.service)
    assert len(made.secret) >= 43
    assert made.secret not in str(vars(kept))
    assert kept.scopes == ["openid", "profile"]
    entry = Audit.objects.get(action="service registered")
    assert json.loads(entry.details)["after"]["schools"] == [SCHOOL]
    assert made.secret not in entry.details


def test_without_scopes_a_service_is_told_no_more_than_an_identifier(world: World) -> None:
    assert register().scopes == ("openid",)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"protocol": "ldap"}, "protocol"), ({"name": "  "}, "name"), ({"name": "x" * 101}, "name"),
        ({"redirect_uris": ()}, "redirect_uri"), ({"schools": ()}, "schools"), ({"all_schools": True}, "schools"),
        ({"schools": ("6799999",)}, "unknown_school"), ({"scopes": ("upn",)}, "scope"),
        ({"is_source": True}, "source"), ({"protocol": "oneroster", "scopes": ("profile",)}, "scope"),
        ({"protocol": "scim", "scopes": ("openid",)}, "scope"), ({"protocol": "scim", "kinds": ()}, "kinds"),
        ({"protocol": "scim", "kinds": ("official",)}, "kinds"), ({"protocol": "saml"}, "metadata"),
        ({"protocol": "saml", "metadata": '<!DOCTYPE a [<!ENTITY x "y">]>' + METADATA}, "metadata"),
        ({"protocol": "saml", "metadata": METADATA.replace("EntityDescriptor", "EntitiesDescriptor")}, "metadata"),
        ({"protocol": "saml", "metadata": METADATA.replace("https://old.example/acs", "http://old.example/acs")}, "address"),
        ({"protocol": "saml", "metadata": METADATA.replace("HTTP-POST", "HTTP-Artifact")}, "metadata"),
        ({"protocol": "saml", "metadata": METADATA, "attribute_names": (("upn", "upn"),)}, "attribute"),
        *(({"redirect_uris": (address,)}, "address") for address in (
            "http://maths.example/back", "https://maths.example/#back", "https://*.example/back", "https:///back",
            "https://a@maths.example/back", "javascript:alert(1)", "https://maths.example\\@evil.example/", "//maths.example/",
            "https://maths.example/a b", "https://[maths/", "https://maths.example:port/",
        )),
    ],
)  # fmt: skip
def test_what_cannot_be_registered(world: World, more: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceRefused) as refused:
        register(**more)
    assert refused.value.code == code
    assert not Service.objects.exists()


def test_plain_http_on_a_loopback_is_for_trying_things_out_only(world: World, settings: Any) -> None:
    register(redirect_uris=("http://localhost:3000/back",))
    settings.HWB_PRODUCTION = True
    with pytest.raises(ServiceRefused, match="address"):
        register(redirect_uris=("http://localhost:3000/back",))


def test_a_saml_service_is_known_by_its_entity_id_once(world: World) -> None:
    made = register(protocol="saml", metadata=METADATA, redirect_uris=())
    assert (made.client_id, made.secret) == ("https://old.example/saml", "")
    with pytest.raises(ServiceRefused, match="registered"):
        register(protocol="saml", metadata=METADATA, redirect_uris=())


def test_services_of_one_name_know_a_person_by_one_identifier_and_others_by_another(world: World) -> None:
    key, account = services.pairwise_key(), world.accounts[Role.LEARNER].id
    sectors = [register().sector, register(protocol="oneroster", name="  MATHS ").sector, register(name="Music").sector]
    assert register(name="Old maths", sector="maths").sector == sectors[0]
    same, alike, other = (key.identifier(account, sector=sector) for sector in sectors)
    assert same == alike != other
    assert key.account(same, sector=sectors[0]) == account
    assert key.account(same, sector=sectors[2]) != account


def test_identifiers_tell_nothing_and_never_meet() -> None:
    key, sector = PairwiseKey.of("", secret="a"), "maths"
    accounts = [uuid4() for _ in range(2000)]
    made = [key.identifier(account, sector=sector) for account in accounts]
    assert len(set(made)) == 2000
    assert not {account.hex for account in accounts} & set(made)
    assert [key.account(one, sector=sector) for one in made] == accounts
    assert PairwiseKey.of("", secret="b").identifier(accounts[0], sector=sector) != made[0]
    for wrong in (
        "",
        "x" * 32,
        made[0].upper() if made[0].upper() != made[0] else "A",
        made[0] + "0",
        str(accounts[0]),
    ):
        assert key.account(wrong, sector=sector) is None


def test_a_service_is_revoked_once_and_no_longer_found(world: World) -> None:
    made = register()
    assert rows.of_client(made.client_id) is not None
    ended = [
        services.revoke(service=made.service, acting_user="tests", at=datetime.now(UTC), now=NOW) for _ in range(2)
    ]
    assert ended == [True, False]
    assert rows.of_client(made.client_id) is None
    assert Service.objects.get().secret_digest == ""
    assert Audit.objects.filter(action="service revoked").count() == 1


def test_a_service_to_which_accounts_are_carried_is_not_ended(world: World) -> None:
    """The connector would feed it for ever: it is named, and nothing has happened until it is removed."""
    work = connect_work()
    service = Connector.objects.get(id=work.connector).service_id
    command = ["services", "revoke", str(service)]
    refused = CliRunner().invoke(build_app(), command)
    assert refused.exit_code != 0
    assert "work" in refused.output
    browser, one = world.client(Role.OPERATOR), f"/en/nation/services/{service}/"
    assert "hwb connectors remove" in browser.post(f"{one}end/", follow=True).content.decode()
    assert Service.objects.get().revoked_at is None
    assert Service.objects.get().secret_digest != ""
    connectors.remove(name="work", acting_user="tests", at=datetime.now(UTC), now=NOW)
    assert CliRunner().invoke(build_app(), command).exit_code == 0
    assert Service.objects.get().revoked_at is not None


def test_the_launcher_has_the_services_of_the_persons_schools(world: World) -> None:
    register(name="Own")
    register(name="Other", schools=(ELSEWHERE,))
    register(name="All", schools=(), all_schools=True, start_uri="https://all.example/start")
    register(name="Roster", protocol="oneroster")
    learner = world.accounts[Role.LEARNER]
    assert [(tile.name, tile.start_uri) for tile in rows.tiles(learner.id)] == [
        ("All", "https://all.example/start"), ("Own", "https://maths.example/"),
    ]  # fmt: skip
    assert [tile.name for tile in rows.tiles(world.elsewhere[0].id)] == ["All", "Other"]
    assert [tile.name for tile in rows.tiles(world.accounts[Role.OPERATOR].id)] == ["All"]
    Placement.objects.filter(account_id=learner.id).update(ended=NOW)  # in a grace (R39) services stay
    assert [tile.name for tile in rows.tiles(learner.id)] == ["All", "Own"]
    Account.objects.filter(id=learner.id).update(active=False)
    assert rows.tiles(learner.id) == []


def test_services_on_the_command_line(world: World, tmp_path: Path) -> None:
    run = CliRunner().invoke
    description = tmp_path / "metadata.xml"
    description.write_text(METADATA)
    asked = [
        "services",
        "register",
        "--protocol",
        "oidc",
        "--name",
        "Maths",
        "--school",
        SCHOOL,
        "--redirect-uri",
        BACK,
    ]
    told = json.loads(run(build_app(), [*asked, "--scope", "profile", "--json"]).stdout)
    assert set(told) >= {"service", "client_id", "client_secret", "issuer"}
    assert "Secret, shown only now: " in run(build_app(), asked).stdout
    saml = [
        "services",
        "register",
        "--protocol",
        "saml",
        "--name",
        "Old",
        "--all-schools",
        "--metadata",
        str(description),
    ]
    assert json.loads(run(build_app(), [*saml, "--json"]).stdout)["client_secret"] is None
    listed = json.loads(run(build_app(), ["services", "list", "--json"]).stdout)
    assert [(row["name"], row["schools"]) for row in listed] == [
        ("Maths", [SCHOOL]),
        ("Maths", [SCHOOL]),
        ("Old", "all"),
    ]
    assert run(build_app(), ["services", "revoke", told["service"]]).exit_code == 0
    assert run(build_app(), ["services", "revoke", told["service"]]).exit_code == 1
    refused = run(build_app(), ["services", "register", "--protocol", "oidc", "--name", "Maths", "--school", SCHOOL])
    assert refused.exit_code == 1
    assert "led back to" in refused.stderr
