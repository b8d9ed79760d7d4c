"""Everything stored. Invariants are constraints first (reliability.md)."""

from hwb.directory.models.accounts import (
    Account,
    Decision,
    FirstPassword,
    Identifier,
    Placement,
    Protection,
    RecoveryAddress,
    RoleGrant,
    Search,
    SignInLink,
    Upn,
)
from hwb.directory.models.attempts import HelpCode, SignInAttempt, SignInCount, SignInHour
from hwb.directory.models.audit import Audit, ChainHead, PersonKey, Seal
from hwb.directory.models.children import (
    Badge,
    BadgeOnly,
    ChildPictures,
    ClassDevice,
    ClassPlace,
    ClassSession,
    PictureTries,
    WrongClassCode,
)
from hwb.directory.models.connectors import ConnectedAccount, ConnectedGroup, Connector
from hwb.directory.models.consolidation import Consolidation, MoveAnswer
from hwb.directory.models.desk import Answer, SupportCase
from hwb.directory.models.earlier_work import WorkRequest
from hwb.directory.models.messages import Message, MessageChoice, MessageNote, Watch
from hwb.directory.models.records import HiddenWarning, LearnerRecord, PossibleDuplicate, Run, StaffRecord, Wait
from hwb.directory.models.registers import (
    AccessToken,
    Authority,
    Client,
    ClientAssertion,
    ClientSchool,
    Establishment,
    RunWish,
    Setting,
)
from hwb.directory.models.second_step import SecondFactor, SecondStepReset, SecondStepTries, SessionDevice
from hwb.directory.models.service_sign_ins import SamlRequest, ServiceLogOut, ServiceSignIn, SigningKey
from hwb.directory.models.services import Service, ServiceSchool, ServiceToken
from hwb.directory.models.slips import SlipSheet

__all__ = [
    "AccessToken",
    "Account",
    "Answer",
    "Audit",
    "Authority",
    "Badge",
    "BadgeOnly",
    "ChainHead",
    "ChildPictures",
    "ClassDevice",
    "ClassPlace",
    "ClassSession",
    "Client",
    "ClientAssertion",
    "ClientSchool",
    "ConnectedAccount",
    "ConnectedGroup",
    "Connector",
    "Consolidation",
    "Decision",
    "Establishment",
    "FirstPassword",
    "HelpCode",
    "HiddenWarning",
    "Identifier",
    "LearnerRecord",
    "Message",
    "MessageChoice",
    "MessageNote",
    "MoveAnswer",
    "PersonKey",
    "PictureTries",
    "Placement",
    "PossibleDuplicate",
    "Protection",
    "RecoveryAddress",
    "RoleGrant",
    "Run",
    "RunWish",
    "SamlRequest",
    "Seal",
    "Search",
    "SecondFactor",
    "SecondStepReset",
    "SecondStepTries",
    "Service",
    "ServiceLogOut",
    "ServiceSchool",
    "ServiceSignIn",
    "ServiceToken",
    "SessionDevice",
    "Setting",
    "SignInAttempt",
    "SignInCount",
    "SignInHour",
    "SignInLink",
    "SigningKey",
    "SlipSheet",
    "StaffRecord",
    "SupportCase",
    "Upn",
    "Wait",
    "Watch",
    "WorkRequest",
    "WrongClassCode",
]
