"""The registers of authorities and schools, from CSV files with good and bad lines."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hwb.directory.models import Audit, Authority, Establishment, Message
from hwb.operations import registers
from hwb.operations.register_files import FileRefused, read_split

pytestmark = pytest.mark.django_db
NOW = datetime(2018, 7, 2, 10, tzinfo=UTC)
TODAY = date(2018, 7, 2)
HEAD = "dfes_number,name_en,name_cy,phase,opened,closed,client_manager"
GOOD = "6712041,Hillside Primary,Ysgol y Bryn,primary,1999-09-01,,local authority"


def schools(*lines: str, head: str = HEAD, on: date = TODAY) -> registers.Imported:
    content = "\r\n".join([head, *lines]).encode("utf-8-sig")
    return registers.import_schools(content=content, acting_user="root", now=NOW, on=on)


def test_authorities_are_taken_and_taken_again() -> None:
    """An import again changes what differs and adds nothing; both are in the log."""
    content = b"code,name_en,name_cy,email,telephone\n671,Sirdrefn,Sirdrefn,help@example.wales,01234 567890\n"
    assert registers.import_authorities(content=content, acting_user="root", now=NOW).new == 1
    again = registers.import_authorities(content=content.replace(b"01234 567890", b""), acting_user="root", now=NOW)
    assert (again.taken, again.new) == (1, 0)
    assert Authority.objects.get(code="671").telephone == ""
    assert Audit.objects.filter(action="authorities imported", actor="root").count() == 2


def test_columns_may_stand_in_any_order_and_optional_ones_may_be_absent() -> None:
    """Inputs 5, 9 and 8: a byte-order mark, another order and unknown columns do no harm."""
    schools(
        ",secondary,6714041,Ysgol Glan,,2001-09-01,River High,x",
        head="closed,phase,dfes_number,name_cy,client_manager,opened,name_en,colour",
    )
    school = Establishment.objects.get(dfes="6714041")
    assert (school.name_en, school.phase, school.opened) == ("River High", "secondary", date(2001, 9, 1))


def test_a_number_with_a_slash_is_understood() -> None:
    """Input 28: 671/2041 is unambiguous."""
    schools(GOOD.replace("6712041", "671/2041"))
    assert Establishment.objects.filter(dfes="6712041").exists()


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (GOOD.replace("6712041", "671204"), "dfes_number"),
        (GOOD.replace("6712041", "9992041"), "dfes_number"),
        (GOOD.replace(",primary", ",Primary school"), "phase"),
        (GOOD.replace("1999-09-01", "01/09/1999"), "opened"),
        (GOOD.replace("1999-09-01", "1999-02-30"), "opened"),
        (GOOD.replace("1999-09-01,", "1999-09-01,1998-01-01"), "closed"),
        (GOOD.replace("local authority", "council"), "client_manager"),
        (GOOD.replace("Hillside Primary,Ysgol y Bryn", ","), "name_en"),
        (GOOD.replace("Hillside Primary", "x" * 201), "name_en"),
    ],
)
def test_a_bad_line_is_named_and_the_good_ones_count(line: str, column: str) -> None:
    """The report names line, column and value; one bad line never blocks the good ones."""
    imported = schools("6714041,River High,,secondary,,,", line)
    assert [(fault.line, fault.column) for fault in imported.faults] == [(3, column)]
    assert imported.taken == 1
    assert list(Establishment.objects.values_list("dfes", flat=True)) == ["6714041"]


def test_a_comma_too_many_is_a_fault_and_not_a_shift() -> None:
    """Input 10: a line with one value too many is refused instead of read under wrong columns."""
    imported = schools(
        GOOD + ",6714041", GOOD.replace("Hillside Primary", '"Hill, side"').replace("6712041", "6712042")
    )
    assert [(fault.line, fault.value) for fault in imported.faults] == [(2, "6714041")]
    assert Establishment.objects.get(dfes="6712042").name_en == "Hill, side"


def test_a_number_twice_is_a_fault() -> None:
    """The second line with a number is refused."""
    assert [fault.line for fault in schools(GOOD, GOOD).faults] == [3]


@pytest.mark.parametrize(
    "content",
    [
        b"dfes_number,name_en\n",
        (HEAD + ",phase\n" + GOOD).encode(),
        (HEAD + "\n" + GOOD).replace("Bryn", "Brŷn").encode("utf-16"),
        (HEAD + "\n" + GOOD).replace("Bryn", "Brân").encode("cp1252"),
        (HEAD + '\n"' + GOOD).encode(),
        b"",
    ],
    ids=["columns missing", "a column twice", "UTF-16", "Windows-1252", "an open quote", "empty"],
)
def test_a_file_that_cannot_be_read_changes_nothing(content: bytes) -> None:
    """Inputs 4, 7 and 13: refused whole, with what is needed."""
    with pytest.raises(FileRefused):
        registers.import_schools(content=content, acting_user="root", now=NOW, on=TODAY)
    assert not Establishment.objects.exists()


def test_a_successor_must_be_another_school_of_the_register() -> None:
    """`followed_by` names a school in the file or the register, never itself."""
    head = HEAD + ",followed_by"
    imported = schools(
        GOOD + ",6712042", GOOD.replace("6712041", "6712042") + ",6712042", GOOD.replace("6712041", "6712043") + ",6719999",
        head=head,
    )  # fmt: skip
    assert imported.taken == 1
    assert [fault.column for fault in imported.faults] == ["followed_by", "followed_by"]


def test_what_the_file_does_not_say_stays() -> None:
    """A file without an optional column leaves it as it was."""
    schools(GOOD + ",cy,6712099", GOOD.replace("6712041", "6712099") + ",,", head=HEAD + ",language,followed_by")
    schools(GOOD)
    school = Establishment.objects.get(dfes="6712041")
    assert (school.language, school.followed_by) == ("cy", "6712099")


def test_a_registered_address_changes_after_seven_days() -> None:
    """The first address counts at once; another one only after 7 days, and the notice does not begin anew."""
    head = HEAD + ",registered_email"
    schools(GOOD + ",head@hillside.example", head=head)
    imported = schools(GOOD + ",other@hillside.example", head=head)
    assert imported.pending_emails == ("6712041",)
    schools(GOOD + ",other@hillside.example", head=head, on=date(2018, 7, 5))
    told = Message.objects.get()  # once, and at the old address
    assert (told.address, told.details) == ("head@hillside.example", {"from": "2018-07-09"})
    assert registers.apply_pending_emails(on=date(2018, 7, 8), now=NOW) == 0
    assert Establishment.objects.get().registered_email == "head@hillside.example"
    assert registers.apply_pending_emails(on=date(2018, 7, 9), now=NOW) == 1
    assert Establishment.objects.get().registered_email == "other@hillside.example"


def test_going_back_to_the_old_address_ends_the_notice() -> None:
    """Whoever objects gets the address imported as it was, and nothing is pending."""
    head = HEAD + ",registered_email"
    for address in ("head@hillside.example", "other@hillside.example", "head@hillside.example"):
        imported = schools(GOOD + "," + address, head=head)
    assert imported.pending_emails == ()
    assert registers.apply_pending_emails(on=date(2019, 1, 1), now=NOW) == 0


def test_a_split_names_each_person_once() -> None:
    """R43: a split file with a person twice, or without a successor, is no split."""
    assert read_split(b"person,successor\nm671204100001 ,671/4041\n") == {"M671204100001": "6714041"}
    for lines in (b"A,6714041\nA,6714041", b"A,", b",6714041", b"A,99"):
        with pytest.raises(FileRefused):
            read_split(b"person,successor\n" + lines)
