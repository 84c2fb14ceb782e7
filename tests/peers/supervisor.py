#!/usr/bin/env python3
"""The same scripted models through langgraph-supervisor 0.0.31 and through ours: conversations and what every model was
shown are equal, but for the ids that either side makes. Exits 1 when a case differs that should not, or the other way
round. Needs build/bench/peers_supervisor (./dev test --peers builds it) and the peer (bench/peers/setup.sh python).

A scenario is {"name", "model": [replies], "agents": [...], "turns": [questions], and options}; an agent is the same
with tools, with "function" (a text it says), or with agents of its own ("lead" is then its supervisor's name).
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = pathlib.Path(os.environ.get("PEERS", pathlib.Path.home() / ".cache/docmind-peers"))
OURS = pathlib.Path(os.environ.get("DOCMIND_BUILD", ROOT / "build")) / "bench/peers_supervisor"


def says(text):
    return {"text": text, "calls": []}


def calls(*made):
    return {"text": "", "calls": [{"name": n, "id": i, "args": a} for n, i, a in made]}


def to(agent, call_id="c1", prefix="transfer_to_"):
    return calls((prefix + agent, call_id, {}))


def adds(*pairs):
    return calls(*[("add", f"m{a}.{b}", {"a": a, "b": b}) for a, b in pairs])


def supervised(agents, model, turns=("q",), **options):
    return {"name": "supervisor", "agents": agents, "model": model, "turns": list(turns), **options}


def faang(inline=(False, False), **options):
    total = "The combined headcount of the FAANG companies in 2024 is 1,977,586 employees."
    math = {"name": "math_expert", "tools": ["add"], "inline": inline[1], "model": [
        adds((67317, 1551000), (164000, 14000), (181269, 0)), adds((1618317, 178000), (181269, 0)),
        adds((1796317, 181269)), says(total)]}
    research = {"name": "research_expert", "tools": ["web_search"], "inline": inline[1], "model": [
        calls(("web_search", "r1", {"query": "FAANG headcount 2024"})), says("1. Facebook: 67,317\n2. Amazon: 1,551,000")]}
    return supervised([math, research], [to("research_expert", "s1"), to("math_expert", "s2"), says(total)],
                      ["what's the combined headcount of the FAANG companies in 2024?"], inline=inline[0], **options)


def echo(*model, **options):
    return supervised([{"name": "echo_agent", "tools": ["echo"], "model": [says("Echo 1!"), says("Echo 2!")]}],
                      list(model), **options)


def forward(whom):
    return calls(("forward_message", "f", {"from_agent": whom}))


BOTH = [(False, True), (True, False), (True, True)]
ONE = [{"name": "a", "model": [says("x")]}]
TWO = [{"name": "a", "model": [says("from a")]}, {"name": "b", "model": [says("from b")]}]

CASES = {
    "S1 FAANG workflow, last message": faang(),
    "S2 FAANG workflow, full history": faang(full_history=True),
    **{f"S3 last message, inline names {i}": faang(i) for i in BOTH},
    **{f"S4 full history, inline names {i}": faang(i, full_history=True) for i in BOTH},
    "S5 worker hide handoffs": echo(to("echo_agent", "1"), says("boo"), to("echo_agent", "2"), says("END"),
                                    turns=["Scooby-dooby-doo", "Huh take two?"], hide_handoffs=True),
    "S6 forward": echo(to("echo_agent"), forward("echo_agent"), tools=["forward_message"]),
    "S7 forward, another case": echo(to("echo_agent"), forward("ECHO_Agent"), tools=["forward_message"]),
    "S8 forward skips handoff-back, two turns": echo(
        to("echo_agent", "1"), forward("echo_agent"), to("echo_agent", "2"),
        calls(("forward_message", "g", {"from_agent": "echo_agent"})), tools=["forward_message"], turns=["one", "two"]),
    "S9 forward, unknown source": echo(forward("nobody"), says("then I say it"), tools=["forward_message"]),
    "S10 metadata": supervised([{"name": "a", "function": "I saw "}], [to("a"), says("done")]),
    "S11 function as a worker": supervised([{"name": "joke_agent", "function": "a joke"}], [to("joke_agent"), says("ha")]),
    "S15 normalized names": supervised([{"name": "Math Expert", "model": [says("4")]}], [to("math_expert"), says("four")]),
    "S16 prefix": supervised(ONE, [to("a", prefix="delegate_to"), says("y")], prefix="delegate_to"),
    "S19 trailing tool message": supervised(
        [{"name": "a", "tools": ["last_word"], "model": [calls(("last_word", "1", {}))]}], [to("a"), says("done")]),
    **{f"S20 hide handoffs {hide}, handoff back {back}": supervised(
        ONE, [to("a"), says("done")], hide_handoffs=hide, handoff_back=back)
       for hide in (False, True) for back in (None, False, True)},
    "S26 two levels": supervised(
        [{"name": "team", "lead": "team_lead", "agents": ONE, "model": [to("a", "i1"), says("team says x")]}],
        [to("team", "o1"), says("done")]),
    "S26 two levels, full history": supervised(
        [{"name": "team", "lead": "team_lead", "agents": ONE, "model": [to("a", "i1"), says("team says x")], "full_history": True}],
        [to("team", "o1"), says("done")], full_history=True),
    "S27 a worker's hook shows something else": supervised(
        [{"name": "a", "tools": ["clock"], "pre_hook": "shows_instead", "model": [calls(("clock", "1", {})), says("x")]}],
        [to("a"), says("done")], full_history=True),
    "S27 the supervisor's hook shows something else": supervised(ONE, [to("a"), says("done")], pre_hook="shows_instead"),
    "S28 a worker's hook overwrites": supervised(
        [{"name": "a", "pre_hook": "overwrites", "model": [says("x")]}], [to("a"), says("done")]),
    "S29 a hook takes the call away": supervised(
        [{"name": "a", "tools": ["clock"], "post_hook": "forbids", "model": [calls(("clock", "1", {}))]}],
        [to("a"), says("done")]),
    "S29 a hook takes the handoff away": supervised(ONE, [to("a")], post_hook="forbids"),
    "S30 response format": supervised(ONE, [to("a"), says("done"), says('{"answer": "x"}')], structured=True),
    "S32 unknown tool": supervised([{"name": "a", "tools": ["add"], "model": [calls(("nope", "1", {})), says("sorry")]}],
                                   [to("a"), says("done")], full_history=True),
    "prompts": supervised([{"name": "a", "prompt": "You are a.", "model": [says("x")]}], [to("a"), says("done")],
                          prompt="You lead."),
    "tools of its own": supervised(ONE, [calls(("clock", "1", {})), to("a"), says("done")], tools=["clock"]),
    "twice to one agent": echo(to("echo_agent", "1"), to("echo_agent", "2"), says("done")),
}
# Where ours departs on purpose: name, scenario, and why.
DEPARTURES = {
    "S21 two handoffs in one message": (
        supervised(TWO, [calls(("transfer_to_b", "1", {}), ("transfer_to_a", "2", {})), says("done")], parallel=True),
        "the original calls only the first of the two (its issue 230), and drops the supervisor's message"),
    "S22 a tool beside a handoff": (
        supervised(ONE, [calls(("clock", "1", {}), ("transfer_to_a", "2", {})), says("done")], tools=["clock"], parallel=True),
        "the original drops the supervisor's message and the tool's answer"),
    "S24 two handoffs, parallel calls off": (
        supervised(TWO, [calls(("transfer_to_a", "1", {}), ("transfer_to_b", "2", {})), says("done")]),
        "the original calls the first, drops the supervisor's message, and the second call is never answered"),
    "S28 the supervisor's hook overwrites": (
        supervised(ONE, [says("done")], pre_hook="overwrites"),
        "the original overwrites the supervisor's copy alone: the conversation keeps what the hook took away"),
    "a tool's answer, then forward": (
        echo(calls(("clock", "1", {})), to("echo_agent"), calls(("clock", "2", {})), forward("echo_agent"),
             tools=["forward_message", "clock"]),
        "the original drops the tool calls of the turn in which it forwards"),
}


def renamed(result):
    """Ids of calls as numbers, in the order in which a list of messages shows them."""
    def one(messages):
        ids = {}
        for message in messages:
            for call in message["calls"]:
                call["id"] = ids.setdefault(call["id"], len(ids))
            message["to"] = ids.get(message["to"], message["to"])
        return messages
    if "error" in result:
        return result
    return {"messages": one(result["messages"]), "structured": result["structured"],
            "asked": {name: [one(m) for m in asked] for name, asked in sorted(result["asked"].items())}}


def peer_main():
    """Under the peer's Python: scenarios in, results out."""
    import typing
    import warnings
    warnings.filterwarnings("ignore")
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langchain_core.runnables import RunnableLambda
    from langchain_core.tools import tool
    from langgraph.graph import MessagesState, StateGraph
    from langgraph.graph.message import REMOVE_ALL_MESSAGES
    from langgraph.prebuilt import create_react_agent
    from langgraph_supervisor import create_supervisor
    from langgraph_supervisor.agent_name import with_agent_name
    from langgraph_supervisor.handoff import create_forward_message_tool

    roles = {"human": "user", "ai": "assistant", "tool": "tool", "system": "system"}

    def show(message):
        return {"role": roles[message.type], "name": message.name or "", "text": message.content,
                "calls": [{"name": c["name"], "args": c["args"], "id": c["id"]} for c in getattr(message, "tool_calls", [])],
                "to": getattr(message, "tool_call_id", "")}

    class Scripted(BaseChatModel):
        replies: typing.Any  # Any, so that pydantic makes no copies.
        asked: typing.Any

        @property
        def _llm_type(self):
            return "scripted"

        def _next(self, messages):
            self.asked.append([show(m) for m in messages])
            reply = self.replies.pop(0)
            return AIMessage(content=reply["text"], tool_calls=[{**c, "type": "tool_call"} for c in reply["calls"]])

        def _generate(self, messages, stop=None, run_manager=None, **kwargs):
            return ChatResult(generations=[ChatGeneration(message=self._next(messages))])

        def bind_tools(self, tools, **kwargs):
            return self.bind(tools=[{"name": t.name} for t in tools])

        def with_structured_output(self, schema, **kwargs):
            return RunnableLambda(lambda messages: json.loads(self._next(messages).content))

    @tool
    def add(a: int, b: int) -> str:
        """Adds."""
        return str(a + b)

    def saying(name, direct=False):
        def run(query: str = "") -> str:
            """Says something."""
            return "said by " + name
        return tool(name, return_direct=direct)(run)

    known = {"add": add, "web_search": saying("web_search"), "echo": saying("echo"), "clock": saying("clock"),
             "last_word": saying("last_word", True), "forward_message": create_forward_message_tool("supervisor")}

    def hook(name):
        if name is None:
            return None

        def run(state):
            if name == "shows_instead":
                return {"llm_input_messages": [HumanMessage("in short")]}
            if name == "overwrites":
                return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), HumanMessage("in short")]}
            last = state["messages"][-1]
            return {"messages": [AIMessage("not allowed", id=last.id, name=last.name)]} if last.tool_calls else {}
        return run

    def hooks(about):
        return {"pre_model_hook": hook(about.get("pre_hook")), "post_model_hook": hook(about.get("post_hook"))}

    def agent(about, asked):
        if "agents" in about:
            return supervisor({**about, "name": about["lead"]}, asked).compile(name=about["name"])
        if "function" in about:
            def node(_state: MessagesState, config):
                return {"messages": [AIMessage(content=about["function"] + config["metadata"]["test_key"])]}
            graph = StateGraph(MessagesState)
            graph.add_node("node", node)
            graph.set_entry_point("node")
            graph.set_finish_point("node")
            return graph.compile(name=about["name"])
        tools = [known[name] for name in about.get("tools", [])]
        model = Scripted(replies=list(about["model"]), asked=asked.setdefault(about["name"], []))
        bound = with_agent_name(model.bind_tools(tools), "inline") if about.get("inline") else model
        return create_react_agent(bound, tools, name=about["name"], prompt=about.get("prompt"), **hooks(about))

    def supervisor(about, asked):
        agents = [agent(one, asked) for one in about["agents"]]
        return create_supervisor(
            agents, model=Scripted(replies=list(about["model"]), asked=asked.setdefault(about["name"], [])),
            tools=[known[name] for name in about.get("tools", [])] or None, prompt=about.get("prompt"),
            response_format={"title": "R", "type": "object", "properties": {}} if about.get("structured") else None,
            parallel_tool_calls=about.get("parallel", False),
            output_mode="full_history" if about.get("full_history") else "last_message",
            add_handoff_messages=not about.get("hide_handoffs", False),
            handoff_tool_prefix=about.get("prefix"), add_handoff_back_messages=about.get("handoff_back"),
            supervisor_name=about["name"], include_agent_name="inline" if about.get("inline") else None,
            **hooks(about), **({"state_schema": structured_state()} if about.get("structured") else {}))

    def structured_state():
        from langgraph.prebuilt.chat_agent_executor import AgentStateWithStructuredResponse
        return AgentStateWithStructuredResponse

    def play(scenario):
        asked = {}
        app = supervisor(scenario, asked).compile()
        messages, result = [], {}
        for turn in scenario["turns"]:
            result = app.invoke({"messages": [*messages, HumanMessage(turn)]}, {"metadata": {"test_key": "test_value"}})
            messages = result["messages"]
        return {"messages": [show(m) for m in messages], "structured": result.get("structured_response"), "asked": asked}

    out = []
    for scenario in json.load(sys.stdin):
        try:
            out.append(play(scenario))
        except Exception as e:  # What the original does with it is the result.
            out.append({"error": f"{type(e).__name__}: {e}"})
    json.dump(out, sys.stdout)


def ours(scenario):
    run = subprocess.run([OURS], input=json.dumps(scenario), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def lines(messages):
    return [f'{m["role"]} {m["name"]}: {m["text"]!r} {m["calls"] or ""} {m["to"]}' for m in messages]


def print_difference(peer, own):
    for what, a, b in [("messages", peer.get("messages"), own.get("messages")), ("structured", peer.get("structured"), own.get("structured")),
                       ("error", peer.get("error"), own.get("error"))]:
        if a != b:
            print(f"   {what}")
            for side, value in (("langgraph-supervisor", a), ("ours", b)):
                print(f"     {side}:", *(lines(value) if what == "messages" and value else [value]), sep="\n       ")
    for name in sorted(set(peer.get("asked", {})) | set(own.get("asked", {}))):
        a, b = peer.get("asked", {}).get(name), own.get("asked", {}).get(name)
        if a != b:
            print(f"   what {name} was shown")
            for side, value in (("langgraph-supervisor", a), ("ours", b)):
                print(f"     {side}:", *[line for shown in value or [] for line in ["--", *lines(shown)]], sep="\n       ")


def main():
    subprocess.run([ROOT / "bench/peers/setup.sh", "python"], check=True, env={**os.environ, "PEERS": str(PEERS)})
    names = [*CASES, *DEPARTURES]
    scenarios = [*CASES.values(), *(scenario for scenario, _ in DEPARTURES.values())]
    peer = subprocess.run([PEERS / "python/bin/python", __file__, "peer"], input=json.dumps(scenarios),
                          capture_output=True, text=True)
    if peer.returncode != 0:
        sys.exit("langgraph-supervisor did not run:\n" + peer.stderr[-2000:])
    failed = 0
    for name, scenario, theirs in zip(names, scenarios, json.loads(peer.stdout)):
        theirs, own = renamed(theirs), renamed(ours(scenario))
        same = theirs == own and "error" not in own
        if name in DEPARTURES:
            print(f"{'departs' if not same else 'DOES NOT DEPART'}  {name}: {DEPARTURES[name][1]}")
        else:
            print(f"{'equal  ' if same else 'DIFFERS'}  {name} ({len(own.get('messages', []))} messages)")
        wrong = same == (name in DEPARTURES)
        failed += wrong
        if (wrong and not same) or "-v" in sys.argv:
            print_difference(theirs, own)
    print(f"{len(names) - failed} as expected, {failed} not")
    sys.exit(failed > 0)


if __name__ == "__main__":
    peer_main() if sys.argv[1:] == ["peer"] else main()
