#include "agents/impl/unknown_name.h"

#include <algorithm>
#include <array>
#include <span>

#include "agents/impl/ordinary_words.h"
#include "agents/impl/word_table.h"

namespace docmind::agents {
namespace {

// Abbreviations that are not the initials of what they stand for, or stand for it in two languages.
constexpr auto kShort = word_table({{"ram", "memory Arbeitsspeicher Speicher"},
                                    {"cpu", "processor Prozessor"},
                                    {"cpus", "processors Prozessoren"},
                                    {"os", "system Betriebssystem"},
                                    {"pc", "computer Rechner"},
                                    {"pcs", "computers Rechner"},
                                    {"tv", "television Fernsehen"},
                                    {"us", "United States America USA"},
                                    {"usa", "United States America"},
                                    {"uk", "United Kingdom Britain"},
                                    {"eu", "European Union"},
                                    {"un", "United Nations"},
                                    {"gui", "graphical interface grafisch"},
                                    {"ui", "interface"},
                                    {"ssd", "disk drive"},
                                    {"hdd", "disk drive"},
                                    {"db", "database Datenbank"},
                                    {"url", "address link"},
                                    {"id", "identifier number"},
                                    {"ids", "identifiers numbers"},
                                    {"ai", "intelligence"},
                                    {"ki", "Intelligenz"},
                                    {"it", "computer"}});

class UnknownName {
 public:
  UnknownName(const Statement& claim, const Cited& cited) : claim_(claim), cited_(cited) {}

  std::string missing() const {
    for (std::size_t i = 0; i < claim_.lexemes.size(); ++i) {
      const Lexeme& lexeme = claim_.lexemes[i];
      if (is_name(lexeme) && !known(lexeme) && !is_place(i)) return lexeme.text;
    }
    return {};
  }

  // A word in the place of a name: all around it is as in a passage's sentence.
  std::string substituted() const {
    if (!cited_.english) return {};
    const std::vector<Lexeme>& words = claim_.lexemes;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i].kind != LexemeKind::kWord) continue;
      if (holds(cited_.all, words[i]) && !follows_a_head(i)) continue;
      if (varies_a_compound(words[i].key) || names_an_unknown_thing(i)) return words[i].text;
      for (const Statement& statement : cited_.statements) {
        if (in_place_of_a_name(i, statement.lexemes)) return words[i].text;
      }
    }
    return {};
  }

 private:
  static bool is_name(const Lexeme& lexeme) { return lexeme.kind == LexemeKind::kName; }

  bool known(const Lexeme& lexeme) const {
    if (holds(cited_.all, lexeme) || holds(cited_.documents, lexeme)) return true;
    const std::string& key = lexeme.key;
    if (lexeme.identifier && key.find('-') != std::string::npos) return parts_known(key);
    return is_initials(key) || is_short_for(key) || (!lexeme.identifier && holds_half(cited_.all, lexeme));
  }

  // "RAM" of "memory".
  bool is_short_for(std::string_view key) const {
    const std::string_view meant = look_up(kShort, key);
    return !meant.empty() && std::ranges::any_of(lexemes(meant), [&](const Lexeme& one) {
      return is_content(one) && holds(cited_.all, one);
    });
  }

  // "Section 3"
  bool is_place(std::size_t i) const {
    constexpr std::array<std::string_view, 8> kPlaces = {"chapter", "section", "appendix",  "tabl",
                                                         "figur",   "kapitel", "abschnitt", "part"};
    return i + 1 < claim_.lexemes.size() && claim_.lexemes[i + 1].kind == LexemeKind::kNumber &&
           std::ranges::count(kPlaces, std::string_view(claim_.lexemes[i].key)) > 0;
  }

  // "Linux-based" of "based on Linux".
  bool parts_known(std::string_view key) const {
    while (!key.empty()) {
      const std::size_t end = std::min(key.find('-'), key.size());
      for (const Lexeme& part : lexemes(key.substr(0, end))) {
        if (part.kind != LexemeKind::kFunction && !holds(cited_.all, part)) return false;
      }
      key.remove_prefix(std::min(end + 1, key.size()));
    }
    return true;
  }

  // "SPI" of "Software in the Public Interest".
  bool is_initials(std::string_view key) const {
    if (key.size() < 2 || key.size() > 6) return false;
    for (const Statement& statement : cited_.statements) {
      std::string initials;
      for (const Lexeme& lexeme : statement.lexemes) {
        if (is_content(lexeme)) initials += static_cast<char>(lexeme.text[0] | 0x20);
      }
      if (initials.find(key) != std::string::npos) return true;
    }
    return false;
  }

  // "debian-archive-keyring" where the passage has "debian-keyring".
  bool varies_a_compound(std::string_view key) const {
    bool shared = false;
    bool unknown = false;
    if (key.find('-') == std::string_view::npos) return false;
    while (!key.empty()) {
      const std::size_t end = std::min(key.find('-'), key.size());
      const std::string part(key.substr(0, end));
      key.remove_prefix(std::min(end + 1, key.size()));
      for (const Lexeme& lexeme : lexemes(part))
        unknown = unknown || (is_content(lexeme) && !holds(cited_.all, lexeme));
      shared = shared || std::ranges::any_of(cited_.all, [&](const Lexeme& other) {
                 return other.key.find('-') != std::string::npos &&
                        ("-" + other.key + "-").find("-" + part + "-") != std::string::npos;
               });
    }
    return shared && unknown;
  }

  bool in_place_of_a_name(std::size_t i, const std::vector<Lexeme>& other) const {
    const std::vector<Lexeme>& words = claim_.lexemes;
    for (std::size_t j = 0; j < other.size(); ++j) {
      const Lexeme& there = other[j];
      if (!is_content(there) || holds(words, there)) continue;
      const bool ordinary = is_ordinary_word(words[i].key);
      const bool slot = in_a_name_slot(i);
      const bool named = is_name(there) || !is_ordinary_word(there.key);
      const bool name = named ? !ordinary || slot || there.identifier : !ordinary && (slot || follows_a_preposition(i));
      const auto alike = [&](int step) {
        const auto a = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(i) + step);
        const auto b = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(j) + step);
        return a < words.size() && b < other.size() && same(words[a], other[b]);
      };
      const bool left = i > 0 && alike(-1);
      const bool right = alike(1);
      const bool ends = i + 1 == words.size() && left && alike(-2);
      const bool starts = i == 0 && right && alike(2);
      if (name && ((left && right) || ends || starts)) return true;
    }
    return false;
  }

  // "the sed package", "the package base-files"
  bool names_an_unknown_thing(std::size_t i) const {
    constexpr std::array<std::string_view, 14> kHeads = {"packag", "command", "tool",   "util",    "program",
                                                         "option", "group",   "field",  "variabl", "script",
                                                         "daemon", "librari", "editor", "system"};
    const std::vector<Lexeme>& words = claim_.lexemes;
    const auto head = [&](std::size_t at) {
      return at < words.size() && std::ranges::count(kHeads, std::string_view(words[at].key)) > 0;
    };
    const bool inflected = words[i].key.size() != words[i].text.size();
    if (holds(cited_.all, words[i]) || inflected || words[i].capital) return false;
    const bool compound = words[i].key.find('-') != std::string::npos;
    return (!is_ordinary_word(words[i].key) && head(i + 1)) ||
           (i > 0 && head(i - 1) && (compound || !is_ordinary_word(words[i].key)));
  }

  bool follows_a_preposition(std::size_t i) const {
    constexpr std::array<std::string_view, 10> kWords = {"in",   "of",  "to", "from", "by",
                                                         "with", "for", "on", "into", "through"};
    return i > 0 && std::ranges::count(kWords, std::string_view(claim_.lexemes[i - 1].key)) > 0;
  }

  // "the group users": its name, even if the passage speaks of users, too.
  bool follows_a_head(std::size_t i) const {
    constexpr std::array<std::string_view, 5> kHeads = {"group", "user", "command", "call", "codenam"};
    return i > 0 && std::ranges::count(kHeads, std::string_view(claim_.lexemes[i - 1].key)) > 0;
  }

  // "the audio group", "is called rex": here an ordinary word may be a name.
  bool in_a_name_slot(std::size_t i) const {
    constexpr std::array<std::string_view, 30> kHeads = {
        "packag",   "command", "tool",   "program",     "group",  "user",   "option",   "field",
        "function", "variabl", "file",   "directori",   "system", "server", "list",     "kernel",
        "librari",  "languag", "releas", "distribut",   "script", "daemon", "protocol", "format",
        "codenam",  "name",    "call",   "microkernel", "is",     "current"};
    const std::vector<Lexeme>& words = claim_.lexemes;
    const auto head = [&](std::size_t at) {
      return at < words.size() && std::ranges::count(kHeads, std::string_view(words[at].key)) > 0;
    };
    return head(i + 1) || (i > 0 && head(i - 1));
  }

  const Statement& claim_;
  const Cited& cited_;
};

}  // namespace

std::string unknown_name(const Statement& claim, const Cited& cited) {
  const UnknownName names(claim, cited);
  std::string missing = names.missing();
  return missing.empty() ? names.substituted() : missing;
}

}  // namespace docmind::agents
