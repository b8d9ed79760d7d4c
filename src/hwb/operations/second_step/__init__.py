"""The second sign-in step: what somebody holds beside the password, proving it, and help with a lost device (A7).

Secrets of apps are kept encrypted, recovery codes as HMACs, passkeys as public keys. While a code is judged the
account's row of tries is locked, so guesses sent at once are judged one after the other, whichever process gets them.
"""

from hwb.operations.second_step.checking import Method, prove_code, prove_passkey
from hwb.operations.second_step.keeping import add_app, add_passkey, new_app_secret, new_recovery_codes, remove
from hwb.operations.second_step.passkeys import Site, begin_passkey, begin_proof
from hwb.operations.second_step.refusals import StepRefused
from hwb.operations.second_step.resetting import Waiting, confirm, refuse, reset, waiting
from hwb.operations.second_step.sealing import open_pending, seal_pending

__all__ = [
    "Method",
    "Site",
    "StepRefused",
    "Waiting",
    "add_app",
    "add_passkey",
    "begin_passkey",
    "begin_proof",
    "confirm",
    "new_app_secret",
    "new_recovery_codes",
    "open_pending",
    "prove_code",
    "prove_passkey",
    "refuse",
    "remove",
    "reset",
    "seal_pending",
    "waiting",
]
