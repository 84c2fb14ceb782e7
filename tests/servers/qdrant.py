"""A stand-in for Qdrant's server: its own engine in this process (PyPI's qdrant-edge-py) behind its REST interface.

usage: qdrant.py FOLDER [PORT] [--key KEY] [--version V]

What is real: the engine, with its storage on the disk, filters, indexes, quantisation. What is not: the server, whose
paths, answers and errors are written here after its OpenAPI; and there is one machine, so shards and replicas are
checked and recorded and otherwise nothing. Every body is held against the models that Qdrant's own client was made with
from that OpenAPI (PyPI's qdrant-client), which forbid what it does not have. FOLDER keeps the collections from one start
to the next. Prints "ready PORT" and runs until SIGTERM. GET /requests gives the requests so far, for tests.
"""
import argparse, importlib.util, json, pathlib, shutil, signal, sys, threading, types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

root = pathlib.Path(__file__).resolve().parents[2]
packages = next((root / ".deps/servers/venv/lib").glob("python3*/site-packages"))
sys.path.insert(0, str(packages))
import qdrant_edge as edge  # noqa: E402
from pydantic import TypeAdapter, ValidationError  # noqa: E402


def models():
    """The client's models alone: the client itself would want numpy and gRPC."""
    package = types.ModuleType("qdrant_client")
    package.__path__ = [str(packages / "qdrant_client")]
    sys.modules["qdrant_client"] = package
    sys.modules["numpy"] = types.SimpleNamespace(ndarray=type("ndarray", (), {}))
    spec = importlib.util.spec_from_file_location("models", packages / "qdrant_client/http/models/models.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["models"] = module
    spec.loader.exec_module(module)
    return module


models = models()
arguments = argparse.ArgumentParser()
arguments.add_argument("folder", type=pathlib.Path)
arguments.add_argument("port", type=int, nargs="?", default=0)
arguments.add_argument("--key", default="")
arguments.add_argument("--version", default="1.15.4")
arguments = arguments.parse_args()
lock = threading.Lock()
requests = []


class Refused(Exception):
    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


class Collection:
    def __init__(self, name):
        self.folder = arguments.folder / name
        self.settings = json.loads((self.folder / "settings.json").read_text())
        self.shard = edge.EdgeShard.load(str(self.folder / "shard"))

    @staticmethod
    def create(name, given):
        folder = arguments.folder / name
        folder.mkdir(parents=True)
        (vector, params), = given["vectors"].items()
        assert given.get("sparse_vectors") is None
        binary = given.get("quantization_config")
        config = edge.EdgeConfig(
            vectors={vector: edge.EdgeVectorParams(
                size=params["size"], distance=getattr(edge.Distance, params["distance"]), on_disk=params["on_disk"],
                datatype={"float16": edge.VectorStorageDatatype.Float16}[params["datatype"]])},
            quantization_config=binary and edge.BinaryQuantizationConfig(always_ram=binary["binary"]["always_ram"]))
        edge.EdgeShard.create(str(folder / "shard"), config).close()
        (folder / "settings.json").write_text(json.dumps(given))
        return Collection(name)

    def close(self):
        self.shard.flush()
        self.shard.close()


collections = {}


def collection(name):
    if name not in collections:
        raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
    return collections[name]


def checked(model, body):
    try:
        value = TypeAdapter(getattr(models, model)).validate_json(body)
    except ValidationError as error:
        raise Refused(400, f"Format error in JSON body: {error}") from error
    return json.loads(value.model_dump_json(exclude_none=True))


def condition(given):
    if "has_id" in given:
        return edge.HasIdCondition(set(given["has_id"]))
    assert set(given) == {"key", "match"} and set(given["match"]) == {"any"}, given
    return edge.FieldCondition(given["key"], match=edge.MatchAny(given["match"]["any"]))


def filter_of(given):
    assert set(given) <= {"must"}, given
    return edge.Filter(must=[condition(one) for one in given.get("must", [])])


def params_of(given):
    quantisation = given.get("quantization")
    return edge.SearchParams(
        exact=given.get("exact", False),
        quantization=quantisation and edge.QuantizationSearchParams(
            ignore=quantisation["ignore"], rescore=quantisation.get("rescore"),
            oversampling=quantisation.get("oversampling")))


def info(its):
    vectors = its.settings["vectors"]
    return {"status": "green", "optimizer_status": "ok", "points_count": its.shard.count(edge.CountRequest()),
            "config": {"params": {key: its.settings.get(key) for key in ("shard_number", "replication_factor")}
                       | {"vectors": vectors}}}


def put_collection(name, body):
    given = checked("CreateCollection", body)
    if name in collections:
        raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
    collections[name] = Collection.create(name, given)
    return True


def put_index(its, body):
    given = checked("CreateFieldIndex", body)
    kind = {"keyword": edge.PayloadSchemaType.Keyword, "integer": edge.PayloadSchemaType.Integer}
    its.shard.update(edge.UpdateOperation.create_field_index(given["field_name"], kind[given["field_schema"]]))
    return {"operation_id": 0, "status": "completed"}


def put_points(its, body):
    given = checked("PointInsertOperations", body)
    points = [edge.Point(one["id"], one["vector"], one.get("payload") or {}) for one in given["points"]]
    its.shard.update(edge.UpdateOperation.upsert_points(points))
    return {"operation_id": 0, "status": "completed"}


def delete_points(its, body):
    given = checked("PointsSelector", body)
    operation = (edge.UpdateOperation.delete_points(given["points"]) if "points" in given
                 else edge.UpdateOperation.delete_points_by_filter(filter_of(given["filter"])))
    its.shard.update(operation)
    return {"operation_id": 0, "status": "completed"}


def query(its, body):
    given = checked("QueryRequest", body)
    wanted = given.get("with_payload", False)
    found = its.shard.query(edge.QueryRequest(
        limit=given["limit"], query=edge.Query.Nearest(given["query"], using=given["using"]),
        filter=filter_of(given.get("filter", {})), params=params_of(given["params"]),
        with_payload=edge.PayloadSelector.Include(wanted) if isinstance(wanted, list) else wanted))
    return {"points": [{"id": one.id, "version": one.version, "score": one.score}
                       | ({"payload": one.payload} if one.payload is not None else {}) for one in found]}


def facet(its, body):
    given = checked("FacetRequest", body)
    hits = its.shard.facet(edge.FacetRequest(given["key"], limit=given["limit"], exact=given["exact"]))
    return {"hits": [{"value": hit.value, "count": hit.count} for hit in hits]}


def count(its, body):
    return {"count": its.shard.count(edge.CountRequest(exact=checked("CountRequest", body)["exact"]))}


def answer(method, path, wait, body):
    parts = [part for part in path.split("/") if part]
    if method == "GET" and not parts:
        return None
    if parts[:1] != ["collections"] or len(parts) < 2:
        raise Refused(404, "")
    name, rest = parts[1], "/".join(parts[2:])
    if method == "PUT" and not rest:
        return put_collection(name, body)
    if method == "DELETE" and not rest:
        if name not in collections:
            return False
        collections[name].close()
        shutil.rmtree(collections.pop(name).folder)
        return True
    its = collection(name)
    if method == "GET" and not rest:
        return info(its)
    changes = {("PUT", "index"): put_index, ("PUT", "points"): put_points, ("POST", "points/delete"): delete_points}
    asks = {("POST", "points/query"): query, ("POST", "facet"): facet, ("POST", "points/count"): count}
    if (method, rest) in changes:
        if not wait:
            raise Refused(400, "the stand-in takes no change that nobody waits for")
        return changes[method, rest](its, body)
    if (method, rest) not in asks:
        raise Refused(404, "")
    return asks[method, rest](its, body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle_one(self):
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if target.path == "/requests":
            return self.reply(200, requests)
        if arguments.key and self.headers.get("api-key") != arguments.key:
            return self.reply(401, {"status": {"error": "Must provide an API key or an Authorization bearer token"}})
        try:
            with lock:
                requests.append({"method": self.command, "path": target.path, "body": json.loads(body or "null")})
                result = answer(self.command, target.path, parse_qs(target.query).get("wait") == ["true"], body)
        except Refused as refused:
            return self.reply(refused.status, {"status": {"error": str(refused)}, "time": 0.0})
        except Exception as error:  # The engine's own, as the server words it.
            return self.reply(400, {"status": {"error": f"Wrong input: {error}"}, "time": 0.0})
        if result is None:
            return self.reply(200, {"title": "qdrant - vector search engine", "version": arguments.version})
        return self.reply(200, {"result": result, "status": "ok", "time": 0.0})

    do_GET = do_PUT = do_POST = do_DELETE = handle_one

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


arguments.folder.mkdir(parents=True, exist_ok=True)
for settings in arguments.folder.glob("*/settings.json"):
    collections[settings.parent.name] = Collection(settings.parent.name)
server = Server(("127.0.0.1", arguments.port), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("ready", server.server_port, flush=True)
server.serve_forever()
with lock:
    for one in collections.values():
        one.close()
