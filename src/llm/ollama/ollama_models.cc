#include "llm/ollama/ollama_models.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"
#include "base/sha256.h"
#include "llm/ollama/json_lines.h"
#include "llm/ollama/ollama_wire.h"
#include "model/gguf_file.h"
#include "sys/files.h"
#include "sys/mapped_file.h"

namespace docmind::ollama {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxReply = 16U << 20U;
constexpr std::uint64_t kMaxProgress = 256U << 20U;      // Bytes of all that is said while one model is pulled.
constexpr Duration kSilence = std::chrono::minutes(10);  // Ollama checks a whole file without a word.
constexpr std::size_t kMaxName = 350;
constexpr std::size_t kPiece = 4U << 20U;  // Bytes that are hashed between two looks at the stop token.
constexpr std::size_t kMaxText = 200;
constexpr std::string_view kRegistry = "registry.ollama.ai";

std::string short_text(const json::value& value) { return std::string(json_text(value).substr(0, kMaxText)); }

Error error_of(int status, std::string_view body) {
  const std::string words = words_of(body);
  if (status == 404) return {Code::kNotFound, words, "docmind backends ollama list shows what is there."};
  if (status == 400) return {Code::kInvalidArgument, words, "Check the name and the file."};
  return {Code::kUnavailable, words, "See the log of Ollama."};
}

// A part of the whole, when it moved by a hundredth since the last one that was told.
class Steps {
 public:
  Steps(const OnProgress& tell, std::string what, std::uint64_t total)
      : tell_(tell), what_(std::move(what)), total_(total) {}
  void at(std::uint64_t done) {
    if (!tell_ || done < next_) return;
    next_ = done + total_ / 100 + 1;
    tell_({.what = what_, .done = done, .total = total_});
  }

 private:
  const OnProgress& tell_;
  const std::string what_;
  const std::uint64_t total_;
  std::uint64_t next_ = 0;
};

Result<std::string> hash_of(std::string_view bytes, const OnProgress& on_progress, const std::stop_token& stop) {
  Sha256 hash;
  Steps steps(on_progress, "hashing", bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "Hashing the model file was stopped."};
    const std::string_view piece = bytes.substr(at, kPiece);
    hash.add(piece);
    sys::MappedFile::forget(piece);
    steps.at(at + piece.size());
  }
  return hash.hex();
}

// What a streamed operation says as it goes on.
class Reports {
 public:
  explicit Reports(const OnProgress& tell) : tell_(tell) {}

  Result<> take(std::string_view bytes) {
    return lines_.take(bytes, [this](std::string_view line) { return take_line(line); });
  }
  bool succeeded() const { return succeeded_; }

 private:
  Result<> take_line(std::string_view line) {
    const json::value said = DM_TRY(parse_json(line).with("what Ollama says of its progress"));
    if (json_member(said, "error").is_string()) return error_of(500, line);
    const std::string_view status = json_text(json_member(said, "status"));
    succeeded_ = status == "success";
    if (tell_) {
      tell_({.what = std::string(status.substr(0, kMaxText)),
             .done = json_count(json_member(said, "completed")),
             .total = json_count(json_member(said, "total"))});
    }
    return {};
  }

  const OnProgress& tell_;
  JsonLines lines_;
  bool succeeded_ = false;
};

// The template that the file needs in Ollama's language; empty where Ollama knows it, or the file is none we can read:
// then Ollama says so itself.
std::string template_of(std::string_view bytes) {
  const auto file = model::GgufFile::parse(bytes);
  if (!file) return {};
  return chat_template_for(file->text("tokenizer.chat_template").value_or(""));
}

std::string creation(const NewModel& model, const std::string& digest, std::string_view bytes) {
  json::object out{{"model", model.name}, {"files", {{"model.gguf", "sha256:" + digest}}}, {"stream", true}};
  json::object parameters;
  if (model.context != 0) parameters["num_ctx"] = model.context;
  if (std::string text = template_of(bytes); !text.empty()) {
    out["template"] = std::move(text);
    parameters["stop"] = {"<|im_start|>", "<|im_end|>"};
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  return to_text(out);
}

ListedModel listed_from(const json::value& one) {
  const json::value& details = json_member(one, "details");
  return {.name = short_text(json_member(one, "name")),
          .digest = short_text(json_member(one, "digest")),
          .bytes = json_count(json_member(one, "size")),
          .family = short_text(json_member(details, "family")),
          .parameters = short_text(json_member(details, "parameter_size")),
          .quantisation = short_text(json_member(details, "quantization_level")),
          .remote = short_text(json_member(one, "remote_host"))};
}

LoadedModel loaded_from(const json::value& one) {
  return {.name = short_text(json_member(one, "name")),
          .bytes = json_count(json_member(one, "size")),
          .bytes_on_device = json_count(json_member(one, "size_vram")),
          .context = json_small(json_member(one, "context_length")),
          .until = short_text(json_member(one, "expires_at"))};
}

Result<json::value> models_in(std::string_view body) {
  json::value parsed = DM_TRY(parse_json(body).with("what Ollama lists"));
  if (json_member(parsed, "models").is_array()) return parsed;
  return Error{Code::kDataLoss, "What answers there is no Ollama.", "Check ollama.url."};
}

// The first part names a machine when it has a dot or a port, or is localhost, as container images are named.
std::string_view host_in(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view first = name.substr(0, slash);
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ? first : std::string_view();
}

}  // namespace

Result<std::string> digest_of(const std::filesystem::path& file, const OnProgress& on_progress, std::stop_token stop) {
  const auto mapped = DM_TRY(sys::MappedFile::open(file));
  return hash_of(mapped->bytes(), on_progress, stop);
}

Result<> check_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/";
  if (name.empty() || name.size() > kMaxName || name.find_first_not_of(kLetters) != std::string_view::npos ||
      name.front() == '/' || name.back() == '/' || name.find("//") != std::string_view::npos ||
      name.find("..") != std::string_view::npos) {
    return Error{Code::kInvalidArgument, "That is no name of a model in Ollama.",
                 "Names look like qwen3:4b or docmind-qwen3: letters, digits, dots, dashes."};
  }
  return {};
}

std::string registry_of(std::string_view name) {
  const std::string_view host = host_in(name);
  return std::string(host.empty() ? kRegistry : host);
}

std::string with_tag(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t from = slash == std::string_view::npos ? 0 : slash;
  const bool tagged = name.find(':', from) != std::string_view::npos;
  return std::string(name) + (tagged ? "" : ":latest");
}

OllamaModels::OllamaModels(Where where, net::Client& client, const Clock& clock)
    : where_(std::move(where)), client_(client), clock_(clock) {}

Result<net::Response> OllamaModels::send(net::Request request, net::SendOptions options, Reaches reaches) const {
  const Place place = DM_TRY(where_(reaches, options.deadline, options.stop));
  request.target.path = place.prefix + request.target.path;
  if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
  options.clock = &clock_;
  options.first_byte = options.idle = kSilence;
  return client_.send(place.endpoint, request, options);
}

Result<std::string> OllamaModels::get(std::string path, Deadline deadline, std::stop_token stop) const {
  net::Response reply = DM_TRY(send({.target = {.path = std::move(path)}},
                                    {.deadline = deadline, .stop = std::move(stop), .max_body = kMaxReply}));
  if (reply.status != 200) return error_of(reply.status, reply.body);
  return std::move(reply.body);
}

Result<std::vector<ListedModel>> OllamaModels::list(Deadline deadline, std::stop_token stop) const {
  const json::value parsed = DM_TRY(models_in(DM_TRY(get("/api/tags", deadline, std::move(stop)))));
  std::vector<ListedModel> out;
  for (const json::value& one : json_list(json_member(parsed, "models"))) out.push_back(listed_from(one));
  return out;
}

Result<std::vector<LoadedModel>> OllamaModels::loaded(Deadline deadline, std::stop_token stop) const {
  const json::value parsed = DM_TRY(models_in(DM_TRY(get("/api/ps", deadline, std::move(stop)))));
  std::vector<LoadedModel> out;
  for (const json::value& one : json_list(json_member(parsed, "models"))) out.push_back(loaded_from(one));
  return out;
}

Result<> OllamaModels::streamed(net::Request request, const OnProgress& on_progress, Reaches reaches, Deadline deadline,
                                std::stop_token stop) const {
  Reports reports(on_progress);
  request.method = "POST";
  const net::Response reply = DM_TRY(send(std::move(request),
                                          {.deadline = deadline,
                                           .stop = std::move(stop),
                                           .max_body = kMaxProgress,
                                           .on_data = [&](std::string_view bytes) { return reports.take(bytes); }},
                                          reaches));
  if (reply.status != 200) return error_of(reply.status, reply.body);
  if (!reports.succeeded()) return Error{Code::kUnavailable, "Ollama ended without a word of success.", "Try again."};
  return {};
}

Result<> OllamaModels::copy(std::string_view bytes, const std::string& digest, const OnProgress& on_progress,
                            Deadline deadline, std::stop_token stop) const {
  const std::string path = "/api/blobs/sha256:" + digest;
  const net::Response there =
      DM_TRY(send({.method = "HEAD", .target = {.path = path}}, {.deadline = deadline, .stop = stop}));
  if (there.status == 200) return {};
  if (there.status != 404) return error_of(there.status, there.body);
  Steps steps(on_progress, "copying", bytes.size());
  const auto read = [&](std::uint64_t at, std::span<char> into) -> Result<std::size_t> {
    const std::string_view piece = bytes.substr(static_cast<std::size_t>(at), into.size());
    std::memcpy(into.data(), piece.data(), piece.size());
    sys::MappedFile::forget(piece);
    steps.at(at + piece.size());
    return piece.size();
  };
  const net::Response reply = DM_TRY(
      send({.method = "POST", .target = {.path = path}, .headers = {{"Content-Type", "application/octet-stream"}}},
           {.deadline = deadline,
            .stop = std::move(stop),
            .max_body = kMaxReply,
            .body = {.size = bytes.size(), .read = read}}));
  if (reply.status != 200 && reply.status != 201) return error_of(reply.status, reply.body);
  return {};
}

Result<std::string> OllamaModels::create(const NewModel& model, const OnProgress& on_progress, Deadline deadline,
                                         std::stop_token stop) const {
  DM_TRY(check_name(model.name));
  const auto mapped = DM_TRY(sys::MappedFile::open(model.file));
  const std::string_view bytes = mapped->bytes();
  if (!bytes.starts_with("GGUF")) {
    return Error{Code::kInvalidArgument, sys::printable(model.file) + " is no GGUF file.",
                 "Make one of a checkpoint with docmind models import."};
  }
  const std::string digest = model.digest.empty() ? DM_TRY(hash_of(bytes, on_progress, stop)) : model.digest;
  DM_TRY(copy(bytes, digest, on_progress, deadline, stop).with("copy the model to Ollama"));
  DM_TRY(streamed({.target = {.path = "/api/create"}, .body = creation(model, digest, bytes)}, on_progress,
                  Reaches::kNothing, deadline, std::move(stop))
             .with("make the model in Ollama"));
  return digest;
}

Result<> OllamaModels::pull(const std::string& name, const OnProgress& on_progress, Deadline deadline,
                            std::stop_token stop) const {
  DM_TRY(check_name(name));
  const std::string body = to_text(json::object{{"model", name}, {"stream", true}});
  return streamed({.target = {.path = "/api/pull"}, .body = body}, on_progress, Reaches::kRegistry, deadline,
                  std::move(stop));
}

Result<> OllamaModels::unload(const std::string& name, Deadline deadline, std::stop_token stop) const {
  DM_TRY(check_name(name));
  const std::string body = to_text(json::object{{"model", name}, {"keep_alive", 0}, {"stream", false}});
  const net::Response reply = DM_TRY(send({.method = "POST", .target = {.path = "/api/generate"}, .body = body},
                                          {.deadline = deadline, .stop = std::move(stop), .max_body = kMaxReply}));
  if (reply.status != 200) return error_of(reply.status, reply.body);
  return {};
}

Result<> OllamaModels::remove(const std::string& name, Deadline deadline, std::stop_token stop) const {
  DM_TRY(check_name(name));
  const std::string body = to_text(json::object{{"model", name}});
  const net::Response reply = DM_TRY(send({.method = "DELETE", .target = {.path = "/api/delete"}, .body = body},
                                          {.deadline = deadline, .stop = std::move(stop), .max_body = kMaxReply}));
  if (reply.status != 200) return error_of(reply.status, reply.body);
  return {};
}

}  // namespace docmind::ollama
