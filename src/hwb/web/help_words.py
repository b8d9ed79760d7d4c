"""The public help (A10): each question with its short answer, who must act, and the step; E9 has words by code."""

from __future__ import annotations

from dataclasses import dataclass

from hwb.web.policy import Action
from hwb.web.words import N_


@dataclass(frozen=True, slots=True)
class Question:
    """One question. tool: the route that somebody with the action is led to, at their school where it has one."""

    code: str
    question: str
    short: str
    owner: str
    step: str
    tool: str = ""
    action: Action | None = None


_MIS, _CHAMPION = N_("The school's MIS administrator"), N_("The school's Digital Champion")
GROUPS: tuple[tuple[str, tuple[Question, ...]], ...] = (
    (N_("Learners"), (
        Question(
            "H01", N_("A new learner from another school has no account"),
            N_("The account follows by itself, once the previous school has entered the leaving date and both schools' "
               "clients have run."),
            N_("The previous school first, then yours"),
            N_("A Digital Champion types the UPN into Find my learner, which says what is missing and whose "
               "turn it is."),
            "find-learner", Action.FIND_LEARNER,
        ),
        Question(
            "H02", N_("A new learner has no password in the portal"),
            N_("A learner who came with an account keeps the old password. It still works, and only it is not shown."),
            _CHAMPION,
            N_("Ask the learner for the old password first. Only when it is forgotten, reset it on the "
               "learner's page."),
            "learners", Action.SEE_LEARNERS,
        ),
        Question(
            "H03", N_("The portal shows last year's classes"),
            N_("Hwb shows what the newest run says. Classes change when the MIS has the new year and the "
               "client has run."),
            _MIS, N_("Finish the end-of-year procedures in the MIS, then run the client."),
            "provisioning", Action.SEE_RUNS,
        ),
        Question(
            "H04", N_("I can still see learners who have left"),
            N_("Leavers stay in the list, so that the school can see what happened. They cannot sign in."),
            N_("Nobody"), N_("Where somebody who left still shows as active, enter the leaving date in the MIS."),
            "learners", Action.SEE_LEARNERS,
        ),
        Question(
            "H05", N_("I am a parent or carer"),
            N_("Ask the school. Families have no accounts, and support cannot talk about a child's account "
               "with families."),
            N_("The school"), N_("The school makes a new password in a minute, and prints it for the child."),
        ),
    )),
    (N_("Staff"), (
        Question(
            "H06", N_("A new member of staff has no account in the portal"),
            N_("The MIS needs a start date that has come, and a staff code that nobody else has."),
            _MIS, N_("Look under Find a member of staff, put the record right, and run the client."),
            "find-staff", Action.SEE_STAFF,
        ),
        Question(
            "H07", N_("A member of staff has left but still appears"),
            N_("Leavers stay in the list and cannot sign in. Without a leaving date the account stays on."),
            _MIS, N_("Enter the leaving date in the MIS. If it cannot wait, a Digital Champion switches the "
                     "account off."),
            "staff", Action.SEE_STAFF,
        ),
        Question(
            "H08", N_("I have forgotten my password"),
            N_("Learners ask their teacher. Staff get a link at their recovery address, or ask their "
               "Digital Champion."),
            N_("The school"), N_("Choose “I have forgotten my password” on the sign-in page."), "forgotten",
        ),
    )),
    (N_("Just2easy"), (
        Question(
            "H09", N_("A learner moved and cannot see Just2easy work"),
            N_("Work stays with the school where it was made. The learner has a new space at the new school."),
            _CHAMPION, N_("Open the learner's page at the new school: it says how to ask for the earlier work."),
            "learners", Action.SEE_LEARNERS,
        ),
    )),
    (N_("Moving school"), (
        Question(
            "H10", N_("What happens to my account when I move school?"),
            N_("A learner keeps username, password, e-mail and files. A member of staff gets a new account, "
               "and can ask to "
               "keep the old one."),
            N_("Nobody"), N_("Between two schools the account rests, and nothing in it is lost."),
        ),
        Question(
            "H11", N_("I moved from another school and want to keep my old account"),
            N_("You can, if the headteacher of the school that you left agrees."),
            N_("You"), N_("Sign in with the new account and ask under Your account. Copy first what you saved in it."),
            "move", Action.OWN_ACCOUNT,
        ),
    )),
)  # fmt: skip
