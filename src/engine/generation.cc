#include "engine/generation.h"

#include <algorithm>
#include <utility>

#include "engine/text_stream.h"

namespace docmind::engine {
namespace {

// Takes tokens, gives pieces.
class Listener {
 public:
  Listener(std::span<const std::string> pieces, GenerationRequest& request, const OnPiece& on_piece)
      : pieces_(pieces),
        request_(request),
        on_piece_(on_piece),
        stream_(std::move(request.stops)),
        parser_(request.syntax) {}

  scheduler::Listen take(const scheduler::Sampled& sampled) {
    AnswerPiece piece;
    if (request_.report_tokens) {
      piece.tokens.push_back({sampled.token, sampled.log_probability, sampled.alternatives});
      auto& alternatives = piece.tokens.back().alternatives;
      alternatives.resize(std::min<std::size_t>(alternatives.size(), request_.alternatives));
    }
    const std::string text = stream_.push(pieces_[static_cast<std::size_t>(sampled.token)]);
    text_ += text;
    piece.delta = parser_.push(text);
    const bool goes_on = give(std::move(piece));
    return goes_on && !stream_.stopped() ? scheduler::Listen::kMore : scheduler::Listen::kStop;
  }

  void finish() {
    const std::string rest = stream_.finish();
    text_ += rest;
    give({.delta = parser_.push(rest)});
    give({.delta = parser_.finish()});
  }

  bool stopped() const { return stream_.stopped(); }
  const std::string& text() const { return text_; }
  Answer take_answer() && {
    answer_.parse_error = parser_.parse_error();
    return std::move(answer_);
  }

 private:
  bool give(AnswerPiece piece) {
    for (ToolCall& call : piece.delta.calls) call.id = request_.id_prefix + std::to_string(calls_++);
    AnswerDelta& whole = answer_.whole;
    whole.content += piece.delta.content;
    whole.reasoning += piece.delta.reasoning;
    whole.calls.insert(whole.calls.end(), piece.delta.calls.begin(), piece.delta.calls.end());
    answer_.tokens.insert(answer_.tokens.end(), piece.tokens.begin(), piece.tokens.end());
    return (piece.delta.empty() && piece.tokens.empty()) || on_piece_(piece);
  }

  std::span<const std::string> pieces_;
  const GenerationRequest& request_;
  const OnPiece& on_piece_;
  TextStream stream_;
  AnswerParser parser_;
  std::string text_;
  std::uint32_t calls_ = 0;
  Answer answer_;
};

// Never a success with a text that is not what was asked for.
Result<> check(const GenerationRequest& request, std::string_view text, bool whole, Answer& answer) {
  Result<> valid;
  if (request.must_be) valid = request.must_be->validate(text);
  if (valid && request.must_call && answer.whole.calls.empty()) {
    valid = Error{Code::kInvalidArgument, "there is no tool call in it."};
  }
  if (valid) return {};
  if (!whole) {
    answer.parse_error = "The text ends before it is complete.";
    return {};
  }
  return Error{Code::kInternal, "The model's text is not what was asked for: " + valid.error().message,
               "Ask again; with another seed it may come out right."};
}

}  // namespace

std::string_view name(Finish finish) {
  switch (finish) {
    case Finish::kStop:
      return "stop";
    case Finish::kLength:
      return "length";
    case Finish::kToolCalls:
      return "tool_calls";
  }
  return "stop";
}

Result<Answer> generate_answer(scheduler::Scheduler& scheduler, std::span<const std::string> pieces,
                               GenerationRequest request, const OnPiece& on_piece, Deadline deadline,
                               std::stop_token stop) {
  Listener listener(pieces, request, on_piece);
  Result<scheduler::Generated> made = scheduler.generate(
      std::move(request.tokens), [&](const scheduler::Sampled& sampled) { return listener.take(sampled); }, deadline,
      std::move(stop));
  if (!made && made.error().code == Code::kResourceExhausted) {
    return Error{Code::kRateLimited, made.error().message, made.error().hint};
  }
  if (!made) return std::move(made).error();
  listener.finish();
  const bool cut = made->reason == scheduler::FinishReason::kLength;
  const bool stopped = listener.stopped();
  const std::string text = listener.text();
  Answer answer = std::move(listener).take_answer();
  answer.usage = made->usage;
  answer.finish = cut && !stopped ? Finish::kLength : Finish::kStop;
  if (!answer.whole.calls.empty()) answer.finish = Finish::kToolCalls;
  DM_TRY(check(request, text, !cut && !stopped, answer));
  return answer;
}

}  // namespace docmind::engine
