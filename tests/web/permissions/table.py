"""Who gets in where, as one table. The case asked about is c-001's, of unit u01 in region xining, waiting for the unit's HR."""

from __future__ import annotations

from dataclasses import dataclass

READERS = ("process_owner", "manager", "inspector", "admin")
UNIT = ("hr-u01", "panel-u01", "leader-u01", "discipline-u01")
OTHERS = ("c-002", "hr-u02", "region-haidong", "expert-01")  # nothing of this case is theirs
LATER = ("committee_office", "chair", "supervisor", "provincial_hrss")  # offices it has not reached yet
ROLES = ("c-001", *UNIT, "region-xining", *OTHERS, *LATER, *READERS)

SEES_CASE = ("c-001", *UNIT, "region-xining", *READERS)
SEES_TASK = ("hr-u01", *READERS)
ROLLOUT = ("committee_office", "supervisor", "provincial_hrss")
OWNER, ADMIN, NOBODY = ("process_owner",), ("admin",), ()


@dataclass(frozen=True)
class Row:
    """`yes`: the roles that get in; everybody else with an account is told `no`. `body`: what is sent, where a route reads
    its body before it asks who sends it."""

    yes: tuple[str, ...] = ROLES
    no: int = 403
    body: object = None


# Open without an account: the status that nobody gets.
PUBLIC = {
    "GET /": 200,
    "GET /api/v1/openapi.json": 200,
    "GET /api/v1/public/certificates/<no>": 422,  # a code is missing
    "GET /api/v1/public/notices": 200,
    "GET /api/v1/public/notices/<notice_id>": 404,  # none such, as in the others
    "GET /api/v1/public/policies": 200,
    "GET /certificates": 200,
    "GET /certificates/<no>": 200,  # asks for the code
    "GET /healthz": 200,
    "GET /login": 200,
    "GET /metrics": 200,
    "GET /public/notices": 200,
    "GET /public/notices/<notice_id>": 404,
    "GET /public/notices/<notice_id>/objection": 404,
    "GET /public/notices/<notice_id>/tip-off": 404,
    "GET /public/policies": 200,
    "GET /public/policies/<document_id>": 404,
    "GET /public/policies/<document_id>/file": 404,
    "GET /public/procedures": 200,
    "GET /public/procedures/<key>": 200,
    "GET /public/procedures/<key>/xml": 200,
    "GET /public/receipts": 200,
    "GET /public/receipts/<no>": 404,
    "GET /public/standards": 200,
    "GET /readyz": 200,
    "GET /robots.txt": 200,
    "GET /static/<path:filename>": 404,
    "POST /api/v1/public/notices/<notice_id>/objections": 422,
    "POST /api/v1/tokens": 422,
    "POST /certificates": 403,  # the browser's token is missing, as in the next two
    "POST /language": 403,
    "POST /login": 403,
    "POST /logout": 303,
    "POST /public/notices/<notice_id>/objection": 404,
    "POST /public/receipts": 422,  # the number is missing
}

TABLE = {
    # one's own
    "GET /api/v1/me": Row(),
    "GET /api/v1/clock": Row(),
    "GET /me": Row(),
    "GET /me/withdraw/<application_id>": Row(("c-001",), 404),
    "GET /password": Row(),
    "GET /work": Row(),
    "POST /api/v1/attachments": Row(),
    "POST /me/withdraw/<application_id>": Row(("c-001",), 404),
    "POST /password": Row(),
    # lists that hold what the reader may see
    "GET /api/v1/incidents": Row(),
    "GET /api/v1/process-instances": Row(),
    "GET /api/v1/tasks": Row(),
    # one case
    "GET /api/v1/process-instances/<instance_id>": Row(SEES_CASE, 404),
    "GET /api/v1/process-instances/<instance_id>/events": Row(SEES_CASE, 404),
    "GET /instances/<instance_id>": Row(SEES_CASE, 404),
    "POST /api/v1/process-instances/<instance_id>/cancel": Row(OWNER),
    "POST /api/v1/process-instances/<instance_id>/resume": Row(OWNER),
    "POST /api/v1/process-instances/<instance_id>/suspend": Row(OWNER),
    # a file not yet handed in is its uploader's alone
    "GET /api/v1/attachments/<attachment_id>": Row(("c-001",), 404),
    # one task
    "GET /api/v1/tasks/<task_id>": Row(SEES_TASK, 404),
    "GET /api/v1/tasks/<task_id>/form": Row(SEES_TASK, 404),
    "GET /tasks/<task_id>": Row(SEES_TASK, 404),
    "GET /tasks/<task_id>/done": Row(),  # sends on whoever may not see it, and tells nothing
    "POST /api/v1/tasks/<task_id>/assign": Row(("hr-u01", "process_owner", "admin"), 0, {"assignee": "c-002"}),
    "POST /api/v1/tasks/<task_id>/claim": Row(("hr-u01",), 0),
    "POST /api/v1/tasks/<task_id>/complete": Row(("hr-u01",), 0),
    "POST /api/v1/tasks/<task_id>/delegate": Row(("hr-u01",), 0, {"assignee": "c-002"}),
    "POST /api/v1/tasks/<task_id>/unclaim": Row(("hr-u01", "process_owner"), 0),
    "POST /tasks/<task_id>": Row(("hr-u01",), 0),
    "POST /tasks/<task_id>/claim": Row(("hr-u01",), 0),
    "POST /tasks/<task_id>/unclaim": Row(("hr-u01", "process_owner"), 0),
    "PUT /api/v1/tasks/<task_id>/draft": Row(("hr-u01",), 0, {"variables": {}}),
    # the office's published rules, and starting
    "GET /api/v1/process-definitions": Row(),
    "GET /api/v1/process-definitions/<definition_id>": Row(),
    "GET /api/v1/process-definitions/<definition_id>/statistics": Row(READERS),
    "GET /api/v1/process-definitions/<definition_id>/xml": Row(),
    "GET /processes": Row(),
    "GET /processes/<definition_id>": Row(),
    "GET /processes/<definition_id>/cases": Row(READERS),
    "GET /processes/<definition_id>/xml": Row(),
    "GET /start/<key>": Row(("c-001", "c-002", "process_owner"), 404),
    "POST /api/v1/decision-definitions/key/<key>/evaluate": Row(),
    "POST /api/v1/process-definitions/<definition_id>/start": Row(("c-001", "c-002", "process_owner")),
    "POST /api/v1/process-definitions/key/<key>/start": Row(("c-001", "c-002", "process_owner")),
    "POST /start/<key>": Row(("c-001", "c-002", "process_owner"), 404),
    # releases, messages, repair
    "GET /api/v1/deployments": Row(READERS),
    "GET /api/v1/deployments/<deployment_id>": Row(READERS),
    "GET /api/v1/deployments/<deployment_id>/export": Row(READERS),
    "GET /deployments/<deployment_id>/back": Row(OWNER),
    "GET /deployments/<deployment_id>/export": Row(READERS),
    "GET /signatures": Row((*READERS, "provincial_hrss")),
    "GET /signatures/<deployment_id>": Row(READERS),  # the authorities too, where a rule set changes
    "POST /deployments/<deployment_id>/back": Row(OWNER),
    "POST /deployments/<deployment_id>/date/drop": Row(OWNER),
    "POST /deployments/<deployment_id>/document": Row(OWNER),
    "POST /deployments/<deployment_id>/read": Row(OWNER),
    "POST /deployments/<deployment_id>/withdraw": Row((*OWNER, "provincial_hrss")),
    "POST /signatures/<deployment_id>": Row(("provincial_hrss",)),
    "GET /studio/changes/<change_id>/publish": Row(READERS),
    "GET /studio/compare": Row(),
    "GET /studio/compare/side": Row(NOBODY, 404),  # nothing was named
    "GET /studio/import": Row(OWNER),
    "POST /studio/changes/<change_id>/publish": Row(OWNER),
    "POST /studio/changes/<change_id>/publish/tests": Row(OWNER),
    "POST /studio/import": Row(OWNER),
    "GET /studio": Row(READERS),
    "POST /studio/changes": Row(OWNER),
    "GET /studio/changes/<change_id>": Row(READERS),
    "GET /studio/changes/new": Row(OWNER),
    "POST /studio/changes/<change_id>/drop": Row(OWNER),
    "POST /studio/changes/<change_id>/files": Row(OWNER),
    "POST /studio/changes/<change_id>/new": Row(OWNER),
    "POST /studio/changes/<change_id>/take-up": Row(OWNER),
    "GET /studio/changes/<change_id>/files/<file>": Row(READERS),
    "POST /studio/changes/<change_id>/files/<file>": Row(OWNER),
    "GET /studio/changes/<change_id>/files/<file>/conflict": Row(OWNER),
    "GET /studio/changes/<change_id>/files/<file>/history": Row(READERS),
    "POST /studio/changes/<change_id>/files/<file>/accept": Row(OWNER),
    "POST /studio/changes/<change_id>/files/<file>/conflict": Row(OWNER),
    "POST /studio/changes/<change_id>/files/<file>/remove": Row(OWNER),
    "POST /studio/changes/<change_id>/files/<file>/restore": Row(OWNER),
    "GET /studio/changes/<change_id>/files/<file>/state": Row(READERS),
    # scenario tests and trials of a change
    "GET /studio/changes/<change_id>/tests/<key>": Row(READERS),
    "POST /studio/changes/<change_id>/tests/<key>/new": Row(OWNER),
    "POST /studio/changes/<change_id>/tests/<key>/run": Row(OWNER),
    "GET /studio/changes/<change_id>/try": Row(OWNER),
    "POST /studio/changes/<change_id>/try": Row(OWNER),
    "GET /studio/tries/<trial_id>": Row(NOBODY, 404),  # none such
    "GET /studio/tries/<trial_id>/files/<attachment_id>": Row(NOBODY, 404),
    "GET /studio/tries/<trial_id>/tasks/<task_id>/<username>": Row(NOBODY, 404),
    "POST /studio/tries/<trial_id>": Row(NOBODY, 404),
    "POST /studio/tries/<trial_id>/end": Row(NOBODY, 404),
    "POST /studio/tries/<trial_id>/scenario": Row(NOBODY, 404),
    "POST /studio/tries/<trial_id>/tasks/<task_id>/<username>": Row(NOBODY, 404),
    "GET /studio/changes/<change_id>/known": Row(READERS),
    "GET /studio/changes/<change_id>/files/<file>/versions/<int:number>": Row(READERS),
    "POST /studio/changes/<change_id>/files/<file>/check": Row(READERS),
    "POST /studio/changes/<change_id>/files/<file>/preview": Row(READERS),
    "POST /studio/changes/<change_id>/files/<file>/versions": Row(OWNER),
    "PUT /studio/changes/<change_id>/files/<file>/draft": Row(OWNER),
    "DELETE /studio/changes/<change_id>/files/<file>/draft": Row(OWNER),
    "GET /deployments": Row(READERS),
    "GET /deployments/<deployment_id>": Row(READERS),
    "GET /deployments/new": Row(OWNER),
    "GET /deployments/<deployment_id>/moving": Row(READERS),
    "POST /deployments/<deployment_id>/moving": Row(OWNER),
    "GET /moves/<batch_id>": Row(NOBODY, 404),  # none such
    "POST /moves/<batch_id>/stop": Row(OWNER),
    "POST /moves/<batch_id>/undo": Row(OWNER),
    "GET /api/v1/migrations/<batch_id>": Row(NOBODY, 404),
    "POST /api/v1/migrations/preview": Row(READERS, 403, {"to": "x"}),
    "POST /api/v1/migrations/execute": Row(OWNER, 403, {"to": "x"}),
    "POST /api/v1/migrations/<batch_id>/stop": Row(OWNER),
    "POST /api/v1/migrations/<batch_id>/undo": Row(OWNER),
    "GET /deadlines": Row(READERS),
    "GET /deadlines.csv": Row(READERS),
    "GET /api/v1/cancellations": Row((*READERS, "provincial_hrss")),
    "GET /api/v1/incidents/groups": Row(READERS),
    "GET /api/v1/incidents/retries/<batch_id>": Row(NOBODY, 404),  # none such
    "GET /api/v1/jobs": Row(READERS),
    "GET /clauses": Row(),
    "GET /operation": Row(READERS),
    "GET /operation/cancellations": Row((*READERS, "provincial_hrss")),
    "GET /operation/cases/<instance_id>": Row(READERS, 404),
    "GET /operation/causes/<code>": Row(READERS),
    "GET /operation/retries/<batch_id>": Row(NOBODY, 404),
    "POST /api/v1/cancellations/<cancellation_id>/confirm": Row(OWNER, 404),
    "POST /api/v1/cancellations/<cancellation_id>/drop": Row(OWNER, 404, {"reason": "x"}),
    "POST /api/v1/incidents/retry": Row(OWNER, 403, {"code": "STEP_FAILED", "reason": "x"}),
    "POST /api/v1/jobs/<job_id>/retry": Row(OWNER, 403, {"reason": "x"}),
    "POST /operation/cancellations/<cancellation_id>": Row(NOBODY, 404),  # none such
    "GET /api/v1/process-instances/<instance_id>/places": Row(OWNER, 404),
    "GET /api/v1/repairs": Row((*READERS, "provincial_hrss")),
    "POST /api/v1/process-instances/<instance_id>/repairs": Row(OWNER, 403, {"reason": "x", "steps": []}),
    "POST /api/v1/repairs/<repair_id>/confirm": Row(NOBODY, 404),  # none such
    "POST /api/v1/repairs/<repair_id>/drop": Row(NOBODY, 404, {"reason": "x"}),
    "GET /operation/cases/<instance_id>/repair": Row(OWNER, 404),
    "POST /operation/cases/<instance_id>/repair": Row(OWNER),
    "POST /operation/repairs/<repair_id>": Row(NOBODY, 404),
    "POST /operation/cases/<instance_id>": Row(OWNER),
    # these three ask for a reason first; the commands let owners alone
    "POST /operation/causes/<code>/retry": Row(READERS),
    "POST /operation/incidents/<incident_id>/retry": Row(READERS),
    "POST /operation/jobs/<job_id>/retry": Row(READERS),
    "POST /api/v1/deployments": Row(OWNER, 403, "file"),
    "POST /api/v1/deployments/<deployment_id>/activate": Row(OWNER),
    "POST /api/v1/incidents/<incident_id>/retry": Row(OWNER),
    "POST /api/v1/messages": Row(OWNER, 403, {"name": "unit_changed", "businessKey": "x"}),
    "POST /deployments/<deployment_id>/activate": Row(OWNER),
    "POST /deployments/new": Row(OWNER),
    # the meeting room: there is none here, and to whom it does not concern there is none anywhere
    "GET /meetings": Row(),
    "GET /meetings/<meeting_id>": Row((), 404),
    "GET /meetings/<meeting_id>/ballot": Row((), 404),
    "GET /meetings/<meeting_id>/cases/<application_id>": Row((), 404),
    "GET /meetings/<meeting_id>/cases/<application_id>/files/<attachment_id>": Row((), 404),
    "GET /meetings/<meeting_id>/sheet": Row((), 404),
    "POST /meetings/<meeting_id>/attendance": Row((), 404),
    "POST /meetings/<meeting_id>/ballot": Row((), 404),
    "POST /meetings/<meeting_id>/cases/<application_id>": Row((), 404),
    "POST /meetings/<meeting_id>/cases/<application_id>/recusal": Row((), 404),
    "POST /meetings/<meeting_id>/groups": Row((), 404),
    "POST /meetings/<meeting_id>/interviews": Row((), 404),
    "POST /meetings/<meeting_id>/recusals": Row((), 404),
    "POST /meetings/<meeting_id>/relations/<relation_id>": Row((), 404),
    "POST /meetings/<meeting_id>/replacement": Row((), 404),
    "POST /meetings/<meeting_id>/requests/<request_id>": Row((), 404),
    # committees and who sits on them: there are none for anybody else
    "GET /committees": Row(("committee_office", "supervisor"), 404),
    "GET /committees/<committee_id>": Row((), 404),
    "POST /committees/<committee_id>/seats": Row((), 404),
    # after a stop of the service
    "GET /outages": Row(),
    "POST /outages/offer": Row((), 404),
    "POST /outages/<compensation_id>/confirm": Row(("committee_office", "supervisor"), 403),
    # notices and objections, for those who publish and look into them
    "GET /publicity": Row(),
    "GET /publicity/<notice_id>": Row((), 404),
    # documents: nobody holds this certificate, there is no such meeting and no such notice
    "GET /certificates/<no>/certificate.pdf": Row((), 404),
    "GET /meetings/<meeting_id>/sheet.pdf": Row((), 404),
    "GET /notices/<notice_id>/notice.pdf": Row((), 404),
    "GET /publicity/<notice_id>/objection": Row((), 404),
    "POST /publicity/<notice_id>/extend": Row((), 404),
    "POST /publicity/<notice_id>/recall": Row((), 404),
    "POST /publicity/<notice_id>/objection": Row((), 404),
    "GET /objections": Row(),
    "GET /objections/<objection_id>": Row((), 404),
    "GET /objections/<objection_id>/files/<attachment_id>": Row((), 404),
    "POST /objections/<objection_id>/investigation": Row((), 404),
    # the rollout, policy parameters and the working-day calendar
    "GET /rollout": Row(("hr-u01", "hr-u02", "region-xining", "region-haidong", *ROLLOUT, *READERS)),
    "GET /policies": Row(("process_owner", "provincial_hrss")),
    "GET /policies/new": Row(("process_owner", "provincial_hrss")),
    "GET /policies/<document_id>/retire": Row((), 404),
    "POST /policies/new": Row(("process_owner", "provincial_hrss")),
    "POST /policies/<document_id>/retire": Row((), 404),
    "GET /parameters": Row(("provincial_hrss", *READERS)),
    "GET /parameters/<name>": Row(("provincial_hrss", *READERS)),
    "POST /parameters/<name>": Row(OWNER),
    "POST /parameters/proposals/<proposal_id>": Row(("provincial_hrss",)),
    "GET /calendars": Row(),  # the State Council's published arrangement
    "GET /calendars/<int:year>": Row(),
    "GET /calendars/import": Row(OWNER + ADMIN),
    "POST /calendars/import": Row(OWNER + ADMIN),
    # accounts and the clock
    "DELETE /api/v1/accounts/<username>/memberships": Row(ADMIN, 403, "query"),
    "GET /accounts": Row(ADMIN),
    "GET /accounts/<username>": Row(ADMIN),
    "GET /accounts/new": Row(ADMIN),
    "GET /api/v1/accounts": Row(ADMIN),
    "GET /api/v1/accounts/<username>": Row(ADMIN),
    "POST /accounts/<username>": Row(ADMIN),
    "POST /accounts/<username>/disabled": Row(ADMIN),
    "POST /accounts/<username>/password": Row(ADMIN),
    "POST /accounts/new": Row(ADMIN, 422),  # wants a group first
    "POST /api/v1/accounts": Row(ADMIN, 403, {"username": "new-one", "name": "New"}),
    "POST /api/v1/accounts/<username>/disable": Row(ADMIN),
    "POST /api/v1/accounts/<username>/enable": Row(ADMIN),
    "POST /api/v1/accounts/<username>/memberships": Row(ADMIN, 403, {"group": "admin"}),
    "POST /api/v1/accounts/<username>/password": Row(ADMIN),
    "POST /clock": Row(NOBODY),  # this office's clock runs by itself
    "PUT /api/v1/clock": Row(ADMIN, 403, {"now": "2027-01-01T00:00:00+08:00"}),
}
