#include "agents/asked_place.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <utility>
#include <vector>

#include "agents/answer_form.h"
#include "agents/impl/words.h"
#include "base/utf8.h"

namespace docmind::agents {
namespace {

constexpr std::size_t kMostWords = 64;  // Of a question that names a place.
constexpr std::size_t kMostName = 256;
constexpr std::size_t kMostAlone = 6;  // Words of a name with nothing but a place behind it.

using Set = std::initializer_list<std::string_view>;

bool is_article(std::string_view word) {
  return one_of(word, {"the", "a", "this", "that", "die", "der", "den", "dem", "das", "des", "diese", "dieser",
                       "diesem", "dieses"});
}

// What a document is called that has no name.
bool is_nameless(std::string_view word) {
  return one_of(word, {"it", "document", "file", "text", "paper", "book", "dokument", "dokuments", "dokumentes",
                       "datei", "ihm", "ihr"});
}

bool is_about(std::string_view word) {
  return one_of(word, {"about", "regarding", "concerning", "\u00fcber", "ueber"});
}

bool is_in(std::string_view word) { return one_of(word, {"on", "in", "at", "auf", "im"}); }

bool is_said(std::string_view word) {
  return one_of(word, {"written", "said", "stated", "shown", "printed", "listed", "there", "geschrieben"});
}

bool says(std::string_view word) {
  return one_of(word, {"say", "says", "contain", "contains", "state", "show", "cover", "describe", "have", "tell",
                       "hold", "aus", "sagt", "steht"});
}

bool closes(const Word& word) { return word.raw.ends_with(',') || word.raw.ends_with(':') || word.raw.ends_with(';'); }

std::optional<std::uint32_t> page_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && text.size() <= 6;
  return whole && number > 0 ? std::optional(number) : std::nullopt;
}

// "2", "2.1", "A", "A.3".
bool is_section_number(std::string_view text) {
  if (text.empty() || text.size() > 24) return false;
  std::size_t at = 0;
  if (is_upper(text[0])) {
    if (text.size() == 1) return true;
    if (text[1] != '.') return false;
    at = 2;
  }
  for (bool digit = false; at < text.size(); ++at) {
    if (text[at] == '.' && !std::exchange(digit, false)) return false;
    if (text[at] != '.' && !is_digit(text[at])) return false;
    digit |= is_digit(text[at]);
  }
  return is_digit(text.back());
}

// Reads forms from a cursor on; each either takes what it names or leaves the cursor where it was.
class Reader {
 public:
  explicit Reader(std::string_view question) : all_(words(question)) {}

  std::optional<AskedPlace> read() {
    if (all_.size() > kMostWords) return std::nullopt;
    for (const auto form : {&Reader::what_stands, &Reader::what_it_says, &Reader::what_document_says, &Reader::command,
                            &Reader::place_alone, &Reader::place_first, &Reader::document_first}) {
      at_ = 0;
      out_ = {};
      while (take({"please", "bitte", "and", "und"})) {
      }
      if ((this->*form)()) return out_;
    }
    return std::nullopt;
  }

 private:
  // ---- forms ----

  // "what is on page 3 of X about Y", "what is said about Y on page 3 of X", "was steht auf Seite 3 von X".
  bool what_stands() {
    const bool german = next("was");
    if (take({"what's"})) {
    } else if (!take({"what", "was"}) || !take({"is", "stands", "steht", "ist"})) {
      return false;
    }
    while (take_if(is_said)) {
    }
    std::string first;
    if (here(is_about) || (german && here_is({"zu"}))) {
      ++at_;
      const std::size_t from = at_;
      while (at_ < all_.size() && !(here(is_in) && is_place(at_ + 1))) ++at_;
      first = text(from, at_);
      if (first.empty()) return false;
    }
    if (!take_if(is_in) || !place()) return false;
    (void)document();
    if (!first.empty()) {
      out_.about = std::move(first);
      return ended();
    }
    return about_or_end();
  }

  // "what does page 3 of X say about Y", "was sagt Seite 3 von X über Y".
  bool what_it_says() {
    if (take({"was"})) {
      if (!take({"sagt", "enth\u00e4lt", "zeigt", "behandelt"}) || !place()) return false;
      (void)document();
      (void)take({"aus"});
      return about_or_end();
    }
    if (!take({"what"}) || !take({"does", "do", "did"}) || !place()) return false;
    (void)document();
    return take_if(says) && about_or_end();
  }

  // "what does X say about Y on page 3", "was sagt X auf Seite 3".
  bool what_document_says() {
    const bool german = next("was");
    if (!take({"what", "was"}) || !take({"does", "did", "sagt"}) || !name()) return false;
    if (!german && !take_if(says)) return false;
    if (take_if(is_about)) {
      const std::size_t from = at_;
      while (at_ < all_.size() && !(here(is_in) && is_place(at_ + 1))) ++at_;
      out_.about = text(from, at_);
      if (out_.about.empty()) return false;
    }
    return take_if(is_in) && place() && (out_.about.empty() ? about_or_end() : ended());
  }

  // "read page 12", "show me the text of section 2.1 of X", "lies Seite 12 vor".
  bool command() {
    if (take({"go", "gehe", "geh"})) {
      if (!take({"to", "zu"})) return false;
    } else if (!take({"read", "show", "open", "display", "give", "print", "quote", "summarize", "summarise", "lies",
                      "zeig", "zeige", "\u00f6ffne", "\u00d6ffne", "gib", "zitiere"})) {
      return false;
    }
    while (take({"me", "us", "mir", "uns", "bitte"})) {
    }
    if (!is_place(at_)) {
      (void)take_if(is_article);
      (void)take({"whole", "full", "ganzen"});
      if (take({"text", "content", "contents", "inhalt"})) (void)take({"of", "from", "on", "in", "von", "auf"});
    }
    if (!place()) return false;
    (void)document();
    while (take({"please", "bitte", "vor", "an"})) {
    }
    return ended();
  }

  // "page 3 of X", "X, page 3".
  bool place_alone() {
    if (!place()) {
      if (!name() || at_ > kMostAlone || !has_code_literal(out_.document) || !place()) return false;
      return ended();
    }
    (void)document();
    return ended();
  }

  // "On page 3 of X, which fonts are used?", "according to section 2.1, ..."; the comma makes it one.
  bool place_first() {
    if (take({"according"})) {
      if (!take({"to"})) return false;
    } else if (!take({"on", "in", "auf", "laut"})) {
      return false;
    }
    if (!place()) return false;
    (void)document();
    if (at_ >= all_.size() || !closes(all_[at_ - 1])) return false;
    out_.about = text(at_, all_.size());
    return has_question_word(out_.about) || out_.about.ends_with('?');
  }

  // "In X, what is on page 3?"
  bool document_first() {
    if (!take({"in", "im"}) || !name() || !closes(all_[at_ - 1])) return false;
    const std::string rest = text(at_, all_.size());
    auto found = Reader(rest).without_prefix();
    if (!found || !found->document.empty()) return false;
    found->document = std::move(out_.document);
    out_ = *std::move(found);
    return true;
  }

  std::optional<AskedPlace> without_prefix() {
    for (const auto form : {&Reader::what_stands, &Reader::what_it_says, &Reader::command}) {
      at_ = 0;
      out_ = {};
      if ((this->*form)()) return out_;
    }
    return std::nullopt;
  }

  // ---- pieces ----

  bool is_place(std::size_t from) {
    const std::size_t was = std::exchange(at_, from);
    const AskedPlace kept = out_;
    const bool found = place();
    at_ = was;
    out_ = kept;
    return found;
  }

  bool place() {
    const std::size_t was = at_;
    (void)take_if(is_article);
    if (take({"page", "p", "pg", "seite", "s"})) {
      (void)take({"number", "no", "nr", "nummer"});
      if (at_ < all_.size()) {
        if (const auto number = page_number(all_[at_].bare)) {
          out_.kind = PlaceKind::kPage;
          out_.page = *number;
          ++at_;
          return true;
        }
      }
    } else if (take({"section", "chapter", "appendix", "annex", "article", "abschnitt", "kapitel", "anhang", "artikel",
                     "\u00a7"})) {
      if (at_ < all_.size() && is_section_number(all_[at_].bare)) {
        out_.kind = PlaceKind::kSection;
        out_.number = all_[at_].bare;
        ++at_;
        return true;
      }
    }
    at_ = was;
    return false;
  }

  // "of manual.pdf", "in the document"; nothing stands there: nothing is taken.
  bool document() {
    const std::size_t was = at_;
    if (at_ > 0 && closes(all_[at_ - 1])) return false;
    if (take({"of", "in", "from", "von", "vom", "aus", "im", "des", "der"}) && name()) return true;
    at_ = was;
    out_.document.clear();
    return false;
  }

  // Up to a comma or what goes on with the question.
  bool name() {
    const std::size_t was = at_;
    while (take_if(is_article)) {
    }
    if (at_ < all_.size() && is_nameless(all_[at_].lower) && (at_ + 1 == all_.size() || ends_name(at_))) {
      ++at_;
      return true;
    }
    (void)take({"document", "file", "dokument", "datei"});
    const std::size_t from = at_;
    while (at_ < all_.size()) {
      ++at_;
      if (ends_name(at_ - 1)) break;
    }
    out_.document.clear();
    for (std::size_t i = from; i < at_; ++i) {
      out_.document += (out_.document.empty() ? "" : " ") + std::string(all_[i].bare);
    }
    if (!out_.document.empty() && out_.document.size() <= kMostName) return true;
    out_.document.clear();
    at_ = was;
    return false;
  }

  // Whether a name that holds this word ends with it.
  bool ends_name(std::size_t i) {
    if (closes(all_[i]) || i + 1 >= all_.size()) return true;
    const std::string_view after = all_[i + 1].lower;
    return is_about(after) || says(after) || one_of(after, {"please", "bitte", "vor", "an"}) || is_place(i + 1) ||
           (is_in(after) && is_place(i + 2));
  }

  bool about_or_end() {
    if (ended()) return true;
    if (!take_if(is_about) && !take({"zu", "zum", "zur"})) return false;
    out_.about = text(at_, all_.size());
    return !out_.about.empty();
  }

  // ---- words ----

  bool ended() const { return at_ >= all_.size(); }
  bool next(std::string_view word) const { return at_ < all_.size() && all_[at_].lower == word; }
  bool here_is(Set set) const { return at_ < all_.size() && one_of(all_[at_].lower, set); }
  bool here(bool (*is)(std::string_view)) const { return at_ < all_.size() && is(all_[at_].lower); }
  bool take(Set set) {
    const bool is = here_is(set);
    at_ += is ? 1 : 0;
    return is;
  }
  bool take_if(bool (*is)(std::string_view)) {
    const bool found = here(is);
    at_ += found ? 1 : 0;
    return found;
  }

  std::string text(std::size_t first, std::size_t end) const {
    if (first >= end) return {};
    const std::string_view last = all_[end - 1].raw;
    return {all_[first].raw.data(), last.data() + last.size()};
  }

  std::vector<Word> all_;
  std::size_t at_ = 0;
  AskedPlace out_;
};

}  // namespace

std::optional<AskedPlace> asked_place(std::string_view question) {
  if (!is_utf8(question)) return std::nullopt;
  return Reader(question).read();
}

}  // namespace docmind::agents
