// A question that leans on the ones before it ("When was it published?", "And the barge?", "Why?") made to stand on its
// own, by rules: only when it points back, so that no other question is ever changed.
//
// A question points back when it holds a pronoun that nothing in the question itself explains, asks for the same of
// something else ("what about ...", "and in Germany?"), or says too little to be searched for ("why?", "the second
// one"). English well, German and Chinese a start. What is written keeps every content word of the question; it takes
// the subject from the newest earlier question (after "he" and "she" from the newest answer, too).
//
// Pure functions; hostile input. A question of more than 2 KiB stands alone.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace docmind::agents {

struct EarlierTurn {
  std::string query;   // As it was searched, so that a chain of follow-ups keeps its subject.
  std::string answer;  // Paragraphs are what "the second one" counts.
};

struct FollowUp {
  std::string query;    // To be searched; the question as it was typed when it stands alone.
  std::string because;  // The words that point back, as they were typed; empty: it stands alone.
};

// `earlier` from the oldest to the newest.
FollowUp follow_up(std::string_view question, std::span<const EarlierTurn> earlier);

}  // namespace docmind::agents
