// An embedder for tests: a text's vector is the normalised sum of pseudo-random directions, one per word, so texts that
// share words are near and equal texts are equal. A span's vector is that of its own words with a little of the whole
// text, as in late pooling. Remembers what it computed, and can be told to fail.
//
// Thread safety: as Embedder; the public knobs are set before use.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "llm/embedder.h"

namespace docmind::llm {

class FakeEmbedder final : public Embedder {
 public:
  explicit FakeEmbedder(std::uint32_t dimensions = 32) { info_ = {"fake", "fa4e", dimensions, 512}; }

  EmbedderInfo& settings() { return info_; }

  // From the call after `calls` more on, every call fails with `error`, until told otherwise.
  void fail_after(std::uint64_t calls, Error error) {
    const std::lock_guard lock(mutex_);
    fail_at_ = calls_ + calls;
    error_ = std::move(error);
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    error_.reset();
  }

  std::uint64_t calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::vector<std::string> texts() const {  // Every text computed so far, in order.
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  void forget_texts() {
    const std::lock_guard lock(mutex_);
    texts_.clear();
  }

  Result<EmbedderInfo> info(Deadline deadline, std::stop_token stop) override {
    if (stop.stop_requested()) return Error{Code::kCancelled, "cancelled"};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "out of time"};
    return info_;
  }

  Result<std::vector<Embedding>> embed(std::span<const EmbedInput> inputs, Deadline deadline,
                                       std::stop_token stop) override {
    if (stop.stop_requested()) return Error{Code::kCancelled, "cancelled"};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "out of time"};
    const std::lock_guard lock(mutex_);
    if (error_ && calls_ >= fail_at_) return *error_;
    ++calls_;
    std::vector<Embedding> out;
    for (const EmbedInput& input : inputs) {
      texts_.push_back(input.text);
      out.push_back(embed_one(input));
    }
    return out;
  }

 private:
  static bool of_word(char c) {
    return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
  }

  // Adds the words of `text` to `sum`; how many there were.
  static std::uint32_t add_words(std::string_view text, std::vector<float>& sum) {
    std::uint32_t words = 0;
    for (std::size_t i = 0; i < text.size();) {
      if (!of_word(text[i])) {
        ++i;
        continue;
      }
      std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
      for (; i < text.size() && of_word(text[i]); ++i) {
        const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
      }
      for (float& value : sum) {
        hash = hash * 6364136223846793005U + 1442695040888963407U;
        value += static_cast<float>(static_cast<std::int32_t>(hash >> 32U)) / 2147483648.0F;
      }
      ++words;
    }
    return words;
  }

  static void normalise(std::vector<float>& vector) {
    float square = 0;
    for (const float value : vector) square += value * value;
    if (square == 0) return;
    for (float& value : vector) value /= std::sqrt(square);
  }

  Embedding embed_one(const EmbedInput& input) const {
    Embedding out;
    out.vector.assign(info_.dimensions, 0.0F);
    out.tokens = add_words(input.text, out.vector);
    normalise(out.vector);
    for (const doc::Span& span : input.spans) {
      std::vector<float> own(info_.dimensions, 0.0F);
      if (add_words(std::string_view(input.text).substr(span.start, span.size()), own) > 0) {
        normalise(own);
        for (std::size_t i = 0; i < own.size(); ++i) own[i] += 0.1F * out.vector[i];
        normalise(own);
      }
      out.spans.push_back(std::move(own));
    }
    return out;
  }

  EmbedderInfo info_;
  mutable std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_at_ = 0;
  std::optional<Error> error_;
  std::vector<std::string> texts_;
};

}  // namespace docmind::llm
