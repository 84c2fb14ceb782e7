// Chance as a dependency: ids, jitter and test data draw from an Rng that was handed in, so a seed repeats a run.
#pragma once
#include <cstdint>

namespace docmind {

// Thread safety: next() from any thread in the real one (sys); SeededRng from one thread.
class Rng {
 public:
  virtual ~Rng() = default;
  virtual std::uint64_t next() = 0;  // Uniform over all 64-bit values.
};

// SplitMix64 (Steele, Lea, Flood 2014). For tests and simulation; not for secrets.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

}  // namespace docmind
