#include "llm/ollama/ollama_backend.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"
#include "llm/openai/probe.h"

namespace docmind::ollama {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kUsualWindow = 8192;  // Tokens, where nobody says.
constexpr std::size_t kMaxVersion = 100;

// What the model was made for: "<architecture>.context_length".
std::uint32_t trained_window(const json::value& shown) {
  for (const auto& member : json_object(json_member(shown, "model_info"))) {
    if (std::string_view(member.key()).ends_with(".context_length")) return json_small(member.value());
  }
  return 0;
}

// "num_ctx    4096" among the lines of "parameters"; 0 when it is not there.
std::uint32_t window_parameter(const json::value& shown) {
  std::string_view text = json_text(json_member(shown, "parameters"));
  const std::size_t at = text.find("num_ctx");
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + std::string_view("num_ctx").size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t out = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9' && out <= UINT32_MAX; text.remove_prefix(1)) {
    out = out * 10 + static_cast<std::uint64_t>(text.front() - '0');
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(out, UINT32_MAX));
}

std::uint32_t window_of(const json::value& shown, std::uint32_t asked) {
  std::uint32_t window = asked;
  if (window == 0) window = window_parameter(shown);
  if (window == 0) window = kUsualWindow;
  const std::uint32_t most = trained_window(shown);
  return most == 0 ? window : std::min(window, most);
}

bool can(const json::value& shown, std::string_view what) {
  const json::array& list = json_list(json_member(shown, "capabilities"));
  return std::ranges::find(list, json::value(what)) != list.end();
}

Error refusal(int status, std::string_view body) {
  const std::string words = words_of(body);
  if (status == 404) return {Code::kNotFound, words, "Pull or create the model in Ollama, or set ollama.model."};
  if (words.find("exceeds the context") != std::string::npos) {
    return {Code::kInvalidArgument, words, "Ask for less, or set ollama.context higher."};
  }
  return {status == 503   ? Code::kResourceExhausted
          : status >= 500 ? Code::kUnavailable
                          : Code::kInvalidArgument,
          words, "See the log of Ollama."};
}

// A refusal as OpenAI's clients expect it.
llm::BackendReply refused(int status, std::string_view body) {
  const Error error = refusal(status, body);
  return {.status = status,
          .body = to_text(
              json::object{{"error", {{"code", name(error.code)}, {"message", error.message}, {"hint", error.hint}}}})};
}

}  // namespace

OllamaBackend::OllamaBackend(OllamaOptions options, net::Client& client, const Clock& clock)
    : options_(std::move(options)), upstream_(options_.upstream, client, clock) {}

Result<std::string> OllamaBackend::name_of_model(Deadline deadline, const std::stop_token& stop) const {
  if (!options_.model.empty()) return options_.model;
  const net::Response reply = DM_TRY(upstream_.send("/api/tags", {}, nullptr, deadline, stop));
  const json::value tags = DM_TRY(parse_json(reply.body));
  const json::array& models = json_list(json_member(tags, "models"));
  for (const json::value& one : models) {
    const std::string_view name = json_text(json_member(one, "name"));
    if (!name.empty() && json_text(json_member(one, "remote_host")).empty()) return std::string(name);
  }
  return Error{Code::kUnavailable, "Ollama has no model.",
               "Make one of yours: docmind backends ollama create; or use another backend."};
}

Result<llm::BackendInfo> OllamaBackend::probe(Deadline deadline, const std::stop_token& stop) {
  const net::Response version = DM_TRY(upstream_.send("/api/version", {}, nullptr, deadline, stop));
  const auto told = parse_json(version.body);
  if (version.status != 200 || !told || !json_member(*told, "version").is_string()) {
    return Error{Code::kDataLoss, "What answers there is no Ollama.", "Check ollama.url."};
  }
  llm::BackendInfo info;
  llm::Capabilities& known = info.capabilities;
  known.server = "ollama " + std::string(json_text(json_member(*told, "version")).substr(0, kMaxVersion));
  known.model = DM_TRY(name_of_model(deadline, stop));
  const std::string asked = to_text(json::object{{"model", known.model}});
  const net::Response show = DM_TRY(upstream_.send("/api/show", asked, nullptr, deadline, stop));
  if (show.status != 200) return refusal(show.status, show.body);
  const json::value shown = DM_TRY(parse_json(show.body));
  if (const auto host = json_text(json_member(shown, "remote_host")); !host.empty()) {
    return Error{Code::kUnavailable,
                 known.model + " does not run in that Ollama but at " + std::string(host.substr(0, kMaxVersion)) + ".",
                 "Set ollama.model to one that lies on its disk."};
  }
  known.context = window_of(shown, options_.context);
  known.thinking = can(shown, "thinking");
  const Window window{.tokens = known.context, .keep_alive = options_.keep_alive};
  DM_TRY(openai::try_out(known, [&](std::string_view, const std::string& body) -> Result<openai::Asked> {
    llm::BackendReply reply = DM_TRY(chat(body, window, nullptr, deadline, stop));
    return openai::Asked{reply.status, std::move(reply.body)};
  }));
  info.json = to_text(
      json::object{{"id", known.model}, {"object", "model"}, {"owned_by", "ollama"}, {"window", known.context}});
  return info;
}

Result<llm::BackendInfo> OllamaBackend::info(Deadline deadline, std::stop_token stop) {
  if (options_.own != nullptr) {
    const std::uint64_t made = DM_TRY(options_.own->ready(deadline, stop));
    if (made_.exchange(made) != made) info_.forget();
  }
  return info_.get("trying what Ollama can do", deadline, stop, [&] { return probe(deadline, stop); });
}

Result<std::vector<std::uint32_t>> OllamaBackend::count(std::span<const std::string>, Deadline, std::stop_token) {
  return Error{Code::kUnavailable, "Ollama does not count tokens.", {}};
}

std::string OllamaBackend::metrics(Deadline, std::stop_token) { return {}; }

Result<llm::BackendReply> OllamaBackend::chat(std::string_view body, const Window& window, const OnBytes& on_bytes,
                                              Deadline deadline, const std::stop_token& stop) const {
  std::string request = DM_TRY(chat_request(body, window));
  if (!on_bytes) {
    const net::Response reply = DM_TRY(upstream_.send("/api/chat", std::move(request), nullptr, deadline, stop));
    if (reply.status != 200) return refused(reply.status, reply.body);
    return llm::BackendReply{.body = DM_TRY(chat_reply(reply.body, window))};
  }
  StreamReader reader(window);
  const OnBytes translate = [&](std::string_view bytes) -> Result<> {
    const std::string events = DM_TRY(reader.take(bytes));
    return events.empty() ? Result<>() : on_bytes(events);
  };
  const net::Response reply = DM_TRY(upstream_.send("/api/chat", std::move(request), translate, deadline, stop));
  if (reply.status != 200) return refused(reply.status, reply.body);
  if (!reader.done()) return Error{Code::kUnavailable, "Ollama's answer was cut off.", "Ask again."};
  return llm::BackendReply{};
}

Result<llm::BackendReply> OllamaBackend::post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                              Deadline deadline, std::stop_token stop) {
  if (path != "/v1/chat/completions") {
    return Error{Code::kInvalidArgument, "Ollama answers conversations alone here, not " + std::string(path) + ".",
                 "Use another backend for this request."};
  }
  const llm::BackendInfo known = DM_TRY(info(deadline, stop));
  const Window window{.tokens = known.capabilities.context, .keep_alive = options_.keep_alive};
  auto reply = chat(body, window, on_bytes, deadline, stop);
  if (!reply && reply.error().code == Code::kUnavailable) info_.forget();
  if (reply && reply->status == 404) {  // Somebody removed the model.
    info_.forget();
    if (options_.own != nullptr) options_.own->forget();
  }
  return reply;
}

}  // namespace docmind::ollama
