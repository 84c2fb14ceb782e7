#include "agents/response_validator.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "agents/impl/words.h"
#include "agents/support.h"
#include "base/utf8.h"
#include "text/normalise.h"

namespace docmind::agents {
namespace {

constexpr std::string_view kSpace = " \t\n";

// What a document's citations share; read once.
struct Cited {
  library::Document document;
  std::vector<doc::Page> pages;
};

// Whether `stored` is the pieces one after the other, from its first to its last byte, with only white space between.
bool is_made_of(std::string_view stored, const std::vector<std::string>& pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) stored.remove_prefix(std::min(stored.find_first_not_of(kSpace), stored.size()));
    if (pieces[i].empty() || !stored.starts_with(pieces[i])) return false;
    stored.remove_prefix(pieces[i].size());
  }
  return !pieces.empty() && stored.empty();
}

bool is_char_start(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }

// The bytes before a quote from the first whole word on (the first whole character where there are no blanks).
std::string words_before(std::string text, bool whole) {
  if (whole) return text;
  const std::size_t space = text.find_first_of(kSpace);
  if (space != std::string::npos) return text.substr(space + 1);
  const auto start = std::find_if(text.begin(), text.end(), is_char_start);
  return {start, text.end()};
}

std::string words_after(std::string text, bool whole) {
  if (whole) return text;
  const std::size_t space = text.find_last_of(kSpace);
  if (space != std::string::npos) return text.substr(0, space);
  while (!text.empty() && !is_char_start(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();  // The start of a character that may have been cut.
  return text;
}

class Validator {
 public:
  Validator(library::Snapshot& at, const ValidationOptions& options) : at_(at), options_(options) {}

  // The citation with everything a reader needs, or nothing when the passage does not stand where it is said to.
  Result<std::optional<Citation>> cite(const Passage& passage) {
    auto cited = cited_document(passage.document);
    if (!cited && cited.error().code == Code::kNotFound) return std::optional<Citation>();
    Cited& source = *DM_TRY(std::move(cited));
    auto stored = at_.text(passage.document, passage.span);
    if (!stored && stored.error().code == Code::kInvalidArgument) return std::optional<Citation>();
    std::string quote = DM_TRY(std::move(stored));
    if (!is_made_of(quote, passage.pieces)) return std::optional<Citation>();
    Citation citation;
    citation.document = source.document.path;
    citation.document_id = source.document.id;
    citation.version = source.document.version;
    citation.span = passage.span;
    citation.quote = std::move(quote);
    add_page(source, citation);
    citation.locator = DM_TRY(locator(passage));
    DM_TRY(add_context(source, citation, passage));
    return std::optional(std::move(citation));
  }

 private:
  Result<Cited*> cited_document(std::int64_t key) {
    if (const auto known = cited_.find(key); known != cited_.end()) return &known->second;
    Cited fresh{DM_TRY(at_.document(key)), {}};
    for (library::Page& page : DM_TRY(at_.pages(key))) fresh.pages.push_back(std::move(page.page));
    return &cited_.emplace(key, std::move(fresh)).first->second;
  }

  static void add_page(const Cited& source, Citation& citation) {
    const int first = doc::page_at(source.pages, citation.span.start);
    if (first < 0) return;
    const int last = doc::page_at(source.pages, citation.span.end - 1);
    citation.page = static_cast<std::uint32_t>(first) + 1;
    citation.page_end = static_cast<std::uint32_t>(last) + 1;
    citation.page_label = source.pages[static_cast<std::size_t>(first)].label;
  }

  Result<std::string> locator(const Passage& passage) {
    if (!passage.heading.empty()) return passage.heading;
    auto block = at_.block(passage.document, passage.block);
    if (!block) return block.error().code == Code::kNotFound ? Result(std::string()) : std::move(block).error();
    return block->block.locator;
  }

  Result<> add_context(const Cited& source, Citation& citation, const Passage& passage) {
    const std::uint64_t start = passage.span.start - std::min<std::uint64_t>(options_.context, passage.span.start);
    const std::uint64_t end = std::min(source.document.text_bytes, passage.span.end + options_.context);
    auto before = DM_TRY(at_.text(passage.document, {start, passage.span.start}));
    auto after = DM_TRY(at_.text(passage.document, {passage.span.end, end}));
    citation.before = text::fold_space(words_before(std::move(before), start == 0));
    citation.after = text::fold_space(words_after(std::move(after), end == source.document.text_bytes));
    return {};
  }

  library::Snapshot& at_;
  const ValidationOptions& options_;
  std::map<std::int64_t, Cited> cited_;
};

std::string joined(const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : pieces) out += (out.empty() ? "" : " ") + piece;
  return out;
}

std::string words_of(const DraftClaim& claim) {
  if (!claim.said.empty()) return claim.said;
  return claim.passages.empty() ? std::string() : joined(claim.passages.front().pieces);
}

// What a model wrote: with the citations that stand, and a doubt when they do not bear it.
Result<Claim> judge(const DraftClaim& drafted, const Writing& writing, Validator& validator) {
  std::vector<CitedPassage> shown;
  for (const ShownPassage& one : writing.shown)
    shown.push_back({.text = one.text, .document = one.document, .page = one.page});
  const Verdict verdict = check_sentence({.text = drafted.said, .marks = drafted.marks}, shown);
  Claim claim;
  claim.text = drafted.said;
  for (const Passage& passage : drafted.passages) {
    if (auto citation = DM_TRY(validator.cite(passage))) claim.citations.push_back(*std::move(citation));
  }
  if (!verdict.supported()) {
    claim.doubt = fmt::format("{}: {}", name(verdict.fault), verdict.detail);
  } else if (claim.citations.empty()) {
    claim.doubt = "What it cites does not stand in the library any more.";
  }
  claim.supported = claim.doubt.empty();
  return claim;
}

// What a model knows of itself is not held against anything, and says so.
void add_general(const Draft& draft, Validated& out) {
  for (const std::string& said : draft.general) {
    Claim claim;
    claim.text = said;
    claim.supported = false;
    claim.origin = "general";
    out.claims.push_back(std::move(claim));
  }
}

}  // namespace

bool supports_any(const Validated& validated) {
  return std::ranges::any_of(validated.claims, [](const Claim& claim) { return claim.supported; });
}

Result<Validated> validate(const Draft& draft, library::Snapshot& at, const ValidationOptions& options) {
  Validator validator(at, options);
  Validated out;
  for (const DraftClaim& drafted : draft.claims) {
    if (draft.writing) {
      out.claims.push_back(DM_TRY(judge(drafted, *draft.writing, validator)));
      continue;
    }
    Claim claim;
    for (const Passage& passage : drafted.passages) {
      auto citation = DM_TRY(validator.cite(passage));
      if (citation) {
        claim.citations.push_back(*std::move(citation));
      } else if (claim.citations.empty() || !drafted.said.empty()) {
        // The first citation is what the claim says, and a count rests on each: without it there is no claim.
        claim.citations.clear();
        break;
      }
    }
    if (claim.citations.empty()) {
      out.dropped.push_back(words_of(drafted));
      continue;
    }
    claim.text = drafted.said.empty() ? text::fold_space(claim.citations.front().quote) : drafted.said;
    out.claims.push_back(std::move(claim));
  }
  add_general(draft, out);
  return out;
}

Validated believe(const Draft& draft) {
  Validated out;
  for (const DraftClaim& drafted : draft.claims) {
    Claim claim;
    for (const Passage& passage : drafted.passages) {
      Citation citation;
      citation.span = passage.span;
      citation.quote = joined(passage.pieces);
      claim.citations.push_back(std::move(citation));
    }
    if (claim.citations.empty()) continue;
    claim.text = words_of(drafted);
    out.claims.push_back(std::move(claim));
  }
  add_general(draft, out);
  return out;
}

}  // namespace docmind::agents
