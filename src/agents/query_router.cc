#include "agents/query_router.h"

#include <algorithm>
#include <vector>

#include "agents/answer_form.h"
#include "agents/asked_place.h"
#include "agents/asked_set.h"
#include "agents/impl/words.h"
#include "agents/query_planner.h"
#include "text/normalise.h"

namespace docmind::agents {
namespace {

constexpr std::size_t kMaxQuestionBytes = 8ULL << 10U;

struct Quotes {
  std::string_view open;
  std::string_view close;
};
constexpr Quotes kQuotes[] = {{"\"", "\""}, {"\u201c", "\u201d"}, {"\u00ab", "\u00bb"}, {"`", "`"}};

// What stands between quotes when they hold the whole text, else nothing.
std::string_view inside_quotes(std::string_view text) {
  for (const Quotes& quotes : kQuotes) {
    if (text.size() <= quotes.open.size() + quotes.close.size()) continue;
    if (!text.starts_with(quotes.open) || !text.ends_with(quotes.close)) continue;
    const auto inner = text.substr(quotes.open.size(), text.size() - quotes.open.size() - quotes.close.size());
    if (inner.find(quotes.open) == std::string_view::npos && inner.find(quotes.close) == std::string_view::npos) {
      return inner;
    }
  }
  return {};
}

}  // namespace

std::string_view name(Route route) {
  switch (route) {
    case Route::kHybrid:
      return "hybrid";
    case Route::kKeyword:
      return "keyword";
    case Route::kExhaustive:
      return "exhaustive";
    case Route::kGeneral:
      return "general";
    case Route::kDirect:
      return "direct";
  }
  return "hybrid";
}

Result<Routing> route_to_hybrid(std::string_view question) {
  if (question.size() > kMaxQuestionBytes) {
    return Error{Code::kInvalidArgument, "The question is longer than 8 KiB.", "Ask one thing at a time."};
  }
  std::string folded = text::fold_space(question);
  if (folded.empty()) {
    return Error{Code::kInvalidArgument, "The question is empty.", "Ask something about your documents."};
  }
  return Routing{Route::kHybrid, std::move(folded), "A question in words: keywords and vectors."};
}

Result<Routing> route(std::string_view question) {
  Routing hybrid = DM_TRY(route_to_hybrid(question));
  const std::string& folded = hybrid.question;
  if (const std::string_view inner = inside_quotes(folded); !inner.empty()) {
    return Routing{Route::kKeyword, std::string(inner), "The whole question is one quoted phrase."};
  }
  if (std::ranges::any_of(plan(folded).parts, [](const Part& part) { return asked_place(part.asks).has_value(); })) {
    return Routing{Route::kDirect, folded, "The question names a place in a document."};
  }
  const std::vector<Word> all = words(folded);
  const bool identifiers =
      !all.empty() && std::all_of(all.begin(), all.end(), [](const Word& word) { return has_code_literal(word.raw); });
  if (identifiers) return Routing{Route::kKeyword, folded, "The question holds nothing but identifiers."};
  if (asked_phrase(folded) || asked_set(folded)) {
    return Routing{Route::kExhaustive, folded, "The question asks for a set as a whole."};
  }
  return hybrid;
}

}  // namespace docmind::agents
