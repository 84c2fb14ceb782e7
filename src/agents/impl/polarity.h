// How often a clause says "not", for English, German and Chinese.
//
// `negations`: not, never, no, forbidden, nicht, kein, 不...; "Not always" and "not only" deny nothing. `exceptions`:
// unless, without, except, other than, ohne, 除非...: they turn a statement, too, but only together with another.
// `necessity`: only, before, must, needed: what an exception may be said as ("not without asking" and "only after
// asking"). Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace docmind::agents {

struct Polarity {
  std::uint32_t negations = 0;
  std::uint32_t exceptions = 0;
  std::uint32_t past = 0;  // "in the past": what was so is no more.
  bool necessity = false;
  bool open = false;              // "whereas", "unlike": it cannot be told.
  std::vector<std::size_t> at{};  // Bytes of the clause where negations stand that are words.
};

Polarity polarity_of(std::string_view clause);

// Whether two statements about the same say the same: an even and an odd number of negations do not, unless an
// exception of one is the necessity of the other.
bool agree(Polarity claim, Polarity evidence);

}  // namespace docmind::agents
