// A runner that computes nothing and cheats at nothing: logits depend on every token that the sequence's cells hold, so
// a cell that is missing, stale or another's changes the text. It dies on any call that breaks the seam's rules.
#pragma once
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "scheduler/runner.h"

namespace docmind::scheduler::testing {

class FakeRunner final : public Runner {
 public:
  explicit FakeRunner(RunnerFacts facts) : facts_(std::move(facts)), sequences_(facts_.sequences) {}
  static RunnerFacts small() {
    RunnerFacts facts;
    facts.identity = "fake";
    facts.vocabulary = 64;
    facts.window = 4096;
    facts.cells = 4096;
    facts.sequences = 32;
    facts.step_tokens = 512;
    facts.step_outputs = 128;
    facts.cell_bytes = 16;
    facts.end_tokens = {0};
    return facts;
  }

  const RunnerFacts& facts() const override { return facts_; }

  // What comes after these tokens: greedy sampling takes it.
  static TokenId next(std::span<const TokenId> text, std::uint32_t vocabulary) {
    return static_cast<TokenId>(hash(text) % vocabulary);
  }

  Result<> step(std::span<const Span> spans, const std::atomic<bool>& interrupt) override {
    if (on_step) on_step(spans);
    if (interrupt) return Error{Code::kCancelled, "interrupted"};
    if (fallen) return Error{Code::kUnavailable, "no memory"};
    if (!fail_next.empty()) return Error{Code::kInternal, std::exchange(fail_next, {})};
    outputs_.clear();
    std::size_t tokens = 0;
    std::map<SequenceId, int> seen;
    for (const Span& span : spans) {
      DM_CHECK(!span.tokens.empty() && span.outputs <= span.tokens.size() && ++seen[span.sequence] == 1);
      auto& sequence = sequences_.at(span.sequence);
      DM_CHECK(span.position == sequence.size());
      tokens += span.tokens.size();
      for (std::size_t i = 0; i < span.tokens.size(); ++i) {
        sequence.push_back(std::make_shared<TokenId>(span.tokens[i]));
        DM_CHECK(sequence.size() <= facts_.window);
        if (i + span.outputs >= span.tokens.size()) add_output(sequence);
      }
    }
    computed += tokens;
    DM_CHECK(tokens <= facts_.step_tokens && outputs_.size() <= facts_.step_outputs);
    DM_CHECK(cells() <= facts_.cells);
    return {};
  }

  std::span<const float> logits(std::size_t output) const override { return outputs_.at(output); }

  void fork(SequenceId from, SequenceId to, std::uint32_t begin, std::uint32_t end) override {
    auto& source = sequences_.at(from);
    auto& target = sequences_.at(to);
    DM_CHECK(from != to && begin < end && end <= source.size());
    if (target.size() < end) target.resize(end);
    for (std::uint32_t i = begin; i < end; ++i) {
      DM_CHECK(target[i] == nullptr);
      target[i] = source[i];
    }
  }

  void drop(SequenceId sequence, std::uint32_t begin, std::uint32_t end) override {
    auto& cells = sequences_.at(sequence);
    end = std::min<std::uint32_t>(end, static_cast<std::uint32_t>(cells.size()));
    for (std::uint32_t i = begin; i < end; ++i) cells[i].reset();
    while (!cells.empty() && cells.back() == nullptr) cells.pop_back();
  }

  Result<std::string> save(SequenceId sequence) override {
    std::string out;
    for (const auto& cell : sequences_.at(sequence)) {
      out.append(reinterpret_cast<const char*>(cell.get()), sizeof(TokenId));
    }
    return out;
  }

  Result<> restore(SequenceId sequence, std::string_view bytes, std::uint32_t tokens) override {
    DM_CHECK(sequences_.at(sequence).empty());
    if (bytes.size() != tokens * sizeof(TokenId)) return Error{Code::kDataLoss, "these are not the cells"};
    for (std::uint32_t i = 0; i < tokens; ++i) {
      TokenId token{};
      std::memcpy(&token, bytes.data() + i * sizeof(TokenId), sizeof(TokenId));
      sequences_[sequence].push_back(std::make_shared<TokenId>(token));
    }
    DM_CHECK(cells() <= facts_.cells);
    return {};
  }

  // Cells that some sequence has.
  std::uint32_t cells() const {
    std::map<const TokenId*, int> own;
    for (const auto& sequence : sequences_) {
      for (const auto& cell : sequence) {
        if (cell != nullptr) ++own[cell.get()];
      }
    }
    return static_cast<std::uint32_t>(own.size());
  }

  std::function<void(std::span<const Span>)> on_step{};  // Before a step, on the scheduler's thread.
  std::string fail_next{};                               // When not empty, the next step fails so.
  std::atomic<bool> fallen = false;                      // It has no memory, for ever.
  std::atomic<std::uint64_t> computed = 0;               // Tokens, drafts and generated ones too.

 private:
  using Cell = std::shared_ptr<TokenId>;

  static std::uint64_t hash(std::span<const TokenId> text) {
    std::uint64_t h = 1;
    for (const TokenId token : text) h = (h ^ static_cast<std::uint32_t>(token)) * 0x9e3779b97f4a7c15U + (h >> 31U);
    return h >> 17U;
  }

  void add_output(const std::vector<Cell>& sequence) {
    std::vector<TokenId> text;
    for (const Cell& cell : sequence) {
      DM_CHECK(cell != nullptr);
      text.push_back(*cell);
    }
    std::vector<float> logits(facts_.vocabulary);
    std::uint64_t h = hash(text);
    for (float& logit : logits)
      logit = static_cast<float>((h = h * 6364136223846793005U + 1442695040888963407U) >> 44U) / 1e6F;
    logits[static_cast<std::size_t>(next(text, facts_.vocabulary))] = 8;
    outputs_.push_back(std::move(logits));
  }

  RunnerFacts facts_;
  std::vector<std::vector<Cell>> sequences_;
  std::vector<std::vector<float>> outputs_;
};

}  // namespace docmind::scheduler::testing
