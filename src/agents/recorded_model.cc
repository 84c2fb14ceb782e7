#include "agents/recorded_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace docmind::agents {
namespace {

std::size_t said_in(const llm::ChatReply& reply) {
  std::size_t bytes = reply.content.size() + reply.reasoning.size();
  for (const llm::ToolCall& call : reply.tool_calls) bytes += call.id.size() + call.name.size() + call.arguments.size();
  return bytes;
}

void add_calls(const std::vector<llm::ToolCall>& calls, Hasher& hasher) {
  hasher.field(fmt::format("{}", calls.size()));
  for (const llm::ToolCall& call : calls) hasher.field(call.id).field(call.name).field(call.arguments);
}

void add_documents(const std::vector<llm::ChatDocument>& documents, Hasher& hasher) {
  hasher.field(fmt::format("{}", documents.size()));
  for (const llm::ChatDocument& document : documents) hasher.field(document.title).field(document.text);
}

}  // namespace

ContentHash request_hash(const llm::ChatRequest& request) {
  Hasher hasher;
  hasher.field(fmt::format("{} {} {} {}", request.max_tokens, request.temperature,
                           request.seed ? fmt::format("{}", *request.seed) : "-", request.messages.size()));
  for (const llm::ChatMessage& message : request.messages) {
    hasher.field(name(message.role)).field(message.content).field(message.reasoning);
    hasher.field(message.tool_call_id).field(message.name);
    add_calls(message.tool_calls, hasher);
  }
  add_documents(request.documents, hasher);
  add_documents(request.passages, hasher);
  hasher.field(fmt::format("{}", request.tools.size()));
  for (const llm::ChatTool& tool : request.tools) {
    hasher.field(tool.name).field(tool.description).field(tool.parameters);
  }
  hasher.field(request.schema);
  for (const std::string& stop : request.stop) hasher.field(stop);
  return hasher.finish();
}

// ---- recording ----

Result<llm::Capabilities> RecordingModel::capabilities(Deadline deadline, std::stop_token stop) {
  llm::Capabilities out = DM_TRY(model_.capabilities(deadline, std::move(stop)));
  const MutexLock lock(mutex_);
  record_.capabilities = out;
  return out;
}

Result<std::vector<std::uint32_t>> RecordingModel::count(std::span<const std::string> texts, Deadline deadline,
                                                         std::stop_token stop) {
  llm::Capabilities model;
  {
    const MutexLock lock(mutex_);
    model = record_.capabilities;
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const context::Counts counted = DM_TRY(counter_.count(model, views, deadline, std::move(stop)));
  std::vector<std::uint32_t> out;
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    out.push_back(static_cast<std::uint32_t>(counted.tokens[i]));
    if (record_.counts.size() < kMostCounts) record_.counts.emplace(content_hash(texts[i]), out.back());
  }
  record_.whole = record_.whole && record_.counts.size() < kMostCounts;
  return out;
}

Result<llm::ChatReply> RecordingModel::chat(const llm::ChatRequest& request, llm::TokenStream* stream,
                                            Deadline deadline, std::stop_token stop) {
  const TimePoint began = clock_.now();
  const TraceContext place = trace_context() ? child_of(trace_context()) : TraceContext();
  const TraceScope scope(place);  // The backend sees this call as its caller.
  Result<llm::ChatReply> reply = model_.chat(request, stream, deadline, std::move(stop));
  ModelCall call{.request = request_hash(request), .place = place};
  call.began = std::chrono::duration<double>(began - asked_).count();
  call.seconds = std::chrono::duration<double>(clock_.now() - began).count();
  if (reply) {
    call.reply = *reply;
  } else {
    call.error = reply.error();
  }
  keep(std::move(call));
  return reply;
}

void RecordingModel::keep(ModelCall call) {
  const MutexLock lock(mutex_);
  if (record_.calls.size() >= kMostCalls) {
    record_.whole = false;
    return;
  }
  if (said_in(call.reply) > kMostSaid) {
    record_.whole = false;
    call.reply = {.finish = call.reply.finish, .usage = call.reply.usage};
  }
  record_.calls.push_back(std::move(call));
}

ModelRecord RecordingModel::record() const {
  const MutexLock lock(mutex_);
  ModelRecord out = record_;
  out.asked = asked_;
  std::ranges::sort(out.calls, {}, [](const ModelCall& call) { return std::pair(call.began, call.request); });
  return out;
}

// ---- said again ----

Error RecordedModel::not_recorded() {
  asked_otherwise_ = true;
  return {Code::kNotFound, "The chat model is asked something else than it was.", ""};
}

Result<llm::Capabilities> RecordedModel::capabilities(Deadline /*deadline*/, std::stop_token /*stop*/) {
  return record_.capabilities;
}

Result<std::vector<std::uint32_t>> RecordedModel::count(std::span<const std::string> texts, Deadline /*deadline*/,
                                                        std::stop_token /*stop*/) {
  std::vector<std::uint32_t> out;
  const MutexLock lock(mutex_);
  for (const std::string& text : texts) {
    const auto found = record_.counts.find(content_hash(text));
    if (found == record_.counts.end()) return not_recorded();
    out.push_back(found->second);
  }
  return out;
}

Result<llm::ChatReply> RecordedModel::chat(const llm::ChatRequest& request, llm::TokenStream* stream,
                                           Deadline /*deadline*/, std::stop_token /*stop*/) {
  const ContentHash wanted = request_hash(request);
  const ModelCall* found = nullptr;
  {
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < said_.size() && found == nullptr; ++i) {
      if (said_[i] || record_.calls[i].request != wanted) continue;
      said_[i] = true;
      found = &record_.calls[i];
    }
    if (found == nullptr) return not_recorded();
  }
  if (found->error) return *found->error;
  if (stream != nullptr) DM_TRY(stream->text(found->reply.content));
  return found->reply;
}

bool RecordedModel::asked_otherwise() const {
  const MutexLock lock(mutex_);
  return asked_otherwise_;
}

}  // namespace docmind::agents
