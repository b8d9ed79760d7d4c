"""Our own PostgreSQL: found, initialised, supervised and stopped with its owners.

A *home* is the folder HWB_HOME. A process that uses the database is an *owner*: it keeps a shared lock on
the home's `owners.lock`, which the kernel drops however the process ends. A *keeper* process is
PostgreSQL's parent: it starts it, restarts it when killed, and stops it when no owner is left.
See docs/adr/0002.
"""

from hwb.embedded.binaries import EmbeddedDatabaseUnavailable
from hwb.embedded.cluster import superuser_dsn
from hwb.embedded.home import home
from hwb.embedded.kinship import die_with_parent, dying_with_parent
from hwb.embedded.ownership import ensure, is_kept, remove, stop

__all__ = [
    "EmbeddedDatabaseUnavailable",
    "die_with_parent",
    "dying_with_parent",
    "ensure",
    "home",
    "is_kept",
    "remove",
    "stop",
    "superuser_dsn",
]
