#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/ascii.h"
#include "config/value.h"

namespace docmind::config {
namespace {

// The makers below take `field`, a generic lambda from Settings to the member, once for reading and once for writing.

template <typename Field>
Declaration on_off(std::string_view key, Field field, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = "true or false",
          .kind = Kind::kBool,
          .set = [field](Settings& s, std::string_view text) -> Result<> {
            field(s) = DM_TRY(to_bool(text));
            return {};
          },
          .get = [field](const Settings& s) { return text_of(field(s)); }};
}

template <typename Field>
Declaration integer(std::string_view key, Field field, std::int64_t least, std::int64_t most, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = fmt::format("whole number, {} to {}", least, most),
          .kind = Kind::kInteger,
          .least = std::to_string(least),
          .most = std::to_string(most),
          .set = [=](Settings& s, std::string_view text) -> Result<> {
            auto& member = field(s);
            member = static_cast<std::remove_reference_t<decltype(member)>>(DM_TRY(to_integer(text, least, most)));
            return {};
          },
          .get = [field](const Settings& s) { return std::to_string(field(s)); }};
}

// Written in MiB, kept in bytes.
template <typename Field>
Declaration mebibytes(std::string_view key, Field field, std::int64_t least, std::int64_t most, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = fmt::format("MiB, {} to {}", least, most),
          .kind = Kind::kMebibytes,
          .least = std::to_string(least),
          .most = std::to_string(most),
          .set = [=](Settings& s, std::string_view text) -> Result<> {
            field(s) = static_cast<std::uint64_t>(DM_TRY(to_integer(text, least, most))) * kMebibyte;
            return {};
          },
          .get = [field](const Settings& s) { return std::to_string(field(s) / kMebibyte); }};
}

template <typename Field>
Declaration real(std::string_view key, Field field, double least, double most, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = fmt::format("number, {} to {}", text_of(least), text_of(most)),
          .kind = Kind::kNumber,
          .least = text_of(least),
          .most = text_of(most),
          .set = [=](Settings& s, std::string_view text) -> Result<> {
            field(s) = DM_TRY(to_real(text, least, most));
            return {};
          },
          .get = [field](const Settings& s) { return text_of(field(s)); }};
}

template <typename Field>
Declaration duration(std::string_view key, Field field, Duration least, Duration most, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = fmt::format("time, {} to {}", text_of(least), text_of(most)),
          .kind = Kind::kDuration,
          .least = text_of(least),
          .most = text_of(most),
          .set = [=](Settings& s, std::string_view text) -> Result<> {
            field(s) = DM_TRY(to_duration(text, least, most));
            return {};
          },
          .get = [field](const Settings& s) { return text_of(field(s)); }};
}

template <typename Field>
Declaration line(std::string_view key, Field field, std::string_view values, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = std::string(values),
          .set = [field](Settings& s, std::string_view text) -> Result<> {
            std::string value = DM_TRY(to_line(text));
            if (value.empty()) return Error{Code::kInvalidArgument, "must not be empty"};
            field(s) = std::move(value);
            return {};
          },
          .get = [field](const Settings& s) { return field(s); }};
}

// A line that may be empty.
template <typename Field>
Declaration line_or_none(std::string_view key, Field field, std::string_view values, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = std::string(values),
          .set = [field](Settings& s, std::string_view text) -> Result<> {
            field(s) = DM_TRY(to_line(text));
            return {};
          },
          .get = [field](const Settings& s) { return field(s); }};
}

template <typename Field>
Declaration path(std::string_view key, Field field, std::string_view help) {
  return {.key = key,
          .help = help,
          .values = "path",
          .is_path = true,
          .set = [field](Settings& s, std::string_view text) -> Result<> {
            field(s) = DM_TRY(to_line(text));
            return {};
          },
          .get = [field](const Settings& s) { return field(s); }};
}

template <typename Field>
Declaration choice(std::string_view key, Field field, std::vector<std::string_view> words, std::string_view help) {
  const std::string all = fmt::format("{}", fmt::join(words, ", "));
  return {.key = key,
          .help = help,
          .values = all,
          .kind = Kind::kChoice,
          .choices = words,
          .set = [=](Settings& s, std::string_view text) -> Result<> {
            std::string word = lowered(text);
            if (std::ranges::find(words, word) == words.end()) {
              return Error{Code::kInvalidArgument, fmt::format("must be one of {}, not {}", all, in_quotes(text))};
            }
            field(s) = std::move(word);
            return {};
          },
          .get = [field](const Settings& s) { return field(s); }};
}

Declaration with(Declaration declaration, std::vector<std::string_view> aliases) {
  declaration.aliases = std::move(aliases);
  return declaration;
}

Declaration at_once(Declaration declaration) {
  declaration.effect = Effect::kAtOnce;
  return declaration;
}

Declaration hidden(Declaration declaration) {
  declaration.shown = Shown::kHidden;
  return declaration;
}

void add_cache_server(std::vector<Declaration>& out) {
  out.push_back(line(
      "cache_server.host", [](auto& s) -> auto& { return s.cache_server.host; }, "address",
      "Address the cache server listens on; 127.0.0.1 keeps it on this machine."));
  out.push_back(with(integer(
                         "cache_server.port", [](auto& s) -> auto& { return s.cache_server.port; }, 0, 65535,
                         "Port the cache server listens on; 0 takes a free one."),
                     {"cache_server_port"}));
  out.push_back(integer(
      "cache_server.max_entries", [](auto& s) -> auto& { return s.cache_server.max_entries; }, 1, 10'000'000,
      "Entries the cache server keeps at most."));
  out.push_back(mebibytes(
      "cache_server.max_mb", [](auto& s) -> auto& { return s.cache_server.max_bytes; }, 1, 1048576,
      "Room for all its entries in its file."));
  out.push_back(mebibytes(
      "cache_server.hot_mb", [](auto& s) -> auto& { return s.cache_server.hot_bytes; }, 0, 1048576,
      "Memory for the values that are in use."));
  out.push_back(mebibytes(
      "cache_server.max_value_mb", [](auto& s) -> auto& { return s.cache_server.max_value_bytes; }, 1, 256,
      "Largest value it takes."));
}

void add_program(std::vector<Declaration>& out) {
  out.push_back(path(
      "data", [](auto& s) -> auto& { return s.data; },
      "Folder of the library and everything made from it; default $XDG_DATA_HOME/docmind."));
  out.push_back(line(
      "server.host", [](auto& s) -> auto& { return s.server.host; }, "address",
      "Address the server listens on; 127.0.0.1 keeps it on this machine."));
  out.push_back(integer(
      "server.port", [](auto& s) -> auto& { return s.server.port; }, 0, 65535,
      "Port the server listens on; 0 takes a free one."));
  out.push_back(at_once(mebibytes(
      "server.max_upload_mb", [](auto& s) -> auto& { return s.server.max_upload_bytes; }, 1, 16384,
      "Largest document that can be uploaded.")));
  out.push_back(line_or_none(
      "server.hosts", [](auto& s) -> auto& { return s.server.hosts; }, "names, separated by commas",
      "Names besides its own address under which the server may be called, as through a proxy; with one, keys are "
      "needed."));
  out.push_back(on_off(
      "server.require_key", [](auto& s) -> auto& { return s.server.require_key; },
      "Whether programs of this machine need a key, too; others always do."));
  out.push_back(integer(
      "server.requests_per_minute", [](auto& s) -> auto& { return s.server.requests_per_minute; }, 0, 1'000'000,
      "Requests a minute of each key, and of each address without one, where keys are needed; 0: any number."));
  out.push_back(with(integer(
                         "server.metrics_port", [](auto& s) -> auto& { return s.server.metrics_port; }, -1, 65535,
                         "Another port, with /metrics and nothing else; 0 takes a free one, -1: there is none."),
                     {"metrics_port"}));
  out.push_back(line(
      "server.metrics_host", [](auto& s) -> auto& { return s.server.metrics_host; }, "address",
      "Address of that port; 127.0.0.1 keeps it on this machine, another one needs keys."));
  out.push_back(at_once(with(choice(
                                 "log.level", [](auto& s) -> auto& { return s.log.level; },
                                 {"debug", "info", "warn", "error"}, "Least important event that is logged."),
                             {"log_level"})));
  out.push_back(at_once(line_or_none(
      "log.rooms", [](auto& s) -> auto& { return s.log.rooms; }, "rooms with levels, separated by commas",
      "Parts of the program that log by another level, as server=debug,llm/router=warn.")));
  out.push_back(choice(
      "log.format", [](auto& s) -> auto& { return s.log.format; }, {"auto", "console", "json"},
      "Form of the log; auto is console on a terminal and json elsewhere."));
  out.push_back(path(
      "log.file", [](auto& s) -> auto& { return s.log.file; },
      "File the log goes to (32 MiB, 3 old ones kept); empty is standard error."));
}

void add_tracing(std::vector<Declaration>& out) {
  out.push_back(line_or_none(
      "tracing.endpoint", [](auto& s) -> auto& { return s.tracing.endpoint; }, "http://HOST:PORT",
      "OpenTelemetry collector (OTLP over HTTP) that is sent where the time of requests goes, no text; empty: none."));
  out.push_back(real(
      "tracing.sample", [](auto& s) -> auto& { return s.tracing.sample; }, 0, 1,
      "Share of the requests that it is sent; one whose caller decided goes by that."));
}

void add_models(std::vector<Declaration>& out) {
  out.push_back(with(line(
                         "embedder.model", [](auto& s) -> auto& { return s.embedder.model; }, "name or GGUF file",
                         "Model that turns text into vectors; another one means reading the library again."),
                     {"embed_model"}));
  out.push_back(integer(
      "embedder.threads", [](auto& s) -> auto& { return s.embedder.threads; }, 0, 1024,
      "Threads of the embedder; 0 is one per processor."));
  out.push_back(integer(
      "embedder.batch", [](auto& s) -> auto& { return s.embedder.batch; }, 1, 4096,
      "Texts sent to the embedder in one request."));
  out.push_back(line_or_none(
      "engine.model", [](auto& s) -> auto& { return s.engine.model; }, "name or GGUF file",
      "Chat model that our own engine serves at /v1; empty: none."));
  out.push_back(integer(
      "engine.context", [](auto& s) -> auto& { return s.engine.context; }, 0, 1 << 20U,
      "Tokens of all texts the engine holds at once; 0 is what fits, up to 16384."));
  out.push_back(choice(
      "engine.kv_cache_dtype", [](auto& s) -> auto& { return s.engine.kv_cache_dtype; },
      {"auto", "f16", "q8_0", "q4_0"}, "Type of keys and values; auto is the largest with which the context fits."));
  out.push_back(integer(
      "engine.threads", [](auto& s) -> auto& { return s.engine.threads; }, 0, 1024,
      "Threads of the engine; 0 is one per processor."));
  out.push_back(at_once(choice(
      "engine.slow_down_on", [](auto& s) -> auto& { return s.engine.slow_down_on; },
      {"auto", "battery", "throttle", "never"},
      "When our own engines (chat, embedder, reranker) compute with half of their threads: on battery, while "
      "processors "
      "or cards are slowed for heat (throttle); auto is both.")));
  out.push_back(integer(
      "engine.batch", [](auto& s) -> auto& { return s.engine.batch; }, 64, 4096,
      "Prompt tokens computed in one step at most."));
  out.push_back(integer(
      "engine.gpu_layers", [](auto& s) -> auto& { return s.engine.gpu_layers; }, -1, 1024,
      "Layers of the chat model on cards, the output counted; -1 is as many as fit."));
  out.push_back(on_off(
      "engine.prepare_documents", [](auto& s) -> auto& { return s.engine.prepare_documents; },
      "Whether the chat model reads each document after it was ingested, in idle time, so that the first question "
      "about it does not wait for that; what it made is kept under engine.kv_spill_mb."));
  out.push_back(line(
      "engine.device_map", [](auto& s) -> auto& { return s.engine.device_map; },
      "auto, cpu, or devices with shares like CUDA0=3,CUDA1=1",
      "Cards the chat model's layers go to; auto is all, by their free memory."));
  out.push_back(mebibytes(
      "engine.gpu_memory_mb", [](auto& s) -> auto& { return s.engine.gpu_memory_bytes; }, 0, 1 << 24U,
      "Memory of each card the engine may take; 0 is what is free when it starts."));
  out.push_back(mebibytes(
      "engine.cpu_memory_mb", [](auto& s) -> auto& { return s.engine.cpu_memory_bytes; }, 0, 1 << 24U,
      "Main memory the engine may take; 0 is what is available when it starts."));
  out.push_back(mebibytes(
      "engine.kv_spill_mb", [](auto& s) -> auto& { return s.engine.kv_spill_bytes; }, 0, 1 << 24U,
      "Disk space for computed beginnings of prompts, kept over restarts; 0 keeps none."));
}

Declaration secret(Declaration declaration) {
  declaration.shown = Shown::kSecret;
  return declaration;
}

void add_managed_vllm(std::vector<Declaration>& out) {
  out.push_back(path(
      "vllm.program", [](auto& s) -> auto& { return s.vllm.program; },
      "The vllm program of a vLLM that DocMind starts, watches and ends itself; empty: none."));
  out.push_back(path(
      "vllm.service", [](auto& s) -> auto& { return s.vllm.service; },
      "File with the settings that vLLM is started with (config/vllm_service.yaml is one); empty: the defaults "
      "there."));
  out.push_back(with(path(
                         "vllm.model_folder", [](auto& s) -> auto& { return s.vllm.model_folder; },
                         "Folder with the checkpoint for that vLLM; empty: what vllm.service says."),
                     {"vllm_model_path"}));
  out.push_back(with(integer(
                         "vllm.port", [](auto& s) -> auto& { return s.vllm.port; }, -1, 65535,
                         "Port of that vLLM; 0 takes a free one, -1 is what vllm.service says, else 8000."),
                     {"vllm_port"}));
}

void add_backends(std::vector<Declaration>& out) {
  out.push_back(line(
      "backends.order", [](auto& s) -> auto& { return s.backends.order; }, "names, separated by commas",
      "Order in which the backends that are set up stand in for each other; the first of them answers."));
  out.push_back(line_or_none(
      "backends.allow_remote", [](auto& s) -> auto& { return s.backends.allow_remote; },
      "host names, separated by commas",
      "Hosts of backends that are not this machine and may be sent text; empty: none, nothing leaves this machine."));
  out.push_back(duration(
      "backends.first_byte", [](auto& s) -> auto& { return s.backends.first_byte; }, std::chrono::seconds(1),
      std::chrono::hours(24), "Longest wait for the first byte of an answer; a long prompt takes its time."));
  out.push_back(duration(
      "backends.idle", [](auto& s) -> auto& { return s.backends.idle; }, std::chrono::milliseconds(100),
      std::chrono::hours(24), "Longest silence inside an answer before the backend counts as hanging."));
  out.push_back(on_off(
      "backends.release_old", [](auto& s) -> auto& { return s.backends.release_old; },
      "Free the memory of the backend that was in use once its last answer has ended; off: it stays, to stand in."));
  out.push_back(line_or_none(
      "alerts.webhook", [](auto& s) -> auto& { return s.alerts.webhook; }, "http://HOST:PORT/PATH",
      "Who is told of each alert, when it begins and when it ends, as Prometheus' Alertmanager tells it; empty: "
      "nobody. "
      "Another machine has to be named in backends.allow_remote."));
  out.push_back(line_or_none(
      "vllm.url", [](auto& s) -> auto& { return s.vllm.url; }, "http address",
      "A vLLM, llama-server or other server with OpenAI's API that runs already; empty: none."));
  out.push_back(with(line_or_none(
                         "vllm.model", [](auto& s) -> auto& { return s.vllm.model; }, "name",
                         "The model there, as that server names it; empty: the first it has."),
                     {"vllm_model_name"}));
  out.push_back(secret(line_or_none(
      "vllm.api_key", [](auto& s) -> auto& { return s.vllm.api_key; }, "text",
      "Key that server wants; empty: none, or one made anew for a vLLM that DocMind starts.")));
  add_managed_vllm(out);
  out.push_back(line_or_none(
      "ollama.url", [](auto& s) -> auto& { return s.ollama.url; }, "http address",
      "An Ollama that runs already; empty: none."));
  out.push_back(with(line_or_none(
                         "ollama.model", [](auto& s) -> auto& { return s.ollama.model; }, "name",
                         "The model there, as Ollama names it; empty: the first it has."),
                     {"ollama_model"}));
  out.push_back(integer(
      "ollama.context", [](auto& s) -> auto& { return s.ollama.context; }, 0, 1 << 20U,
      "Tokens of Ollama's window; 0 is what the model's own parameters say, else 8192."));
  out.push_back(line(
      "ollama.keep_alive", [](auto& s) -> auto& { return s.ollama.keep_alive; }, "time as Ollama writes it",
      "How long Ollama keeps the model loaded after an answer."));
  out.push_back(path(
      "ollama.program", [](auto& s) -> auto& { return s.ollama.program; },
      "The ollama program of an Ollama that DocMind starts, watches and ends itself; empty: none."));
  out.push_back(integer(
      "ollama.port", [](auto& s) -> auto& { return s.ollama.port; }, 0, 65535,
      "Port of that Ollama on this machine; 0 takes a free one."));
  out.push_back(integer(
      "ollama.parallel", [](auto& s) -> auto& { return s.ollama.parallel; }, 1, 64,
      "Texts that Ollama writes at once; each takes memory for a window of its own."));
}

void add_further_models(std::vector<Declaration>& out) {
  out.push_back(line_or_none(
      "reranker.model", [](auto& s) -> auto& { return s.reranker.model; }, "name or GGUF file",
      "Reranking model that our own engine serves at /v1/rerank; empty: none."));
  out.push_back(integer(
      "reranker.threads", [](auto& s) -> auto& { return s.reranker.threads; }, 0, 1024,
      "Threads of the reranker; 0 is one per processor."));
  out.push_back(line_or_none(
      "models.endpoint", [](auto& s) -> auto& { return s.models.endpoint; }, "https address",
      "Model hub that docmind models pull asks; empty: none, and nothing is asked."));
  out.push_back(path(
      "models.ca_file", [](auto& s) -> auto& { return s.models.ca_file; },
      "Certificates (PEM) by which that hub is known; empty: those of the machine."));
  out.push_back(duration(
      "models.idle", [](auto& s) -> auto& { return s.models.idle; }, std::chrono::milliseconds(100),
      std::chrono::hours(1), "A pull that hears nothing for so long connects anew."));
}

void add_reading(std::vector<Declaration>& out) {
  out.push_back(at_once(duration(
      "parse.timeout", [](auto& s) -> auto& { return s.parse.timeout; }, std::chrono::seconds(1),
      std::chrono::hours(24), "Longest time one document may take to read.")));
  out.push_back(at_once(mebibytes(
      "parse.memory_mb", [](auto& s) -> auto& { return s.parse.memory_bytes; }, 256, 1 << 20,
      "Address space of the process that reads one document.")));
  out.push_back(at_once(duration(
      "parse.cpu_seconds", [](auto& s) -> auto& { return s.parse.cpu; }, std::chrono::seconds(1),
      std::chrono::hours(24), "Processor time one document may take to read.")));
  out.push_back(mebibytes(
      "parse.max_file_mb", [](auto& s) -> auto& { return s.parse.max_file_bytes; }, 1, 16384,
      "Largest file that is read."));
  out.push_back(at_once(mebibytes(
      "parse.max_text_mb", [](auto& s) -> auto& { return s.parse.max_text_bytes; }, 1, 1024,
      "Most text one document may hold.")));
  out.push_back(at_once(integer(
      "parse.max_pages", [](auto& s) -> auto& { return s.parse.max_pages; }, 1, 1'000'000,
      "Most pages one document may have.")));
  out.push_back(with(integer(
                         "chunk.tokens", [](auto& s) -> auto& { return s.chunk.tokens; }, 64, 8192,
                         "Size of a chunk in tokens, the embedder's two of its own included."),
                     {"chunk_size"}));
  out.push_back(with(integer(
                         "chunk.overlap", [](auto& s) -> auto& { return s.chunk.overlap; }, 0, 4096,
                         "Tokens a chunk repeats of the one before; at most half of chunk.tokens."),
                     {"chunk_overlap"}));
  out.push_back(integer(
      "ingest.threads", [](auto& s) -> auto& { return s.ingest.threads; }, 1, 256, "Documents read at the same time."));
  out.push_back(integer(
      "ingest.batch_chunks", [](auto& s) -> auto& { return s.ingest.batch_chunks; }, 1, 4096,
      "Chunks embedded and kept together; a crash costs at most two such batches."));
  out.push_back(on_off(
      "ingest.hidden_files", [](auto& s) -> auto& { return s.ingest.hidden_files; },
      "Whether files and folders whose name starts with a dot are read too."));
}

void add_supervising(std::vector<Declaration>& out) {
  out.push_back(at_once(with(on_off(
                                 "ask.supervisor", [](auto& s) -> auto& { return s.ask.supervisor; },
                                 "Whether the chat model may send agents with tools to look further before it answers: "
                                 "several times the calls of the model, the tokens and the time of an answer."),
                             {"enable_langgraph_supervisor"})));
  out.push_back(at_once(integer(
      "ask.max_steps", [](auto& s) -> auto& { return s.ask.max_steps; }, 2, 48,
      "Most calls of the chat model that one supervised answer may take; past it the answer is written without.")));
  out.push_back(at_once(integer(
      "ask.supervisor_tokens", [](auto& s) -> auto& { return s.ask.supervisor_tokens; }, 100, 10'000'000,
      "Most tokens that these calls may read and write.")));
  out.push_back(at_once(integer(
      "ask.supervisor_seconds", [](auto& s) -> auto& { return s.ask.supervisor_seconds; }, 1, 3'600,
      "Most time that they may take.")));
}

void add_caching(std::vector<Declaration>& out) {
  out.push_back(on_off(
      "cache.enabled", [](auto& s) -> auto& { return s.cache.enabled; },
      "Whether an answer is given again to who asks the same, while what it rests on stands in the library."));
  out.push_back(real(
      "cache.max_distance", [](auto& s) -> auto& { return s.cache.max_distance; }, -1, 1,
      "Most cosine distance of two questions in other words that may have one answer; -1: only the same words have."));
  out.push_back(duration(
      "cache.ttl", [](auto& s) -> auto& { return s.cache.ttl; }, Duration::zero(), std::chrono::hours(24 * 3650),
      "How long an answer is kept; 0: not at all."));
  out.push_back(mebibytes(
      "cache.max_mb", [](auto& s) -> auto& { return s.cache.bytes; }, 1, 1'048'576,
      "Most space of kept answers; those that were long not asked for and cheap to make go first."));
  out.push_back(
      integer("cache.entries", [](auto& s) -> auto& { return s.cache.entries; }, 1, 1'000'000, "Most kept answers."));
  out.push_back(on_off(
      "cache.shadow", [](auto& s) -> auto& { return s.cache.shadow; },
      "Whether the cache is only measured: what it would give is counted and compared, and every question answered."));
  out.push_back(secret(line_or_none(
      "cache.shared", [](auto& s) -> auto& { return s.cache.shared; }, "redis://[user:password@]host[:port][/database]",
      "A Redis or Valkey in which several machines with copies of one library share kept answers; empty: each has its "
      "own.")));
  out.push_back(line(
      "cache.shared_prefix", [](auto& s) -> auto& { return s.cache.shared_prefix; }, "text",
      "What the names of all keys there begin with, so that several installations may use one Redis."));
}

void add_vectors(std::vector<Declaration>& out) {
  out.push_back(choice(
      "vectors.store", [](auto& s) -> auto& { return s.vectors.store; }, {"embedded", "qdrant", "pgvector"},
      "Where vectors are kept: embedded is this machine; the others are servers that several machines share."));
  out.push_back(line_or_none(
      "vectors.url", [](auto& s) -> auto& { return s.vectors.url; },
      "http://HOST:PORT of a Qdrant, postgresql://USER@HOST:PORT/DATABASE", "The server of vectors.store."));
  out.push_back(secret(line_or_none(
      "vectors.api_key", [](auto& s) -> auto& { return s.vectors.api_key; }, "text",
      "Qdrant's API key, or the password of the PostgreSQL user; empty: none.")));
  out.push_back(line(
      "vectors.prefix", [](auto& s) -> auto& { return s.vectors.prefix; }, "small letters, digits and _, at most 20",
      "What the names of its collections or tables begin with, so that several installations may use one server."));
  out.push_back(choice(
      "vectors.search", [](auto& s) -> auto& { return s.vectors.search; }, {"exact", "graph", "binary"},
      "exact scores every vector; graph (HNSW) and, in Qdrant, binary (bits in memory, the best scored again) are "
      "faster with millions, and miss some."));
  out.push_back(integer(
      "vectors.shards", [](auto& s) -> auto& { return s.vectors.shards; }, 1, 1024,
      "Shards of a collection that is made in Qdrant: over how many machines it can spread."));
  out.push_back(integer(
      "vectors.replicas", [](auto& s) -> auto& { return s.vectors.replicas; }, 1, 32,
      "Copies of each shard there; a change is answered when all of them have it."));
}

void add_answering(std::vector<Declaration>& out) {
  out.push_back(
      at_once(integer("search.k", [](auto& s) -> auto& { return s.search.k; }, 1, 1000, "Passages a search gives.")));
  out.push_back(at_once(integer(
      "search.rrf_k", [](auto& s) -> auto& { return s.search.rrf_k; }, 1, 10'000,
      "Constant of reciprocal rank fusion: larger lets lower ranks count more.")));
  out.push_back(at_once(on_off(
      "search.bm25", [](auto& s) -> auto& { return s.search.bm25; },
      "Whether a search looks for the words of the query.")));
  out.push_back(at_once(on_off(
      "search.dense", [](auto& s) -> auto& { return s.search.dense; },
      "Whether a search looks for the meaning of the query (needs the embedder).")));
  out.push_back(at_once(integer(
      "ask.max_claims", [](auto& s) -> auto& { return s.ask.max_claims; }, 1, 50, "Most statements of an answer.")));
  out.push_back(at_once(integer(
      "ask.max_citations", [](auto& s) -> auto& { return s.ask.max_citations; }, 1, 10,
      "Most citations of a statement.")));
  out.push_back(at_once(integer(
      "ask.max_characters", [](auto& s) -> auto& { return s.ask.max_characters; }, 100, 100'000,
      "Most characters of an answer.")));
  out.push_back(at_once(real(
      "ask.threshold", [](auto& s) -> auto& { return s.ask.threshold; }, 0, 1000,
      "Evidence below it is too weak, and the answer abstains; belongs to embedder.model.")));
  out.push_back(at_once(on_off(
      "ask.generate", [](auto& s) -> auto& { return s.ask.generate; },
      "Whether a chat model (engine.model) writes the answers; without, they are in the documents' own words.")));
  out.push_back(at_once(integer(
      "ask.max_tokens", [](auto& s) -> auto& { return s.ask.max_tokens; }, 16, 16'384,
      "Most tokens of an answer that a chat model writes.")));
  out.push_back(at_once(on_off(
      "ask.general_knowledge", [](auto& s) -> auto& { return s.ask.general_knowledge; },
      "Whether the chat model may say what it knows of itself where the documents do not answer; it is marked.")));
  out.push_back(
      at_once(with(integer(
                       "ask.max_parallel_calls", [](auto& s) -> auto& { return s.ask.max_parallel_calls; }, 1, 16,
                       "Parts of a question that are searched, and written by a chat model, at the same time; "
                       "agents and tools of a supervisor, too."),
                   {"max_parallel_calls"})));
  out.push_back(at_once(choice(
      "ask.planner", [](auto& s) -> auto& { return s.ask.planner; }, {"rules", "model"},
      "Who cuts a question into its parts: rules, or the chat model that writes, with the rules behind it.")));
  out.push_back(at_once(choice(
      "ask.validator", [](auto& s) -> auto& { return s.ask.validator; }, {"rules", "model"},
      "Who checks what the chat model wrote: rules, or rules and then the chat model as a second opinion.")));
  add_supervising(out);
  out.push_back(at_once(line_or_none(
      "ask.without", [](auto& s) -> auto& { return s.ask.without; }, "names of agents, separated by commas",
      "Agents that do not work, to see what each is worth: query_router, query_planner, retrieval_expert, "
      "result_synthesizer, response_validator.")));
  out.push_back(hidden(integer(
      "test.crash_after_commits", [](auto& s) -> auto& { return s.test.crash_after_commits; }, 0,
      std::numeric_limits<std::int32_t>::max(), "Ends the process with SIGKILL after so many commits; 0 is never.")));
  out.push_back(hidden(path(
      "test.gpu_library", [](auto& s) -> auto& { return s.test.gpu_library; },
      "Library that is asked for NVIDIA's cards; empty is the driver's.")));
  out.push_back(hidden(path(
      "test.sensors", [](auto& s) -> auto& { return s.test.sensors; }, "Folder that is read in the place of /sys.")));
}

// A backend runs already, or is started: both cannot be meant.
Result<> one_place(std::string_view backend, const std::string& url, const std::string& program) {
  if (url.empty() || program.empty()) return {};
  return Error{
      Code::kInvalidArgument,
      fmt::format("{0}.url and {0}.program are both set: one is for one that runs already, the other one to start",
                  backend),
      fmt::format("Leave out {0}.program to use the one that runs, or {0}.url to have one started.", backend)};
}

}  // namespace

std::vector<Declaration> declarations() {
  std::vector<Declaration> out;
  add_program(out);
  add_tracing(out);
  add_cache_server(out);
  add_models(out);
  add_backends(out);
  add_further_models(out);
  add_reading(out);
  add_answering(out);
  add_caching(out);
  add_vectors(out);
  return out;
}

Result<> validate(const Settings& settings) {
  if (settings.chunk.overlap * 2 > settings.chunk.tokens) {
    return Error{Code::kInvalidArgument,
                 fmt::format("chunk.overlap ({}) must be at most half of chunk.tokens ({})", settings.chunk.overlap,
                             settings.chunk.tokens),
                 "Lower chunk.overlap."};
  }
  if (!settings.search.bm25 && !settings.search.dense) {
    return Error{Code::kInvalidArgument, "search.bm25 and search.dense are both off, so no search can find anything",
                 "Turn one of them on."};
  }
  if ((settings.vectors.store == "embedded") != settings.vectors.url.empty()) {
    return Error{Code::kInvalidArgument,
                 fmt::format("vectors.store is {} and vectors.url is {}", settings.vectors.store,
                             settings.vectors.url.empty() ? "empty" : "set"),
                 "Set both to use a server, or neither."};
  }
  DM_TRY(one_place("vllm", settings.vllm.url, settings.vllm.program));
  return one_place("ollama", settings.ollama.url, settings.ollama.program);
}

}  // namespace docmind::config
