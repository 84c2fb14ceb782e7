#include "speed/figure.h"

#include <algorithm>
#include <array>

namespace docmind::speed {
namespace {

constexpr std::array kFigures = {
    Figure{"decode.speed", "decode", "Written by the chat model", "tokens/s", Better::kMore},
    Figure{"prefill.speed", "prefill", "Read by the chat model, 2,000 tokens", "tokens/s", Better::kMore},
    Figure{"context.trim", "context", "A conversation made to fit 131,072 tokens", "ms", Better::kLess},
    Figure{"context.decode_4k", "context", "Written after 4,096 tokens", "tokens/s", Better::kMore},
    Figure{"context.decode_32k", "context", "Written after 32,768 tokens", "tokens/s", Better::kMore},
    Figure{"context.decode_120k", "context", "Written after 120,000 tokens", "tokens/s", Better::kMore},
    Figure{"search.time", "search", "A search", "ms", Better::kLess},
    Figure{"rerank.pairs", "rerank", "Passages held against a question", "pairs/s", Better::kMore},
    Figure{"embed.texts", "embed", "Texts of 200 tokens embedded", "texts/s", Better::kMore},
    Figure{"cache.exact", "cache", "A kept answer, the same question", "ms", Better::kLess},
    Figure{"cache.reworded", "cache", "A kept answer, asked in other words", "ms", Better::kLess},
    Figure{"agents.answer", "agents", "An answer without a chat model", "ms", Better::kLess},
    Figure{"db.commit", "db", "A row written and synced", "ms", Better::kLess},
    Figure{"db.read", "db", "A row read", "us", Better::kLess},
};

constexpr std::array<std::string_view, 9> kParts = {"decode", "prefill", "context", "search", "rerank",
                                                    "embed",  "cache",   "agents",  "db"};

}  // namespace

std::span<const Figure> figures() { return kFigures; }

std::span<const std::string_view> parts() { return kParts; }

const Figure* figure(std::string_view id) {
  const auto at = std::ranges::find(kFigures, id, &Figure::id);
  return at == kFigures.end() ? nullptr : &*at;
}

}  // namespace docmind::speed
