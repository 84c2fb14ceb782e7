// The contract of whatever writes text: a model behind OpenAI-shaped HTTP, ours or another's.
//
// Requests and replies stay the JSON that OpenAI's API says, so that a field this contract does not know goes through.
// Thread safety: any method from any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "llm/chat_model.h"

namespace docmind::llm {

struct BackendInfo {
  Capabilities capabilities{};
  std::string json{};  // The model's entry as GET /v1/models of the backend has it.
};

struct BackendReply {
  int status = 200;
  std::string body{};         // Empty when it was streamed.
  std::string retry_after{};  // Seconds, with status 429; else empty.
};

class Backend : public Tokenizer {
 public:
  // kUnavailable while it cannot be started or reached.
  virtual Result<BackendInfo> info(Deadline deadline, std::stop_token stop) = 0;

  // What it counts, in Prometheus' text form; empty when it does not run or counts nothing. Starts nothing.
  virtual std::string metrics(Deadline deadline, std::stop_token stop) = 0;

  // POST of a JSON body to one of OpenAI's paths ("/v1/chat/completions"); the reply whatever its status. A stop ends
  // the work at the backend, too. Errors: kUnavailable, kDeadlineExceeded, kCancelled, kResourceExhausted.
  // With on_bytes a reply of status 200 is given out as it arrives; its Error ends the call and is returned.
  using OnBytes = std::function<Result<>(std::string_view)>;
  virtual Result<BackendReply> post(std::string_view path, std::string_view body, const OnBytes& on_bytes,
                                    Deadline deadline, std::stop_token stop) = 0;
};

}  // namespace docmind::llm
