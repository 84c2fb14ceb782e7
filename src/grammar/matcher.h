// Where a text stands in a Grammar: which bytes may come next, and whether it may end here.
//
// A value: copying costs a few hundred bytes, so speculation copies, tries and drops. One thread per object. Every
// state it reaches can be finished within the grammar's stack limit: there are no dead ends. Offsets count from the
// last start.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "grammar/grammar.h"
#include "grammar/impl/heads.h"

namespace docmind::grammar {

class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const Grammar> grammar);  // At the start of the text.

  // Whether all of `bytes` may come next; any cut of the text will do, inside a character too.
  bool accepts(std::string_view bytes) const;
  // The same, and goes there. False leaves the matcher as it was.
  bool advance(std::string_view bytes);

  bool may_end() const { return heads_.ended(); }                       // The text so far is complete.
  bool finished() const { return may_end() && heads_.list().empty(); }  // And nothing may follow.

  // The longest run of bytes that is the only continuation, at most `limit`; empty when there is a choice, one of them
  // being to end. To be appended without sampling.
  std::string forced(std::size_t limit = 4096) const;

  const std::shared_ptr<const Grammar>& grammar() const { return grammar_; }
  const Heads& heads() const { return heads_; }  // For the masks (tokens.h).

 private:
  std::shared_ptr<const Grammar> grammar_;
  Heads heads_;
};

}  // namespace docmind::grammar
