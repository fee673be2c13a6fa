"""The province's records, one file per area with its constraints.

Whoever imports one table gets them all: they point at each other, and a database is made whole or not at all.
"""

from processes.register import (  # noqa: F401
    application_tables,
    appointments,
    ballot_tables,
    certificates,
    committee_tables,
    document_tables,
    expert_tables,
    integrity,
    notice_tables,
    objection_tables,
    people,
    policies,
    proposals,
    rechecks,
    rollout_tables,
    room_tables,
    units,
)
