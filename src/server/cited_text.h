// An answer as running text, for programs that were written for a chat model: its sentences one after the other, each
// with what it cites. From an answer as to_json wrote it.
//
// Pure functions. Only what was checked is in it: a sentence that no document bears out is left out, general knowledge
// stands behind words that say so.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::server {

struct Sentence {
  std::string text{};
  std::vector<boost::json::object> citations{};
};

// At least one: an abstention says so and names the nearest passages, a part says why it is no more.
std::vector<Sentence> sentences_of(const boost::json::value& answer);

// Where "[1]" stands in a text, in code points.
struct Mark {
  std::size_t start = 0;
  std::size_t end = 0;
  boost::json::object citation{};
};

struct MarkedText {
  std::vector<std::string> pieces{};  // One a sentence; joined they are the text.
  std::vector<Mark> marks{};          // Numbered from 1, in order.

  std::string whole() const;
};
MarkedText marked(const std::vector<Sentence>& sentences);

// The text without " [1]" and the like: what was answered earlier, sent back by a client.
std::string unmarked(std::string_view text);

// Where a person reads the cited words: our own page. `site`: "http://127.0.0.1:8080", or nothing.
std::string link_to(const boost::json::object& citation, std::string_view site);
// "policy.pdf, page 12"
std::string place_name(const boost::json::object& citation);
std::string document_name(const boost::json::object& citation);  // "policy.pdf"

// What no chat model's API has a field for: {"status","mode","query_used","trace_id","partial_reason","fallbacks",
// "analysis","parts","citations":[those of the sentences, with "number" and "url"],"nearest"}.
boost::json::object own_words(const boost::json::value& answer, std::string_view site);

}  // namespace docmind::server
