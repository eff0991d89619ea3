"""A record of the audit, as one is before the chain takes it in."""

from hyperion_control.domain.chain import Record

DRAFT = Record(
    seq=0,
    id="aud_1",
    at="2026-11-21T03:00:00.000000Z",
    organisation_id="org_acme",
    phase="note",
    of="",
    actor_id="usr_ada",
    via="lgn_1",
    address="192.0.2.7",
    user_agent="curl/8",
    action="user:create",
    target="usr_olga",
    session_id="",
    request_id="req_1",
    decision="allowed",
    outcome="",
    detail='{"role":"operator"}',
    organisation_hash="",
    hash="",
)
