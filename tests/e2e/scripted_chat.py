"""A server of OpenAI's API that answers as a test says and keeps what it was asked, for what a real model does only by
chance. The setting vllm.url points at it."""
import http.server
import json
import threading
import time


def least(schema):
    """The smallest value that a JSON Schema of ours takes."""
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    if kind == "object":
        return {name: least(schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [least(schema["items"])] * schema.get("minItems", 0)
    return {"string": "ferry", "integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind)


class ScriptedChat:
    """`text` is said to a question about documents, `general` to anything else; with `calls_tools` the first tool of a
    request is called instead; each waits `pause` seconds. `asked`: the bodies of all requests for text; `named`: what
    their header calls them, `placed`: where in a trace; `together`: most of them at the same time."""

    def __init__(self):
        self.text, self.general, self.calls_tools, self.pause = "", "ok", False, 0.0
        self.named, self.placed, self.asked, self.now, self.together, self.lock = [], [], [], 0, 0, threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, body, status=200):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                if self.path.endswith("/models"):
                    return self.reply({"object": "list", "data": [
                        {"id": "scripted", "object": "model", "max_model_len": 32768}]})
                return self.reply({}, 404)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not self.path.endswith("/chat/completions"):
                    return self.reply({}, 404)
                with outer.lock:
                    outer.asked.append(body)
                    outer.named.append(self.headers["X-Request-Id"])
                    outer.placed.append(self.headers["traceparent"])
                    outer.now += 1
                    outer.together = max(outer.together, outer.now)
                time.sleep(outer.pause)
                with outer.lock:
                    outer.now -= 1
                message = outer.said_to(body)
                usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
                finish = "tool_calls" if "tool_calls" in message else "stop"
                if body.get("stream"):
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    for at, call in enumerate(message.get("tool_calls", [])):
                        call["index"] = at
                    for delta, ended in ((message, None), ({}, finish)):
                        event = {"choices": [{"index": 0, "delta": delta, "finish_reason": ended}], "usage": usage}
                        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                    self.wfile.write(b"data: [DONE]\n\n")
                    return None
                return self.reply({"id": "1", "object": "chat.completion", "created": 1, "model": "scripted", "usage": usage,
                                   "choices": [{"index": 0, "message": message, "finish_reason": finish}]})

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # Who asked has gone: that is for the test to see.
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def said_to(self, body):
        if body.get("tools") and self.calls_tools:
            function = body["tools"][0]["function"]
            call = {"name": function["name"], "arguments": json.dumps(least(function["parameters"]))}
            return {"role": "assistant", "content": None,
                    "tool_calls": [{"id": f"c{len(self.asked)}", "type": "function", "function": call}]}
        wanted = body.get("response_format", {}).get("json_schema", {}).get("schema")
        if wanted:
            return {"role": "assistant", "content": json.dumps(least(wanted))}
        about = "[1]" in json.dumps(body.get("messages", ""))
        return {"role": "assistant", "content": self.text if about else self.general}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
