#include <algorithm>
#include <array>

#include "cache/guard/impl/token.h"
#include "cache/guard/impl/words.h"

namespace docmind::cache {
namespace {

// Off the front when a question or a request follows.
constexpr auto kGreetings = std::to_array<std::string_view>({
    "hi there",
    "hello there",
    "hi",
    "hello",
    "hey",
    "please",
    "kindly",
    "thanks",
    "thank you",
    "excuse me",
    "sorry",
    "okay",
    "ok",
    "well",
    "just a quick question",
    "quick question",
    "good morning",
    "good afternoon",
    "good evening",
});

// Off the front when what is asked follows: "tell me what X is".
constexpr auto kLeadIns = std::to_array<std::string_view>({
    "tell me",
    "let me know",
    "show me",
    "remind me",
    "explain to me",
    "explain",
    "describe",
    "help me understand",
    "help me to understand",
    "i would like to know",
    "i would like to ask",
    "i want to know",
    "i wanted to know",
    "i wanted to ask",
    "i need to know",
    "i was wondering",
    "i am wondering",
    "i wonder",
    "i am trying to find out",
    "i am trying to understand",
    "i am curious",
    "i do not know",
    "do you know",
    "do you happen to know",
    "would you know",
    "do you have any idea",
    "any idea",
    "does anyone know",
    "does anybody know",
    "can anyone tell me",
    "can somebody tell me",
    "could anyone tell me",
    "may i ask",
    "can i ask",
    "could i ask",
    "may i ask you",
    "can i ask you",
    "would you mind telling me",
    "would you be so kind as to tell me",
    "would it be possible to know",
});

constexpr auto kClosings = std::to_array<std::string_view>({
    "thank you very much",
    "thank you in advance",
    "thanks in advance",
    "thanks a lot",
    "many thanks",
    "thank you",
    "thanks",
    "thx",
    "please",
    "pls",
    "cheers",
    "if you do not mind",
    "if you know",
    "if possible",
});

std::size_t words_in(std::string_view phrase) { return static_cast<std::size_t>(std::ranges::count(phrase, ' ')) + 1; }

bool stands_at(const Tokens& tokens, std::size_t at, std::string_view phrase) {
  if (at >= tokens.size() || tokens[at].text[0] != phrase[0]) return false;
  for (; !phrase.empty(); ++at) {
    const std::size_t blank = std::min(phrase.find(' '), phrase.size());
    if (at >= tokens.size() || tokens[at].fixed || tokens[at].text != phrase.substr(0, blank)) return false;
    phrase.remove_prefix(std::min(blank + 1, phrase.size()));
  }
  return true;
}

bool opens_question(const Tokens& tokens, std::size_t at) {
  if (at >= tokens.size() || tokens[at].fixed) return false;
  const std::string_view word = tokens[at].text;
  return is_asking(word) || word == "if" || word == "whether" ||
         (is_preposition(word) && at + 1 < tokens.size() && is_asking(tokens[at + 1].text));
}

bool opens_sentence(const Tokens& tokens, std::size_t at) {
  if (opens_question(tokens, at)) return true;
  if (at >= tokens.size() || tokens[at].fixed) return false;
  const std::string_view word = tokens[at].text;
  return is_auxiliary(word) || is_request(word) || word == "i" || word == "please" || word == "let" || word == "help" ||
         word == "quick";
}

// "Could you please" before a request, or before anything when it says please. How many tokens it takes.
std::size_t asks_somebody(const Tokens& tokens) {
  if (tokens.size() < 3 || tokens[0].fixed || !is_modal(tokens[0].text) || tokens[1].text != "you") return 0;
  std::size_t n = 2;
  bool please = false;
  while (n < tokens.size() &&
         (tokens[n].text == "please" || tokens[n].text == "kindly" || tokens[n].text == "possibly")) {
    please = true;
    ++n;
  }
  if (n >= tokens.size()) return 0;
  return please || is_request(tokens[n].text) || tokens[n].text == "help" || tokens[n].text == "let" ? n : 0;
}

std::size_t leading(const Tokens& tokens) {
  if (const std::size_t n = asks_somebody(tokens)) return n;
  for (const std::string_view greeting : kGreetings) {
    if (!stands_at(tokens, 0, greeting)) continue;
    const std::size_t n = words_in(greeting);
    const bool apart = tokens[n - 1].comma || tokens[n - 1].stop || greeting == "please" || greeting == "kindly";
    if (n < tokens.size() && (apart || opens_sentence(tokens, n))) return n;
  }
  for (const std::string_view lead_in : kLeadIns) {
    if (!stands_at(tokens, 0, lead_in)) continue;
    const std::size_t n = words_in(lead_in);
    if (opens_question(tokens, n) || (tokens[n - 1].comma && opens_sentence(tokens, n))) return n;
  }
  return 0;
}

}  // namespace

void drop_politeness(Tokens& tokens) {
  constexpr int kMostWrappings = 8;
  for (int i = 0; i < kMostWrappings; ++i) {
    const std::size_t n = leading(tokens);
    if (n == 0) break;
    tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(n));
  }
  const auto closes = [&](std::string_view closing) {
    const std::size_t n = words_in(closing);
    return tokens.size() > n && stands_at(tokens, tokens.size() - n, closing);
  };
  for (int i = 0; i < kMostWrappings; ++i) {
    const auto closing = std::ranges::find_if(kClosings, closes);
    if (closing == kClosings.end()) break;
    tokens.resize(tokens.size() - words_in(*closing));
  }
}

}  // namespace docmind::cache
