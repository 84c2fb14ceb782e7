#include "context/token_counter.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "text/normalise.h"

namespace docmind::context {
namespace {

constexpr std::uint64_t kPerCut = 8;

// Behind the last white space of the first `most` bytes, or on a character where there is none.
std::size_t piece_end(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  const std::size_t space = text.find_last_of(" \n\t", most - 1);
  if (space != std::string_view::npos && space > most / 2) return space;
  std::size_t end = most;
  while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return end;
}

}  // namespace

std::uint64_t most_tokens(std::string_view text) {
  if (text.empty()) return 0;
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80U; })) return text.size() + 1;
  std::uint64_t replaced = 0;
  const std::string whole = to_utf8(text, replaced);
  return std::max(whole.size(), text::nfc(whole).size()) + 1;
}

std::size_t TokenCounter::HashOf::operator()(const ContentHash& hash) const {
  std::size_t out = 0;
  std::memcpy(&out, hash.bytes.data(), sizeof(out));
  return out;
}

TokenCounter::TokenCounter(llm::Tokenizer& tokenizer, TokenCounterOptions options)
    : tokenizer_(tokenizer), options_(options) {
  DM_CHECK(options_.kept > 0 && options_.batch_texts > 0 && options_.batch_bytes > 0 && options_.piece_bytes > 8);
}

CounterStats TokenCounter::stats() const {
  const MutexLock lock(mutex_);
  CounterStats out = stats_;
  out.kept = kept_.size();
  return out;
}

Result<Counts> TokenCounter::count(const llm::Capabilities& model, std::span<const std::string_view> texts,
                                   Deadline deadline, std::stop_token stop) {
  Counts out{.tokens = std::vector<std::uint64_t>(texts.size()), .exact = model.counts_tokens};
  if (!model.counts_tokens) {
    std::ranges::transform(texts, out.tokens.begin(), most_tokens);
    return out;
  }
  std::vector<ContentHash> keys;
  keys.reserve(texts.size());
  for (const std::string_view text : texts) {
    keys.push_back(Hasher().field(model.hash).field(model.model).field(text).finish());
  }
  const std::vector<Missing> missing = look_up(keys, out.tokens);
  std::vector<std::uint64_t> counted(missing.size());
  DM_TRY(ask(texts, missing, counted, deadline, stop));
  keep(missing, counted);
  // The same new text twice was asked for once.
  std::map<ContentHash, std::uint64_t> fresh;
  for (std::size_t i = 0; i < missing.size(); ++i) fresh.emplace(missing[i].key, counted[i]);
  for (std::size_t i = 0; i < texts.size() && !fresh.empty(); ++i) {
    if (const auto it = fresh.find(keys[i]); it != fresh.end()) out.tokens[i] = it->second;
  }
  return out;
}

std::vector<TokenCounter::Missing> TokenCounter::look_up(std::span<const ContentHash> keys,
                                                         std::vector<std::uint64_t>& tokens) {
  std::vector<Missing> missing;
  std::map<ContentHash, std::size_t> seen;
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto it = kept_.find(keys[i]);
    if (it == kept_.end()) {
      if (seen.emplace(keys[i], i).second) missing.push_back({keys[i], i});
      continue;
    }
    tokens[i] = it->second.tokens;
    order_.splice(order_.begin(), order_, it->second.place);
    ++stats_.remembered;
  }
  return missing;
}

void TokenCounter::keep(std::span<const Missing> counted, std::span<const std::uint64_t> tokens) {
  const MutexLock lock(mutex_);
  stats_.asked += counted.size();
  for (std::size_t i = 0; i < counted.size(); ++i) {
    const auto [it, fresh] = kept_.try_emplace(counted[i].key, Kept{tokens[i]});
    if (!fresh) continue;  // Another thread was faster.
    order_.push_front(counted[i].key);
    it->second.place = order_.begin();
    if (kept_.size() > options_.kept) {
      kept_.erase(order_.back());
      order_.pop_back();
    }
  }
}

Result<> TokenCounter::ask(std::span<const std::string_view> texts, std::span<const Missing> missing,
                           std::vector<std::uint64_t>& tokens, Deadline deadline, std::stop_token stop) {
  std::vector<std::string> batch;
  std::vector<std::size_t> owner;  // Which of `missing` each text of the batch belongs to.
  std::size_t bytes = 0;
  const auto flush = [&]() -> Result<> {
    if (batch.empty()) return {};
    const auto counts = DM_TRY(tokenizer_.count(batch, deadline, stop));
    if (counts.size() != batch.size()) {
      return Error{Code::kDataLoss, "The model's server did not count every text.", "Ask again."};
    }
    for (std::size_t i = 0; i < counts.size(); ++i) tokens[owner[i]] += counts[i];
    batch.clear();
    owner.clear();
    bytes = 0;
    return {};
  };
  for (std::size_t i = 0; i < missing.size(); ++i) {
    std::string_view rest = texts[missing[i].text];
    while (!rest.empty()) {
      const std::size_t end = piece_end(rest, options_.piece_bytes);
      if (batch.size() == options_.batch_texts || bytes + end > options_.batch_bytes) DM_TRY(flush());
      batch.emplace_back(rest.substr(0, end));
      owner.push_back(i);
      bytes += end;
      rest.remove_prefix(end);
      if (!rest.empty()) tokens[i] += kPerCut;
    }
  }
  return flush();
}

}  // namespace docmind::context
