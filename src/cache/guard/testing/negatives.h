// Pairs of questions that ask different things, by construction. For tests.
#pragma once
#include <array>
#include <utility>

#include "cache/guard/testing/material.h"

namespace docmind::cache {

struct Pair {
  std::string kind;
  std::string a;
  std::string b;
  std::string base;  // The question both were made of.
};

// A half of the questions, by hash, was never looked at while the guards' lists were made.
inline bool is_for_development(const Pair& pair) { return chance(pair.base, 99) % 2 == 0; }

class Negatives {
 public:
  explicit Negatives(const std::vector<std::string>& questions) {
    for (const std::string& question : questions) {
      base_ = question;
      opposite_words();
      numbers();
      asked();
      polarity();
      endings();
      names();
    }
  }
  const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  void add(std::string_view kind, std::string a, std::string b) {
    if (a != b) pairs_.push_back({std::string(kind), std::move(a), std::move(b), base_});
  }

  void opposite_words() {
    constexpr std::size_t kMostOpposites = 3;
    const Words words = split(bare(base_));
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto found = opposites_.find(lower(words[i]));
      if (found == opposites_.end()) continue;
      std::size_t n = 0;
      for (const std::string& other : found->second) {
        if (++n > kMostOpposites) break;
        Words changed = words;
        changed[i] = other;
        add("antonym", base_, join(changed) + "?");
      }
    }
  }

  void numbers() {
    for (std::size_t i = 0; i < base_.size(); ++i) {
      const bool digit = base_[i] >= '0' && base_[i] <= '9';
      if (!digit) continue;
      std::string other = base_;
      other[i] = static_cast<char>('0' + (base_[i] - '0' + 1 + chance(base_) % 8) % 10);
      add("number", base_, other);
      add("number", base_, base_.substr(0, i) + "1" + base_.substr(i));
    }
  }

  void asked() {
    static const std::vector<std::string> kWords = {"Who", "When", "Where", "Why", "How", "How many", "How often"};
    Words words = split(base_);
    const std::string first = lower(words.front());
    if (std::ranges::none_of(std::array{"how", "what", "which", "who", "when", "where", "why"},
                             [&](auto w) { return first == w; }))
      return;
    for (std::uint32_t salt = 0; salt < 2; ++salt) {
      words.front() = one_of(kWords, base_, salt);
      if (lower(words.front()) != first) add("asked", base_, join(words));
    }
  }

  void polarity() {
    Words words = split(base_);
    for (std::string& word : words) {
      for (const char* auxiliary : {"is", "are", "do", "does", "can", "should", "did", "was", "will"}) {
        if (lower(word) != auxiliary) continue;
        const std::string as_it_was = word;
        word += " not";
        add("polarity", base_, join(words));
        word = as_it_was == "will" ? "won't" : as_it_was == "can" ? "can't" : as_it_was + "n't";
        add("polarity", base_, join(words));
        return;
      }
    }
  }

  // The question with two endings that ask for different things.
  void endings() {
    struct Endings {
      const char* kind;
      std::vector<std::pair<std::string, std::string>> list;
    };
    static const std::vector<Endings> kEndings = {
        {"number",
         {{"for 5 users", "for 50 users"},
          {"for 1.5 users", "for 15 users"},
          {"for five users", "for six users"},
          {"at level 5", "at level -5"},
          {"for 1,000 files", "for 100 files"},
          {"for twenty files", "for twelve files"},
          {"on page 3", "on page 8"},
          {"in chapter 2", "in chapter 12"}}},
        {"version",
         {{"in version 1.2", "in version 1.20"},
          {"in v2", "in v3"},
          {"with Python 3.1", "with Python 3.10"},
          {"on Debian 11", "on Debian 12"}}},
        {"unit",
         {{"with 5 mg", "with 5 g"},
          {"for 10 MB", "for 10 GB"},
          {"after 3 s", "after 3 ms"},
          {"below 5 km", "below 5 m"},
          {"for 5 MB", "for 5 Mb"},
          {"within 2 hours", "within 2 days"},
          {"for 5 megabytes", "for 5 mebibytes"},
          {"at 5 am", "at 5 pm"},
          {"with 20 °C", "with 20 °F"}}},
        {"currency",
         {{"for $5", "for €5"}, {"for 5 euros", "for 5 dollars"}, {"for £20", "for $20"}, {"for 5 USD", "for 5 EUR"}}},
        {"date",
         {{"in 2023", "in 2024"},
          {"on 3 May 2023", "on 4 May 2023"},
          {"in Q1", "in Q2"},
          {"on Monday", "on Tuesday"},
          {"in June", "in July"},
          {"on 2023-05-01", "on 2023-01-05"}}},
        {"direction",
         {{"from Oslo to Bergen", "from Bergen to Oslo"},
          {"from the client to the server", "from the server to the client"},
          {"when I convert a list to a string", "when I convert a string to a list"},
          {"when I copy disks onto tapes", "when I copy tapes onto disks"}}},
        {"roles",
         {{"when Anna pays Bob", "when Bob pays Anna"},
          {"if the parent kills the child", "if the child kills the parent"},
          {"when modules call programs", "when programs call modules"},
          {"if dogs chase cats", "if cats chase dogs"}}},
        {"time order",
         {{"before the reboot", "after the reboot"}, {"before 2020", "since 2020"}, {"until Friday", "from Friday"}}},
        {"quantifier",
         {{"for all users", "for some users"},
          {"for all users", "for no users"},
          {"for any user", "for only one user"},
          {"for most files", "for all files"},
          {"for every file", "for each other file"}}},
        {"comparison",
         {{"with more than 5 files", "with less than 5 files"},
          {"with the minimum length", "with the maximum length"},
          {"for the larger file", "for the smaller file"},
          {"with at least 3 files", "with at most 3 files"},
          {"for the fastest disk", "for the slowest disk"}}},
        {"polarity",
         {{"with a password", "without a password"},
          {"when it is running", "when it is not running"},
          {"if I can write", "if I can't write"}}},
        {"name",
         {{"by Anna Smith", "by Anne Smith"},
          {"by Mr Johnson", "by Mr Johnston"},
          {"for part AB-1234", "for part AB-1243"},
          {"in sources.list", "in sources.lst"},
          {"with the -T option", "with the -t option"},
          {"on a CPU", "on a GPU"},
          {"in \"main loop\"", "in \"main group\""}}},
        {"language", {{"in English", "in German"}, {"in French", "in Spanish"}}},
    };
    const std::string start = bare(base_);
    for (std::uint32_t salt = 0; const Endings& endings : kEndings) {
      const auto& [a, b] = one_of(endings.list, base_, ++salt);
      add(endings.kind, start + " " + a + "?", start + " " + b + "?");
    }
  }

  void names() {
    const std::string start = bare(base_);
    const std::string& a = one_of(countries_, base_, 1);
    const std::string& b = one_of(countries_, base_, 2);
    if (a == b) return;
    add("country", start + " in " + a + "?", start + " in " + b + "?");
    add("country", lower(start + " in " + a), lower(start + " in " + b));
  }

  std::map<std::string, std::set<std::string>> opposites_ = opposites();
  std::vector<std::string> countries_ = countries();
  std::vector<Pair> pairs_;
  std::string base_;
};

}  // namespace docmind::cache
