// One round of each part: what is asked of a DocMind that runs, and of SQLite on a disk.
//
// Thread safety: each function on one thread. What could not be measured is said in the samples. Rounds are told apart
// by their number, so that none finds what an earlier one left in a cache, unless that is what is measured.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "speed/run.h"
#include "validate/product.h"

namespace docmind::speed {

// With the ships' documents read: search.time, cache.*, agents.answer.
void measure_search(const validate::Product& product, std::size_t round, Samples& out);
void measure_cache(const validate::Product& product, std::size_t round, Samples& out);
void measure_agents(const validate::Product& product, std::size_t round, Samples& out);
// embed.texts, rerank.pairs by the model of that name.
void measure_embedding(const validate::Product& product, std::string_view model, std::size_t round, Samples& out);
void measure_reranking(const validate::Product& product, std::string_view model, std::size_t round, Samples& out);
// decode.speed and prefill.speed by the chat model of that name. Its tokens in a ship's document; 0 when it failed.
std::uint64_t measure_chat(const validate::Product& product, std::string_view model, std::size_t round, Samples& out);
// context.trim.
void measure_trimming(const Clock& clock, std::stop_token stop, Samples& out);
// context.decode_*: a text of about so many tokens is read once, and each round writes after it. One that the model's
// window does not hold, or that would take longer to read than `patience` at the speed of prefill.speed, is not
// measured, and why is said. `tokens_of_ship`: what measure_chat found.
void measure_long_contexts(const validate::Product& product, std::string_view model, std::uint64_t tokens_of_ship,
                           Duration patience, Samples& out);
// db.commit, db.read: a file of its own in the folder, which is there.
void measure_database(const std::filesystem::path& folder, std::size_t round, const Clock& clock,
                      const std::stop_token& stop, Samples& out);

}  // namespace docmind::speed
