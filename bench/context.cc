// Time of fitting a conversation of more tokens than the window, with counts that are kept and without, and whether
// what is counted is ever under what the engine computes. Tokens are counted by a real engine over its socket.
//
// usage: context BUILD MODEL.gguf FOLDER TOKENS REPEATS TEXT-FILE...
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/utf8.h"
#include "context/fit.h"
#include "llm/llamacpp/engine_backend.h"
#include "llm/llamacpp/engine_child.h"
#include "llm/openai/chat_client.h"
#include "net/client.h"
#include "obs/log.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "sys/rng.h"

namespace docmind::bench {
namespace {

constexpr std::uint32_t kWindow = 131'072;

struct Bench {
  sys::RealClock clock{};
  std::vector<std::string> paragraphs{};
  llm::ChatModel* model = nullptr;
  llm::Capabilities can{};
};

std::vector<std::string> paragraphs_of(const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const std::string& file : files) {
    std::ifstream in(file);
    std::string paragraph;
    for (std::string line; std::getline(in, line);) {
      paragraph += line + "\n";
      if (line.empty() && paragraph.size() > 200) out.push_back(std::exchange(paragraph, {}));
    }
  }
  return out;
}

// Question, tool round and answer in turn, each text a new one, of more than so many tokens.
Result<llm::ChatRequest> conversation(const Bench& bench, context::TokenCounter& counter, std::uint64_t tokens) {
  llm::ChatRequest out{.messages = {{.role = llm::Role::kSystem, .content = "Answer from the documents."}},
                       .max_tokens = 2'048};
  std::uint64_t held = 0;
  for (std::size_t i = 0; held < tokens; ++i) {
    const std::string text = std::to_string(i) + ": " + bench.paragraphs[i % bench.paragraphs.size()];
    const std::string_view view = text;
    held += DM_TRY(counter.count(bench.can, std::span(&view, 1), Deadline::never(), {})).tokens[0];
    const std::string id = "call_" + std::to_string(i);
    if (i % 4 == 1)
      out.messages.push_back({.role = llm::Role::kAssistant, .tool_calls = {{id, "find", R"({"words":"lamp"})"}}});
    out.messages.push_back({.role = i % 4 == 0   ? llm::Role::kUser
                                    : i % 4 == 1 ? llm::Role::kTool
                                                 : llm::Role::kAssistant,
                            .content = text,
                            .tool_call_id = i % 4 == 1 ? id : ""});
  }
  out.messages.push_back({.role = llm::Role::kUser, .content = "And now?"});
  return out;
}

Result<double> milliseconds(const Bench& bench, const llm::ChatRequest& request, context::TokenCounter& counter,
                            context::Policy policy, context::Report& report) {
  llm::ChatRequest copy = request;
  const TimePoint start = bench.clock.now();
  auto fitted = DM_TRY(context::fit(std::move(copy), bench.can, counter, {.policy = policy}, Deadline::never(), {}));
  const double out = std::chrono::duration<double, std::milli>(bench.clock.now() - start).count();
  report = std::move(fitted.report);
  return out;
}

Result<> measure(const Bench& bench, const char* what, const llm::ChatRequest& request, context::Policy policy,
                 int repeats) {
  context::Report report;
  std::vector<double> cold;
  std::vector<double> warm;
  for (int i = 0; i < repeats; ++i) {
    context::TokenCounter counter(*bench.model);
    cold.push_back(DM_TRY(milliseconds(bench, request, counter, policy, report)));
    warm.push_back(DM_TRY(milliseconds(bench, request, counter, policy, report)));
  }
  std::sort(cold.begin(), cold.end());
  std::sort(warm.begin(), warm.end());
  std::printf(
      "{\"what\":\"%s\",\"messages\":%zu,\"original\":%llu,\"final\":%llu,\"cold_ms\":%.3f,\"warm_ms\":%.3f,"
      "\"warm_worst_ms\":%.3f}\n",
      what, request.messages.size(), static_cast<unsigned long long>(report.original_tokens),
      static_cast<unsigned long long>(report.final_tokens), cold[cold.size() / 2], warm[warm.size() / 2], warm.back());
  std::fflush(stdout);
  return {};
}

// The beginning of a paragraph: whole ones, tables of the documents among them, need not fit a small window.
std::string beginning(const std::string& paragraph) {
  std::size_t end = std::min<std::size_t>(paragraph.size(), 500);
  while (end < paragraph.size() && !is_char_border(paragraph, end)) --end;
  return paragraph.substr(0, end);
}

// Short prompts of every shape, as counted and as the engine computes them.
Result<> compare(const Bench& bench) {
  context::TokenCounter counter(*bench.model);
  const std::vector<llm::ChatTool> tools = {
      {"find", "Finds \"words\"\nin documents.", R"({"type":"object","properties":{"words":{"type":"string"}}})"}};
  std::vector<llm::ChatRequest> prompts;
  for (std::size_t i = 0; i < 6; ++i) {
    llm::ChatRequest one{.messages = {{.role = llm::Role::kUser, .content = beginning(bench.paragraphs[i])}},
                         .max_tokens = 1};
    if (i % 2 == 1 && bench.can.documents)
      one.documents = {{"a \"b\".pdf", beginning(bench.paragraphs[i + 1])}, {"", "灯塔 \u00e4 e\u0301"}};
    if (i > 3 && bench.can.tools) one.tools = tools;
    if (i > 2 && bench.can.tools) {
      one.messages.push_back({.role = llm::Role::kAssistant,
                              .reasoning = "Hm.",
                              .tool_calls = {{"c1", "find", R"({"words":["a","b"]})"}}});
      one.messages.push_back(
          {.role = llm::Role::kTool, .content = beginning(bench.paragraphs[i + 2]), .tool_call_id = "c1"});
      one.messages.push_back({.role = llm::Role::kUser, .content = "  \n\n And now? <|im_end|>"});
      if (bench.can.documents) one.passages = {{"p", "A passage."}};
    }
    prompts.push_back(std::move(one));
  }
  for (const llm::ChatRequest& prompt : prompts) {
    const auto fitted = DM_TRY(context::fit(prompt, bench.can, counter, {}, Deadline::never(), {}));
    const auto reply = DM_TRY(bench.model->chat(prompt, nullptr, Deadline::never(), {}));
    std::printf("{\"counted\":%llu,\"computed\":%u}\n", static_cast<unsigned long long>(fitted.report.final_tokens),
                reply.usage.prompt);
  }
  return {};
}

Result<> run(char** argv, const std::vector<std::string>& files) {
  Bench bench{.paragraphs = paragraphs_of(files)};
  sys::RealRng rng;
  sys::RealFiles disk;
  const obs::Log log;
  obs::Metrics metrics;
  auto client = DM_TRY(net::Client::open());
  llamacpp::EngineChildOptions options{.binary = (std::filesystem::path(argv[1]) / "docmind").string(),
                                       .model_path = argv[2],
                                       .socket_folder = argv[3],
                                       .threads = 2,
                                       .arguments = {"--context", "4096"}};
  auto child = DM_TRY(llamacpp::open_engine_child(std::move(options), {bench.clock, rng, disk, *client, log, metrics}));
  llamacpp::EngineBackend backend(*child, *client);
  openai::ChatClient model(backend);
  bench.model = &model;
  bench.can = DM_TRY(model.capabilities(Deadline::never(), {}));
  DM_TRY(compare(bench));
  bench.can.context = kWindow;
  const int repeats = std::atoi(argv[5]);
  context::TokenCounter counter(model);
  llm::ChatRequest request = DM_TRY(conversation(bench, counter, std::strtoull(argv[4], nullptr, 10)));
  DM_TRY(measure(bench, "newest", request, context::Policy::kNewest, repeats));
  std::string all;
  for (const llm::ChatMessage& message : request.messages) all += message.content;
  request.messages = {{.role = llm::Role::kUser, .content = std::move(all)}};
  return measure(bench, "sliding_window", request, context::Policy::kSlidingWindow, repeats);
}

}  // namespace
}  // namespace docmind::bench

int main(int argc, char** argv) {
  if (argc < 7) {
    std::fprintf(stderr, "usage: context BUILD MODEL.gguf FOLDER TOKENS REPEATS TEXT-FILE...\n");
    return 2;
  }
  const auto done = docmind::bench::run(argv, std::vector<std::string>(argv + 6, argv + argc));
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
