// What the generated questions are made of: real questions, opposites of WordNet, names of countries. For tests.
#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cache/guard/guards.h"

namespace docmind::cache {

using Words = std::vector<std::string>;

inline Words split(std::string_view text, char at = ' ') {
  Words out;
  std::stringstream in{std::string(text)};
  for (std::string word; std::getline(in, word, at);) out.push_back(word);
  return out;
}

inline std::string join(const Words& words) {
  std::string out;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

inline std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

inline bool is_plain(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

// Chance that is the same in every run and on every machine.
inline std::uint32_t chance(std::string_view of, std::uint32_t salt = 0) {
  std::uint32_t hash = 2166136261 ^ salt;
  for (const char c : of) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return hash >> 7;
}

template <typename List>
const auto& one_of(const List& list, std::string_view of, std::uint32_t salt = 0) {
  return list[chance(of, salt) % list.size()];
}

// Without its question mark.
inline std::string bare(std::string question) {
  while (!question.empty() && (question.back() == '?' || question.back() == '.' || question.back() == ' '))
    question.pop_back();
  return question;
}

// Headings of perl's FAQ (package perl-doc) and this project's questions for development.
inline std::vector<std::string> real_questions() {
  std::set<std::string> out;
  for (const auto& folder : std::filesystem::directory_iterator("/usr/share/perl")) {
    for (int part = 1; part <= 9; ++part) {
      std::ifstream in(folder.path() / "pod" / ("perlfaq" + std::to_string(part) + ".pod"));
      for (std::string line; std::getline(in, line);) {
        const bool markup = line.find('<') != std::string::npos || line.find("(contributed") != std::string::npos;
        if (line.starts_with("=head2 ") && line.ends_with('?') && !markup) out.insert(line.substr(7));
      }
    }
  }
  for (const auto& [file, column] :
       std::map<std::string, std::size_t>{{"debian_questions", 2}, {"part_questions", 1}, {"sets_questions", 1}}) {
    std::ifstream in(DOCMIND_SOURCE_DIR "/tests/data/" + file + ".tsv");
    for (std::string line; std::getline(in, line);) {
      const Words columns = split(line, '\t');
      if (columns.size() > column && !line.starts_with('#') && columns[0] != "fresh") out.insert(columns[column]);
    }
  }
  return {out.begin(), out.end()};
}

// Those that may be answered from a cache at all, in English.
inline std::vector<std::string> usable(std::vector<std::string> questions, const Guards& guards) {
  std::erase_if(questions, [&](const std::string& question) {
    const Reading reading = guards.read(question);
    return reading.is_unread() || reading.is_time_bound() || reading.language() != QuestionLanguage::kEnglish;
  });
  return questions;
}

// WordNet's direct opposites, in both directions.
inline std::map<std::string, std::set<std::string>> opposites() {
  struct Opposed {
    std::string word, synset;
    std::size_t index = 0;
  };
  std::map<std::string, Words> members;
  std::vector<Opposed> opposed;
  for (const auto& [part, file] :
       std::map<char, std::string>{{'n', "noun"}, {'v', "verb"}, {'a', "adj"}, {'r', "adv"}}) {
    std::ifstream in("/usr/share/wordnet/data." + file);
    for (std::string line; std::getline(in, line);) {
      if (line.find(" ! ") == std::string::npos || line.starts_with(' ')) continue;  // Opposites name each other.
      const Words fields = split(line.substr(0, line.find(" | ")));
      const std::size_t count = std::stoul(fields[3], nullptr, 16);
      Words words;
      for (std::size_t i = 0; i < count; ++i)
        words.push_back(lower(fields[4 + 2 * i].substr(0, fields[4 + 2 * i].find('('))));
      const std::size_t pointers = 5 + 2 * count;
      for (std::size_t at = pointers; at + 3 < fields.size(); at += 4) {
        if (fields[at] != "!" || fields[at + 3].size() != 4) continue;
        const std::size_t ends = std::stoul(fields[at + 3], nullptr, 16);
        opposed.push_back({words[(ends >> 8) - 1], fields[at + 2] + fields[at + 1], (ends & 0xff) - 1});
      }
      members[part + fields[0]] = words;
    }
  }
  std::map<std::string, std::set<std::string>> out;
  for (const Opposed& o : opposed) {
    const std::string& other = members[o.synset].at(o.index);
    if (is_plain(o.word) && is_plain(other)) out[o.word].insert(other);
  }
  return out;
}

// The meanings of some words: WordNet's synsets.
inline std::map<std::string, std::set<std::string>> synsets_of(const std::set<std::string>& words) {
  std::map<std::string, std::set<std::string>> out;
  for (const char* part : {"noun", "verb", "adj", "adv"}) {
    std::ifstream in(std::string("/usr/share/wordnet/index.") + part);
    for (std::string line; std::getline(in, line);) {
      if (!words.contains(line.substr(0, line.find(' ')))) continue;
      const Words fields = split(line);
      for (std::size_t i = 6 + std::stoul(fields[3]); i < fields.size(); ++i) {
        if (!fields[i].empty()) out[fields[0]].insert(part + fields[i]);
      }
    }
  }
  return out;
}

// Names of countries (package iso-codes).
inline std::vector<std::string> countries() {
  std::vector<std::string> out;
  std::ifstream in("/usr/share/iso-codes/json/iso_3166-1.json");
  for (std::string line; std::getline(in, line);) {
    constexpr std::string_view kKey = "\"name\": \"";
    const std::size_t at = line.find(kKey);
    if (at == std::string::npos || line.find('\\') != std::string::npos) continue;
    const std::size_t start = at + kKey.size();
    out.push_back(line.substr(start, line.find('"', start) - start));
  }
  return out;
}

}  // namespace docmind::cache
