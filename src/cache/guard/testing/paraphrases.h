// Pairs of questions that ask the same, by class P1 to P9, and mixtures of several. For tests.
//
// The words of politeness and the synonyms were written down before the guards' own lists were compared with them, and
// are not those: some of them no guard knows.
#pragma once
#include <array>
#include <functional>
#include <utility>

#include "cache/guard/testing/negatives.h"
#include "text/terms.h"

namespace docmind::cache {

// How many of the words that carry meaning both have, of the longer one's.
inline double shared_words(const Pair& pair) {
  const auto words = [](const std::string& text) {
    std::set<std::string> out;
    for (const std::string& word : split(lower(bare(text)))) {
      if (!text::is_function_word(word)) out.insert(word);
    }
    return out;
  };
  const auto a = words(pair.a);
  const auto b = words(pair.b);
  std::size_t both = 0;
  for (const std::string& word : a) both += b.contains(word) ? 1 : 0;
  const std::size_t more = std::max(a.size(), b.size());
  return more == 0 ? 1 : static_cast<double>(both) / static_cast<double>(more);
}

class Paraphrases {
 public:
  explicit Paraphrases(const std::vector<std::string>& questions) {
    for (const std::string& question : questions) {
      base_ = question;
      add("P1 case, marks", marks(question));
      add("P2 politeness", politely(question));
      add("P3 contraction", contracted(question));
      add("P4 order", reordered(question));
      add("P5 synonym", exchanged<true>(question));
      add("P8 other words", exchanged<false>(question));
      add("P6 plural", plural(question));
      add("P7 slip", slip(question, 0));
      add("P9 abbreviation", abbreviated(question));
      mixed("P2+P7", question, {politely, [](const std::string& q) { return slip(q, 1); }});
      mixed("P7+P7", question,
            {[](const std::string& q) { return slip(q, 0); }, [](const std::string& q) { return slip(q, 2); }});
      mixed("P6+P7", question, {plural, [](const std::string& q) { return slip(q, 3); }});
      mixed("P5+P6", question, {exchanged<true>, plural});
      mixed("P5+P7", question, {exchanged<true>, [](const std::string& q) { return slip(q, 4); }});
      mixed("P1+P3+P7", question, {contracted, [](const std::string& q) { return slip(q, 5); }, marks});
    }
    for (const char* thing : {"IPv6", "dark mode", "the firewall", "2FA", "logging", "compression"}) {
      base_ = thing;
      for (const auto& [a, b] : {std::pair{"enable", "turn on"},
                                 {"enable", "switch on"},
                                 {"enable", "activate"},
                                 {"disable", "turn off"},
                                 {"disable", "deactivate"},
                                 {"set up", "configure"},
                                 {"remove", "get rid of"}}) {
        add_pair("P8 other words", std::string("How do I ") + a + " " + thing + "?",
                 std::string("How do I ") + b + " " + thing + "?");
      }
    }
  }
  const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  using Change = std::function<std::string(const std::string&)>;

  void add_pair(std::string_view kind, std::string a, std::string b) {
    if (a != b && !b.empty()) pairs_.push_back({std::string(kind), std::move(a), std::move(b), base_});
  }
  void add(std::string_view kind, const std::string& changed) { add_pair(kind, base_, changed); }

  void mixed(std::string_view kind, const std::string& question, const std::vector<Change>& changes) {
    std::string text = question;
    for (const Change& change : changes) {
      text = change(text);
      if (text.empty()) return;
    }
    add(kind, text);
  }

  static std::string marks(const std::string& question) {
    switch (chance(question, 11) % 4) {
      case 0:
        return lower(question);
      case 1:
        return bare(question);
      case 2:
        return "  " + bare(question) + " ?!";
      default:
        return lower(bare(question)) + "...";
    }
  }

  static std::string politely(const std::string& question) {
    static const std::vector<std::string> kBefore = {"Please tell me: ",
                                                     "Could you tell me ",
                                                     "Hello, ",
                                                     "Hi! ",
                                                     "I would like to know: ",
                                                     "Quick question: ",
                                                     "Do you know ",
                                                     "Can you please explain ",
                                                     "I'm wondering, ",
                                                     "Excuse me, ",
                                                     "Would you mind telling me ",
                                                     "Just curious, ",
                                                     "Sorry to bother you, but ",
                                                     "I was wondering "};
    static const std::vector<std::string> kBehind = {
        "", "", " Thanks!", " Thank you in advance.", " Please.", " Cheers", " Much appreciated!"};
    std::string text = question;
    if (text.size() > 1 && !(text[1] >= 'A' && text[1] <= 'Z')) text[0] = static_cast<char>(std::tolower(text[0]));
    return one_of(kBefore, question, 12) + text + one_of(kBehind, question, 13);
  }

  static std::string contracted(const std::string& question) {
    static const std::vector<std::pair<std::string, std::string>> kForms = {
        {"What is ", "What's "},       {"How is ", "How's "},
        {"Where is ", "Where's "},     {"Who is ", "Who's "},
        {" do not ", " don't "},       {" does not ", " doesn't "},
        {" is not ", " isn't "},       {" cannot ", " can't "},
        {" can not ", " can't "},      {" should not ", " shouldn't "},
        {" will not ", " won't "},     {"Why does not ", "Why doesn't "},
        {"Why do not ", "Why don't "}, {"Why can I not ", "Why can't I "},
        {"Why is not ", "Why isn't "}, {" are not ", " aren't "},
        {"I have ", "I've "},          {"I am ", "I'm "},
        {"it is ", "it's "},           {"There is ", "There's "}};
    for (const auto& [whole, contraction] : kForms) {
      for (const auto& [from, to] : {std::pair(whole, contraction), std::pair(contraction, whole)}) {
        if (const std::size_t at = question.find(from); at != std::string::npos)
          return std::string(question).replace(at, from.size(), to);
      }
    }
    return {};
  }

  static std::string reordered(const std::string& question) {
    const Words words = split(bare(question));
    for (const char* how : {"How do I ", "How can I "}) {
      if (!question.starts_with(how)) continue;
      static const std::vector<std::string> kSame = {
          "How do I ", "How can I ", "How to ", "How does one ", "How could I ", "How do you ", "How can I possibly "};
      return one_of(kSame, question, 14) + question.substr(std::string_view(how).size());
    }
    for (std::size_t i = words.size(); i-- > 3;) {
      if (words[i] != "in" && words[i] != "with" && words[i] != "on" && words[i] != "for") continue;
      Words front(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      if (front.size() > 4 || front.size() < 2) return {};
      Words rest(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i));
      rest[0] = lower(rest[0]);
      front[0][0] = static_cast<char>(std::toupper(front[0][0]));
      return join(front) + ", " + join(rest) + "?";
    }
    return {};
  }

  // Written down from memory; those that WordNet has in one synset are P5, the others belong to P8.
  static const std::vector<std::pair<std::string, std::string>>& word_pairs() {
    static const std::vector<std::pair<std::string, std::string>> kPairs = {{"find", "locate"},
                                                                            {"delete", "erase"},
                                                                            {"remove", "delete"},
                                                                            {"start", "begin"},
                                                                            {"buy", "purchase"},
                                                                            {"large", "big"},
                                                                            {"error", "mistake"},
                                                                            {"quick", "fast"},
                                                                            {"choose", "select"},
                                                                            {"create", "make"},
                                                                            {"change", "alter"},
                                                                            {"modify", "change"},
                                                                            {"get", "obtain"},
                                                                            {"show", "display"},
                                                                            {"build", "construct"},
                                                                            {"help", "assist"},
                                                                            {"method", "technique"},
                                                                            {"way", "manner"},
                                                                            {"end", "finish"},
                                                                            {"allow", "permit"},
                                                                            {"answer", "reply"},
                                                                            {"convert", "transform"},
                                                                            {"often", "frequently"},
                                                                            {"usually", "normally"},
                                                                            {"stop", "halt"},
                                                                            {"fix", "repair"},
                                                                            {"run", "execute"},
                                                                            {"test", "check"},
                                                                            {"difference", "distinction"},
                                                                            {"happen", "occur"},
                                                                            {"send", "transmit"},
                                                                            {"contain", "hold"},
                                                                            {"required", "needed"},
                                                                            {"use", "employ"},
                                                                            {"mean", "signify"},
                                                                            {"keep", "retain"},
                                                                            {"need", "require"},
                                                                            {"try", "attempt"},
                                                                            {"copy", "duplicate"},
                                                                            {"entire", "whole"},
                                                                            {"big", "large"},
                                                                            {"color", "colour"},
                                                                            {"kind", "sort"},
                                                                            {"sort", "order"},
                                                                            {"length", "size"},
                                                                            {"count", "number"},
                                                                            {"read", "peruse"},
                                                                            {"print", "output"}};
    return kPairs;
  }

  static bool share_a_synset(const std::string& a, const std::string& b) {
    static const auto kSynsets = [] {
      std::set<std::string> words;
      for (const auto& [x, y] : word_pairs()) words.insert({x, y});
      return synsets_of(words);
    }();
    const auto x = kSynsets.find(a);
    const auto y = kSynsets.find(b);
    return x != kSynsets.end() && y != kSynsets.end() &&
           std::ranges::any_of(x->second, [&](const std::string& synset) { return y->second.contains(synset); });
  }

  template <bool kInWordNet>
  static std::string exchanged(const std::string& question) {
    Words words = split(bare(question));
    for (const auto& [a, b] : word_pairs()) {
      if (share_a_synset(a, b) != kInWordNet) continue;
      for (std::string& word : words) {
        if (word != a && word != b) continue;
        word = word == a ? b : a;
        return join(words) + "?";
      }
    }
    return {};
  }

  // "a file" as "files": only where an article tells that a noun follows, and a verb, preposition or the end follows
  // that.
  static std::string plural(const std::string& question) {
    Words words = split(bare(question));
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
      std::string& noun = words[i + 1];
      const bool article = words[i] == "a" || words[i] == "an";
      const bool ends =
          i + 2 == words.size() || std::ranges::any_of(std::array{"in", "of", "from", "to", "with", "for", "by", "on",
                                                                  "into", "that", "and", "or"},
                                                       [&](auto w) { return words[i + 2] == w; });
      if (!article || !ends || !is_plain(noun) || noun.size() < 3 || noun.ends_with('s')) continue;
      noun = noun.ends_with('y') && std::string_view("aeiou").find(noun[noun.size() - 2]) == std::string_view::npos
                 ? noun.substr(0, noun.size() - 1) + "ies"
             : noun.ends_with("sh") || noun.ends_with("ch") || noun.ends_with('x') ? noun + "es"
                                                                                   : noun + "s";
      words[i].clear();
      return join(words) + "?";
    }
    return {};
  }

  // One slip of the keyboard in one of the longer words, anywhere in it.
  static std::string slip(const std::string& question, std::uint32_t salt) {
    Words words = split(bare(question));
    std::vector<std::size_t> longer;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i].size() >= 6 && is_plain(words[i]) && words[i] == lower(words[i])) longer.push_back(i);
    }
    if (longer.empty()) return {};
    std::string& word = words[one_of(longer, question, 20 + salt)];
    const std::size_t at = chance(question, 30 + salt) % (word.size() - 1);
    switch (chance(question, 40 + salt) % 4) {
      case 0:
        std::swap(word[at], word[at + 1]);
        break;
      case 1:
        word.erase(at, 1);
        break;
      case 2:
        word.insert(at, 1, word[at]);
        break;
      default: {
        constexpr std::string_view kKeys = "qwertyuiopasdfghjklzxcvbnm";
        constexpr std::string_view kNextTo = "wertyuioposdfghjklkxcvbnmn";  // A key beside or below each of them.
        word[at] = kNextTo[kKeys.find(word[at])];
      }
    }
    return join(words) + "?";
  }

  static std::string abbreviated(const std::string& question) {
    static const std::vector<std::pair<std::string, std::string>> kForms = {{"directory", "dir"},
                                                                            {"regular expression", "regex"},
                                                                            {"regular expressions", "regexes"},
                                                                            {"operating system", "OS"},
                                                                            {"database", "DB"},
                                                                            {"argument", "arg"},
                                                                            {"arguments", "args"},
                                                                            {"parameter", "param"},
                                                                            {"configuration", "config"},
                                                                            {"application", "app"},
                                                                            {"maximum", "max"},
                                                                            {"information", "info"},
                                                                            {"repository", "repo"},
                                                                            {"documentation", "docs"},
                                                                            {"message", "msg"},
                                                                            {"graphical user interface", "GUI"},
                                                                            {"administrator", "admin"},
                                                                            {"environment", "env"},
                                                                            {"function", "func"},
                                                                            {"number", "no."},
                                                                            {"variable", "var"},
                                                                            {"character", "char"}};
    const std::string padded = bare(question) + " ";
    for (const auto& [whole, abbreviation] : kForms) {
      const std::size_t at = padded.find(" " + whole + " ");
      if (at == std::string::npos) continue;
      return bare(std::string(padded).replace(at + 1, whole.size(), abbreviation)) + "?";
    }
    return {};
  }

  std::vector<Pair> pairs_;
  std::string base_;
};

}  // namespace docmind::cache
