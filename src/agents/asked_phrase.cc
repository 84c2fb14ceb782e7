// "How often does X occur", "in how many documents is X mentioned", "which documents mention X": what stands between
// the two halves of such a sentence, or between quotes, is the phrase.
#include <algorithm>
#include <vector>

#include "agents/asked_set.h"
#include "agents/impl/words.h"
#include "base/utf8.h"

namespace docmind::agents {
namespace {

bool is_document(const Word& word) {
  return one_of(word.lower,
                {"document", "documents", "file", "files", "dokument", "dokumente", "dokumenten", "dateien"});
}
bool occurs(const Word& word) {
  return one_of(word.lower, {"mentioned", "named", "occur", "occurs", "appear", "appears", "used", "found", "contained",
                             "erw\u00e4hnt", "vor", "genannt"});
}
bool mentions(const Word& word) {
  return one_of(word.lower, {"mention", "mentions", "contain", "contains", "name", "names", "erw\u00e4hnen",
                             "enthalten", "nennen"});
}
bool asks(const Word& word) {
  return one_of(word.lower,
                {"is", "are", "does", "do", "was", "were", "did", "ist", "sind", "wird", "werden", "kommt"});
}

struct Quotes {
  std::string_view open;
  std::string_view close;
};

// What stands between the first pair of quotes.
std::string quoted(std::string_view text) {
  for (const Quotes& quotes : {Quotes{"\"", "\""},
                               {"\u201c", "\u201d"},
                               {"\u201e", "\u201c"},
                               {"\u00ab", "\u00bb"},
                               {"\u300c", "\u300d"},
                               {"`", "`"}}) {
    const std::size_t open = text.find(quotes.open);
    if (open == std::string_view::npos) continue;
    const std::size_t start = open + quotes.open.size();
    const std::size_t close = text.find(quotes.close, start);
    if (close != std::string_view::npos && close > start) return std::string(text.substr(start, close - start));
  }
  return {};
}

std::string between(const std::vector<Word>& all, std::size_t first, std::size_t end) {
  while (first < end && one_of(all[first].lower, {"the", "word", "words", "phrase", "term", "name", "das", "wort"}))
    ++first;
  if (first >= end) return {};
  const char* const from = all[first].bare.data();
  return {from, all[end - 1].bare.data() + all[end - 1].bare.size()};
}

// Where "how often", "how many times" or "in how many documents" ends; 0: nowhere.
std::size_t after_how(const std::vector<Word>& all, bool& documents) {
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const bool how = one_of(all[i].lower, {"how", "wie"});
    if (how && one_of(all[i + 1].lower, {"often", "oft"})) return i + 2;
    const bool many = (how && one_of(all[i + 1].lower, {"many", "viele", "vielen"}));
    if (many && i + 2 < all.size() && one_of(all[i + 2].lower, {"times", "places"})) return i + 3;
    documents = many && i + 2 < all.size() && is_document(all[i + 2]);
    if (documents) return i + 3;
  }
  documents = all.size() > 2 && one_of(all[0].lower, {"which", "list", "welche"}) &&
              (is_document(all[1]) || (all[1].lower == "all" && is_document(all[2])));
  return documents ? (is_document(all[1]) ? 2 : 3) : 0;
}

}  // namespace

std::optional<AskedPhrase> asked_phrase(std::string_view question) {
  if (!is_utf8(question)) return std::nullopt;
  const std::vector<Word> all = words(question);
  AskedPhrase out;
  std::size_t at = after_how(all, out.documents);
  if (at == 0 || at >= all.size()) return std::nullopt;
  while (at < all.size() && one_of(all[at].lower, {"that", "which", "die"})) ++at;
  const auto rest = all.begin() + static_cast<std::ptrdiff_t>(std::min(at, all.size()));
  if (rest == all.end()) return std::nullopt;
  std::size_t first = 0;
  std::size_t end = all.size();
  if (mentions(*rest) && out.documents) {
    first = at + 1;
  } else if (asks(*rest)) {
    const auto verb = std::find_if(rest, all.end(), occurs);
    if (verb == all.end()) return std::nullopt;
    first = at + 1;
    end = static_cast<std::size_t>(verb - all.begin());
  } else {
    return std::nullopt;
  }
  out.phrase = quoted(question);
  if (out.phrase.empty()) out.phrase = between(all, first, end);
  if (out.phrase.empty()) return std::nullopt;
  return out;
}

}  // namespace docmind::agents
