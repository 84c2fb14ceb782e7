"""Per-query overhead of langgraph-supervisor with five agents and a model that answers at once; one JSON object, microseconds."""
import json
import resource
import statistics
import time
import warnings

warnings.filterwarnings("ignore")
from langchain_core.language_models.chat_models import BaseChatModel  # noqa: E402
from langchain_core.messages import AIMessage  # noqa: E402
from langchain_core.outputs import ChatGeneration, ChatResult  # noqa: E402
from langgraph.checkpoint.memory import MemorySaver  # noqa: E402
from langgraph.prebuilt import create_react_agent  # noqa: E402
from langgraph_supervisor import create_supervisor  # noqa: E402

AGENTS = ["query_router", "query_planner", "retrieval_expert", "result_synthesizer", "response_validator"]


class Instant(BaseChatModel):
    role: str = "agent"

    @property
    def _llm_type(self):
        return "instant"

    def bind_tools(self, tools, **_):
        return self

    def _generate(self, messages, stop=None, run_manager=None, **_):
        if self.role == "agent":
            reply = AIMessage(content="done")
        else:
            done = sum(m.type == "ai" and not m.tool_calls and m.content == "done" for m in messages)
            if done < len(AGENTS):
                call = {"name": f"transfer_to_{AGENTS[done]}", "args": {}, "id": f"c{done}-{time.time_ns()}"}
                reply = AIMessage(content="", tool_calls=[call])
            else:
                reply = AIMessage(content="final")
        return ChatResult(generations=[ChatGeneration(message=reply)])


def measure(checkpointer):
    team = [create_react_agent(Instant(), tools=[], name=name) for name in AGENTS]
    graph = create_supervisor(team, model=Instant(role="supervisor")).compile(checkpointer=checkpointer)
    micros = []
    for i in range(60):
        config = {"configurable": {"thread_id": str(i)}, "recursion_limit": 60}
        start = time.perf_counter()
        graph.invoke({"messages": [{"role": "user", "content": "q"}]}, config)
        micros.append((time.perf_counter() - start) * 1e6)
    micros = sorted(micros[5:])
    return {"p50": statistics.median(micros), "p99": micros[-1]}


out = {"plain": measure(None), "memory": measure(MemorySaver())}
out["peak_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(out))
