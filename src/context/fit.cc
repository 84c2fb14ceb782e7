#include "context/fit.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"
#include "context/impl/measure.h"
#include "context/impl/slide.h"
#include "context/impl/turns.h"

namespace docmind::context {
namespace {

using llm::ChatDocument;
using llm::ChatMessage;

constexpr std::uint32_t kStepsOfTurns = 8;
constexpr std::uint64_t kShortest = 64;  // A text is not slid to fewer tokens.
constexpr std::size_t kIdBytes = 100;

std::string short_id(std::string_view text) {
  std::size_t end = std::min(text.size(), kIdBytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return std::string(text.substr(0, end));
}

Dropped dropped_message(const ChatMessage& message, std::size_t index, std::uint64_t tokens) {
  Dropped out{.kind = PieceKind::kMessage, .index = index, .role = std::string(name(message.role)), .tokens = tokens};
  out.id = short_id(message.tool_calls.empty() ? message.tool_call_id : message.tool_calls.front().id);
  return out;
}

// What is sent is well-formed (base/json.h), so that is what is counted.
void make_well_formed(std::string& text) {
  std::uint64_t replaced = 0;
  if (!is_utf8(text)) text = to_utf8(text, replaced);
}

void make_well_formed(llm::ChatRequest& request) {
  for (ChatMessage& message : request.messages) {
    make_well_formed(message.content);
    make_well_formed(message.reasoning);
  }
  for (ChatDocument& document : request.documents) make_well_formed(document.text);
  for (ChatDocument& passage : request.passages) make_well_formed(passage.text);
}

Error too_long(const Report& report, const llm::Capabilities& model, std::uint64_t stays) {
  std::string message = "The prompt has " + std::string(report.exact ? "" : "up to ") +
                        std::to_string(report.original_tokens) + " tokens";
  if (report.policy != Policy::kRefuse) message += ", " + std::to_string(stays) + " of them have to stay,";
  message += " and " + std::to_string(report.reserved) + " are kept for the answer; the window of " +
             (model.model.empty() ? "the model" : model.model) + " holds " + std::to_string(report.limit) + ".";
  return {Code::kResourceExhausted, std::move(message),
          report.policy == Policy::kRefuse
              ? "Shorten it, or let it be trimmed with the policy newest or sliding_window."
              : "Send fewer or shorter texts, or use a model with a longer context."};
}

// Removes what is marked, keeping the order.
template <typename T>
void remove_marked(std::vector<T>& list, const std::vector<bool>& marked) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!marked[i] && kept++ != i) list[kept - 1] = std::move(list[i]);
  }
  list.resize(kept);
}

// One request on its way into one window.
class Fitting {
 public:
  Fitting(llm::ChatRequest& request, const Sizes& sizes, const Window& window, Report& report)
      : request_(request), sizes_(sizes), window_(window), report_(report), total_(sizes.total()) {}

  std::uint64_t total() const { return total_; }

  void drop_turns() {
    const std::uint64_t excess = total_ - window_.trim_from;
    const std::uint64_t grid = std::max(1U, window_.trim_from / kStepsOfTurns);
    const std::uint64_t aim = (excess + grid - 1) / grid * grid;
    std::vector<bool> marked(request_.messages.size());
    std::uint64_t gone = 0;
    for (const Atom& step : steps(request_.messages)) {
      const std::uint64_t tokens = tokens_of(step);
      // A large step is not taken for a round number.
      if (gone >= excess && (gone >= aim || tokens > grid)) break;
      gone += tokens;
      for (std::size_t i = step.begin; i < step.end; ++i) {
        if (request_.messages[i].role == llm::Role::kSystem) continue;
        marked[i] = true;
        report_.dropped.push_back(dropped_message(request_.messages[i], i, sizes_.messages[i]));
      }
    }
    total_ -= gone;
    remove_marked(request_.messages, marked);
  }

  void drop_last(std::vector<ChatDocument>& list, const std::vector<std::uint64_t>& tokens, PieceKind kind) {
    while (total_ > window_.most && !list.empty()) {
      const std::size_t last = list.size() - 1;
      report_.dropped.push_back(
          {.kind = kind, .index = last, .id = short_id(list[last].title), .tokens = tokens[last]});
      total_ -= tokens[last];
      list.pop_back();
    }
  }

 private:
  std::uint64_t tokens_of(const Atom& step) const {
    std::uint64_t sum = 0;
    for (std::size_t i = step.begin; i < step.end; ++i) {
      if (request_.messages[i].role != llm::Role::kSystem) sum += sizes_.messages[i];
    }
    return sum;
  }

  llm::ChatRequest& request_;
  const Sizes& sizes_;
  const Window& window_;
  Report& report_;
  std::uint64_t total_;
};

// A text that may lose its middle.
struct Long {
  std::string* text = nullptr;
  Dropped dropped{};
  std::uint64_t tokens = 0;  // Of the text alone.
};

// Longest first, equal ones in an order that does not depend on the sort.
bool longer(const Long& a, const Long& b) {
  return std::tuple(b.tokens, a.dropped.kind, a.dropped.index) < std::tuple(a.tokens, b.dropped.kind, b.dropped.index);
}

std::vector<Long> long_texts(llm::ChatRequest& request) {
  std::vector<Long> out;
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    ChatMessage& message = request.messages[i];
    if (message.role == llm::Role::kSystem || !message.tool_calls.empty()) continue;
    out.push_back({&message.content, dropped_message(message, i, 0)});
  }
  for (const PieceKind kind : {PieceKind::kDocument, PieceKind::kPassage}) {
    std::vector<ChatDocument>& list = kind == PieceKind::kDocument ? request.documents : request.passages;
    for (std::size_t i = 0; i < list.size(); ++i) {
      out.push_back({&list[i].text, {.kind = kind, .index = i, .id = short_id(list[i].title)}});
    }
  }
  return out;
}

// So many of the longest are cut to so many tokens each, and all together have at most what was aimed at; no texts: too
// much is in what cannot be cut.
struct Level {
  std::size_t texts = 0;
  std::uint64_t tokens = 0;
};

Level level_for(const std::vector<Long>& longest, std::uint64_t total, std::uint64_t aim) {
  for (std::size_t i = 0; i < longest.size(); ++i) {
    total -= std::min(total, longest[i].tokens);  // All but those that are cut.
    if (total >= aim) continue;
    const std::uint64_t each = (aim - total) / (i + 1);
    if (i + 1 == longest.size() || each >= longest[i + 1].tokens) return {i + 1, each};
  }
  return {};
}

// The sliding window over a request's longest texts.
class Shortening {
 public:
  Shortening(const llm::Capabilities& model, TokenCounter& counter, Deadline deadline, std::stop_token stop)
      : model_(model), counter_(counter), deadline_(deadline), stop_(std::move(stop)) {}

  // false: it cannot be done.
  Result<bool> shorten(llm::ChatRequest& request, const Window& window, Report& report) {
    std::vector<Long> longest = long_texts(request);
    DM_TRY(measure_texts(longest));
    std::ranges::sort(longest, longer);
    if (longest.empty() || longest.front().tokens > report.original_tokens) return false;
    // A single text has all of trim_from, if what stands beside it and the overlap still fit.
    const std::uint64_t beside = report.original_tokens - longest.front().tokens;
    const Level level = level_for(longest, report.original_tokens,
                                  std::min<std::uint64_t>(window.trim_from + beside + kMarkTokens,
                                                          window.most - std::min(window.most, window.overlap)));
    if (level.tokens < kShortest + kMarkTokens) return false;
    for (std::size_t i = 0; i < level.texts; ++i) {
      const SlideBudget budget{.tokens = level.tokens - kMarkTokens, .overlap = window.overlap / level.texts};
      auto slid = DM_TRY(slide(*longest[i].text, budget, model_, counter_, deadline_, stop_));
      if (!slid || slid->tokens >= longest[i].tokens) continue;  // As long as before, or nearly: the sum decides.
      Dropped& dropped = report.dropped.emplace_back(std::move(longest[i].dropped));
      dropped.tokens = longest[i].tokens - slid->tokens;
      dropped.start = slid->start;
      dropped.end = slid->end;
      *longest[i].text = std::move(slid->text);
    }
    report.final_tokens = DM_TRY(measure(request, model_, counter_, deadline_, stop_)).total();
    return true;
  }

 private:
  Result<> measure_texts(std::vector<Long>& texts) {
    std::vector<std::string_view> views;
    for (const Long& one : texts) views.emplace_back(*one.text);
    const Counts counts = DM_TRY(counter_.count(model_, views, deadline_, stop_));
    for (std::size_t i = 0; i < texts.size(); ++i) texts[i].tokens = counts.tokens[i];
    return {};
  }

  const llm::Capabilities& model_;
  TokenCounter& counter_;
  Deadline deadline_;
  std::stop_token stop_;
};

}  // namespace

Result<Fitted> fit(llm::ChatRequest request, const llm::Capabilities& model, TokenCounter& counter,
                   const FitOptions& options, Deadline deadline, std::stop_token stop) {
  const Window window = DM_TRY(window_for(options.window, options.policy, model.context, request.max_tokens));
  make_well_formed(request);
  const Sizes sizes = DM_TRY(measure(request, model, counter, deadline, stop));
  Fitted out{.request = std::move(request)};
  Report& report = out.report;
  report = {
      .policy = options.policy, .limit = window.limit, .reserved = window.reserved, .trim_from = window.trim_from};
  report.exact = sizes.exact;
  report.original_tokens = report.final_tokens = sizes.total();
  if (report.original_tokens <= window.trim_from) return out;
  if (options.policy == Policy::kRefuse) return too_long(report, model, report.original_tokens);
  if (options.policy == Policy::kNewest) {
    Fitting fitting(out.request, sizes, window, report);
    fitting.drop_turns();
    if (options.passages == Ranked::kDropLast) {
      fitting.drop_last(out.request.passages, sizes.passages, PieceKind::kPassage);
    }
    if (options.documents == Ranked::kDropLast) {
      fitting.drop_last(out.request.documents, sizes.documents, PieceKind::kDocument);
    }
    report.final_tokens = fitting.total();
  } else {
    Shortening shortening(model, counter, deadline, stop);
    if (!DM_TRY(shortening.shorten(out.request, window, report))) return too_long(report, model, report.final_tokens);
  }
  if (report.final_tokens > window.most) return too_long(report, model, report.final_tokens);
  report.trimmed = !report.dropped.empty();
  DM_CHECK(report.final_tokens + report.reserved <= report.limit);
  return out;
}

}  // namespace docmind::context
