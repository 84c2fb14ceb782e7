#include <algorithm>
#include <array>

#include "cache/guard/impl/token.h"
#include "cache/guard/impl/word_set.h"
#include "cache/guard/impl/words.h"

namespace docmind::cache {
namespace {

struct Phrase {
  std::string_view from;  // Words in lower case, one blank between.
  std::string_view to;
  constexpr std::string_view first() const { return from.substr(0, from.find(' ')); }
};

// Each line is one meaning and nothing else: short forms that stand for two things (auth, temp, min) are not here.
constexpr auto kPhrases = [] {
  auto phrases = std::to_array<Phrase>({
      {"2fa", "2fa"},
      {"two factor authentication", "2fa"},
      {"api", "api"},
      {"application programming interface", "api"},
      {"application programming interfaces", "api"},
      {"uniform resource locator", "url"},
      {"portable document format", "pdf"},
      {"random access memory", "ram"},
      {"operating system", "os"},
      {"operating systems", "os"},
      {"central processing unit", "cpu"},
      {"graphics processing unit", "gpu"},
      {"graphical user interface", "gui"},
      {"command line interface", "cli"},
      {"integrated development environment", "ide"},
      {"virtual machine", "vm"},
      {"virtual machines", "vm"},
      {"virtual private network", "vpn"},
      {"domain name system", "dns"},
      {"secure shell", "ssh"},
      {"hypertext transfer protocol", "http"},
      {"hypertext markup language", "html"},
      {"cascading style sheets", "css"},
      {"structured query language", "sql"},
      {"frequently asked questions", "faq"},
      {"internet protocol", "ip"},
      {"world wide web", "www"},
      {"local area network", "lan"},
      {"large language model", "llm"},
      {"large language models", "llm"},
      {"artificial intelligence", "ai"},
      {"united states of america", "usa"},
      {"united states", "usa"},
      {"us", "us"},
      {"united kingdom", "uk"},
      {"european union", "eu"},
      {"regular expression", "regex"},
      {"regular expressions", "regex"},
      {"regexes", "regex"},
      {"regexp", "regex"},
      {"regexps", "regex"},
      {"config", "configuration"},
      {"configs", "configurations"},
      {"repo", "repository"},
      {"repos", "repositories"},
      {"docs", "documentation"},
      {"db", "database"},
      {"dbs", "databases"},
      {"dir", "directory"},
      {"dirs", "directories"},
      {"app", "application"},
      {"apps", "applications"},
      {"info", "information"},
      {"max", "maximum"},
      {"env", "environment"},
      {"param", "parameter"},
      {"params", "parameters"},
      {"arg", "argument"},
      {"args", "arguments"},
      {"admin", "administrator"},
      {"admins", "administrators"},
      {"msg", "message"},
      {"pkg", "package"},
      {"approx", "approximately"},
      {"e mail", "email"},
      {"e mails", "emails"},
      {"wi fi", "wifi"},
      {"turn on", "enable"},
      {"turns on", "enables"},
      {"turned on", "enabled"},
      {"turning on", "enabling"},
      {"switch on", "enable"},
      {"switched on", "enabled"},
      {"switching on", "enabling"},
      {"activate", "enable"},
      {"activates", "enables"},
      {"activated", "enabled"},
      {"activating", "enabling"},
      {"turn off", "disable"},
      {"turns off", "disables"},
      {"turned off", "disabled"},
      {"turning off", "disabling"},
      {"switch off", "disable"},
      {"switched off", "disabled"},
      {"switching off", "disabling"},
      {"deactivate", "disable"},
      {"deactivates", "disables"},
      {"deactivated", "disabled"},
      {"deactivating", "disabling"},
      {"set up", "setup"},
      {"shut down", "shutdown"},
      {"back up", "backup"},
      {"start up", "startup"},
      {"get rid of", "remove"},
      {"in order to", "to"},
      {"per cent", "percent"},
  });
  std::ranges::sort(phrases, {}, [](const Phrase& phrase) { return phrase.first(); });
  return phrases;
}();

constexpr WordShapes kFirstWords = [] {
  WordShapes shapes;
  for (const Phrase& phrase : kPhrases) shapes.add(phrase.first());
  return shapes;
}();

bool is_word(const Token& token, std::string_view word) {
  if (!token.fixed) return token.text == word;
  return token.kind == ItemKind::kName && token.text.size() == word.size() && folded(token.text) == word;  // "2FA"
}

// How many tokens from `at` on the phrase takes; 0 when it is not there.
std::size_t length_at(const Tokens& tokens, std::size_t at, std::string_view phrase) {
  std::size_t n = 0;
  while (!phrase.empty()) {
    const std::size_t blank = std::min(phrase.find(' '), phrase.size());
    if (at + n >= tokens.size() || !is_word(tokens[at + n], phrase.substr(0, blank))) return 0;
    if (n > 0 && (tokens[at + n - 1].comma || tokens[at + n - 1].stop)) return 0;
    ++n;
    phrase.remove_prefix(std::min(blank + 1, phrase.size()));
  }
  return n;
}

}  // namespace

void join_phrases(Tokens& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].fixed && !kFirstWords.may_have(tokens[i].text)) continue;
    const std::string first = tokens[i].fixed ? folded(tokens[i].text) : tokens[i].text;
    std::size_t longest = 0;
    std::string_view meant;
    for (auto phrase = std::ranges::lower_bound(kPhrases, std::string_view(first), {}, &Phrase::first);
         phrase != kPhrases.end() && phrase->first() == first; ++phrase) {
      const std::size_t length = length_at(tokens, i, phrase->from);
      if (length <= longest) continue;
      longest = length;
      meant = phrase->to;
    }
    const bool counted = i > 0 && tokens[i - 1].kind == ItemKind::kNumber;  // "5 dB"
    if (longest == 0 ||
        (counted && longest == 1 && !unit_of(tokens[i].fixed ? tokens[i].text : tokens[i].typed, first).empty()))
      continue;
    if (meant == "us") {  // The pronoun is no token of this kind: see tokens.cc.
      if (!tokens[i].fixed) continue;
      meant = "usa";
    }
    Token joined = word_token(std::string(meant));
    joined.licence = Licence::kInflected;
    joined.comma = tokens[i + longest - 1].comma;
    joined.stop = tokens[i + longest - 1].stop;
    tokens[i] = std::move(joined);
    const auto behind = tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    tokens.erase(behind, behind + static_cast<std::ptrdiff_t>(longest) - 1);
  }
}

}  // namespace docmind::cache
