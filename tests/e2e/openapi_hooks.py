"""Schemathesis' hooks: every third request to an operation asks for something that is there, so that good answers are held to
the document, too. All others are as they were made."""
import collections
import json
import os

import schemathesis

THERE = json.loads(os.environ["OPENAPI_THERE"])  # {"documents": ids, "sessions": ids, ...}: as the segment before {id} says.
DOOMED = json.loads(os.environ["OPENAPI_DOOMED"])  # The same, for what deletes.
OWN_KEY = os.environ["OPENAPI_OWN_KEY"]  # Its id: found in a list it would be revoked, and the rest would test nothing.
MESSAGES = [{"role": "user", "content": "How tall is the main mast?"}]
BODIES = {
    "/v1/chat/completions": {"model": "docmind", "messages": MESSAGES},
    "/v1/messages": {"model": "docmind", "max_tokens": 64, "messages": MESSAGES},
    "/v1/responses": {"model": "docmind", "input": "How tall is the main mast?"},
    "/v1/embeddings": {"input": "a mast"},
    "/api/sessions/{id}/import": {"from": "another program", "turns": [{"question": "How tall is it?", "answer": "24 metres."}]},
    "/api/models/plan": {"model": "tiny", "context": 1024},
    "/api/models/pull": {"repository": "owner/absent", "from": "http://127.0.0.1:9"},
    "/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
}
calls = collections.Counter()


@schemathesis.hook
def before_call(context, case, kwargs):
    deletes = case.method.upper() == "DELETE"
    if deletes and case.path_parameters.get("id") == OWN_KEY:
        case.path_parameters["id"] = "nobody"
    path = case.operation.path
    calls[case.operation.label] += 1
    if case.method.upper() != case.operation.method.upper() or calls[case.operation.label] % 3 != 1:
        return
    if path in BODIES:
        case.body, case.media_type = BODIES[path], "application/json"
    if "{id}" in path:
        ids = (DOOMED if deletes else THERE).get(path.split("/{id}")[0].rsplit("/", 1)[1], [])
        if path.endswith("/import"):
            case.path_parameters["id"] = f"new-{calls[case.operation.label]}"  # What is there already is refused.
        elif ids:
            case.path_parameters["id"] = ids[calls[case.operation.label] // 3 % len(ids)]
            case.query = {"start": 0, "end": 40} if path.endswith("/marks") else {}
        if "page" in case.path_parameters:
            case.path_parameters["page"] = 1
