// What the room's tests share: grammars from schema text, texts tried byte by byte, random texts drawn from a grammar.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/rng.h"
#include "grammar/grammar.h"
#include "grammar/matcher.h"
#include "grammar/tokens.h"

namespace docmind::grammar::testing {

inline std::shared_ptr<const Grammar> made(std::string_view schema, Spacing spacing = Spacing::kNone) {
  const auto value = parse_json(schema);
  EXPECT_TRUE(value) << schema;
  const auto grammar = Grammar::of_schema(*value, {.spacing = spacing});
  EXPECT_TRUE(grammar) << schema << ": " << grammar.error().message;
  return *grammar;
}

inline bool writes(const std::shared_ptr<const Grammar>& grammar, std::string_view text) {
  Matcher matcher(grammar);
  for (const char byte : text) {
    if (!matcher.advance({&byte, 1})) return false;
  }
  return matcher.may_end();
}

// Bytes alone, and pieces that a trained vocabulary has: brackets with quotes, digits, words, parts of characters.
inline std::vector<std::string> small_vocabulary() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  for (const char* piece :
       {"{\"",   "\":",    "\",",   "\",\"",  "\"}",     "}}",     "],",    "[{",     "[[",       "null",
        "true",  "false",  "12",    "-1",     "0.5",     "1e",     "00",    "ab",     "the",      " the",
        "a\"",   "b\":",   "\\n",   "\\\"",   "\\u00",   "\\ud8",  "00\\u", "中",     "\xe4\xb8", "\xad\xe6",
        "文\"",  "é",      "\",\n", ": ",     ", \"",    ", ",     "<tool", "_call>", "</",       "\n",
        "\":\"", "\":[",   "\":{",  "\":{\"", "{\"a\":", "{\"b\"", "-0",    "\"\"",   "abcdefgh", "Z\"",
        "2024-", "-02-30", "T12:",  "[]",     "{}",      "nul",    "l,",    "}\n</",  "a",        "}],"}) {
    tokens.emplace_back(piece);
  }
  tokens.emplace_back();  // Special: no bytes.
  tokens.emplace_back();  // The end.
  return tokens;
}
inline Token end_token() { return static_cast<Token>(small_vocabulary().size() - 1); }

inline std::shared_ptr<const TokenTrie> small_trie() {
  const std::vector<Token> ends = {end_token()};
  return *TokenTrie::build(small_vocabulary(), ends);
}

// A random text of the grammar by its masks; empty when it did not end within `most` tokens. Ends are preferred later
// on.
inline std::string drawn(const std::shared_ptr<const Grammar>& grammar, Masker& masker, Rng& rng,
                         std::size_t most = 400) {
  Matcher matcher(grammar);
  TokenMask mask(masker.trie().size());
  std::string text;
  for (std::size_t i = 0; i < most; ++i) {
    masker.allowed(matcher, mask);
    std::vector<Token> tokens;
    for (Token t = 0; t < static_cast<Token>(mask.size()); ++t) {
      if (mask.test(t)) tokens.push_back(t);
    }
    EXPECT_FALSE(tokens.empty()) << "a dead end after " << text;
    if (tokens.empty()) return "";
    const Token token = tokens[rng.next() % tokens.size()];
    if (masker.trie().is_end(token) || (i > 20 && matcher.may_end())) return text;
    // Strings and arrays that never close tell little: from some point on what closes is taken where it can be.
    std::string piece(masker.trie().bytes(token));
    if (i > 30) {
      for (const char* close : {"\"", "]", "}"}) {
        if (matcher.accepts(close) && rng.next() % 3 == 0) piece = close;
      }
    }
    EXPECT_TRUE(matcher.advance(piece)) << "allowed, then refused: " << piece << " after " << text;
    text += piece;
  }
  return "";
}

}  // namespace docmind::grammar::testing
