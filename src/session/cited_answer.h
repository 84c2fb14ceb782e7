// An answer as a page shows it: its sentences with the numbers of their sources, and below them the sources. One number
// for each distinct place, from 1, in the order they first appear, as the web interface numbers them. Of an answer of
// one document each (parts.h) the documents' names stand among the sentences. Pure function.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::session {

struct CitedSentence {
  // A document's name stands above what it says, where each was asked by itself, and a note in place of that.
  enum class Kind : std::uint8_t { kSentence, kDocument, kNote };

  std::string text{};
  std::vector<std::size_t> sources{};  // Numbers.
  bool unsupported = false;            // No passage says this.
  Kind kind = Kind::kSentence;
};

// Into the answer it was made of, as CitedAnswer.
struct Source {
  std::string place;  // "policy.pdf, page 14", or with a heading, or alone.
  std::string_view quote;
};

struct CitedAnswer {
  std::string lead{};  // What is said before the sentences, or instead of them; may be empty.
  std::vector<CitedSentence> sentences{};
  std::string_view partial{};     // Why it is not the whole answer; may be empty.
  std::vector<Source> sources{};  // Source n is the n-th.
};

CitedAnswer cited(const boost::json::value& answer);

}  // namespace docmind::session
