#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/json.h"
#include "driver.h"
#include "grammar/tokens.h"

namespace docmind::fuzz {
namespace {

std::shared_ptr<const grammar::TokenTrie> trie() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  for (const char* piece : {"{\"", "\":", "\",\"", "\"}", "]]", "12", "\\u", "a\"", "中", "\xe4\xb8"})
    tokens.emplace_back(piece);
  return *grammar::TokenTrie::build(tokens, {});
}

}  // namespace

// What is compiled has no dead ends, its masks are what its bytes say, and what is written whole is valid but for what
// docs/formats/schema.md leaves to the check.
void fuzz_schema(std::string_view bytes) {
  const std::size_t line = std::min(bytes.find('\n'), bytes.size());
  const auto schema = parse_json(bytes.substr(0, line));
  if (!schema) return;
  grammar::Options options{.spacing = grammar::Spacing::kNone};
  options.limits.states = 30'000;
  options.limits.steps = 50'000;
  options.limits.stack = 16;
  const auto compiled = grammar::Grammar::of_schema(*schema, options);
  if (!compiled) {
    DM_CHECK(!compiled.error().message.empty());
    return;
  }
  const std::string_view text = bytes.substr(std::min(line + 1, bytes.size()));
  grammar::Masker masker(trie());
  grammar::TokenMask mask(masker.trie().size());
  grammar::Matcher matcher(*compiled);
  for (const char byte : text.substr(0, 300)) {
    masker.allowed(matcher, mask);
    DM_CHECK(mask.count() > 0 || matcher.finished());
    for (grammar::Token t = 0; t < static_cast<grammar::Token>(mask.size()); ++t) {
      DM_CHECK(mask.test(t) == masker.allowed(matcher, t));
    }
    const std::string forced = matcher.forced(64);
    DM_CHECK(matcher.accepts(forced));
    if (!matcher.advance({&byte, 1})) break;
  }
  (void)(*compiled)->validate(text);
}

}  // namespace docmind::fuzz
