#include "agents/follow_up.h"

#include <algorithm>
#include <ranges>
#include <vector>

#include "agents/impl/noun_phrases.h"
#include "agents/impl/points_back.h"
#include "base/utf8.h"
#include "text/normalise.h"

namespace docmind::agents {
namespace {

using Words = std::vector<Word>;
using How = PointsBack::How;

constexpr std::size_t kLongestQuestion = 2048;  // Bytes: a longer one says what it is about.
constexpr std::size_t kTurnsBack = 4;
constexpr std::size_t kSubjectWords = 10;
constexpr std::size_t kSubjectBytes = 200;

enum class Language : std::uint8_t { kEnglish, kGerman, kChinese };

bool has_han(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (point.value >= 0x4e00 && point.value <= 0x9fff) return true;
    at += point.length;
  }
  return false;
}

Language language_of(std::string_view question, const Words& words) {
  if (has_han(question)) return Language::kChinese;
  const auto german = std::ranges::count_if(words, [](const Word& word) {
    return one_of(word.lower, {"der",    "die",    "das",   "und",    "ist",     "sind",    "wie",    "wer",  "wo",
                               "wann",   "warum",  "wieso", "welche", "welcher", "welches", "ein",    "eine", "einen",
                               "mit",    "für",    "nicht", "von",    "zu",      "im",      "den",    "dem",  "wird",
                               "werden", "kann",   "hat",   "haben",  "gibt",    "es",      "er",     "sie",  "ihr",
                               "auf",    "bei",    "aus",   "seit",   "lange",   "viel",    "darf",   "muss", "dies",
                               "dort",   "kostet", "wurde", "oder",   "aber",    "wen",     "weshalb"});
  });
  const auto english = std::ranges::count_if(words, [](const Word& word) {
    return one_of(word.lower, {"the", "is", "are",  "what",  "who", "how",   "which", "does", "do",   "of", "to",
                               "and", "it", "they", "about", "why", "where", "when",  "has",  "have", "a",  "an"});
  });
  const bool starts = !words.empty() && one_of(words.front().lower, {"was", "und", "wie"}) && english == 0;
  return german > english || starts ? Language::kGerman : Language::kEnglish;
}

// The words that tell what the earlier question was about and that the new one does not hold, separated by spaces.
std::string subject_words(std::string_view query, std::string_view question, Language language) {
  std::string out;
  const Words there = words(question);
  std::size_t count = 0;
  for (const Word& word : words(query)) {
    const bool german = language == Language::kGerman;
    const bool wanted =
        german ? !is_lower(word.bare.front()) && word.bare.data() != query.data() : is_subject_word(word.lower);
    const bool known = std::ranges::any_of(there, [&](const Word& one) { return one.lower == word.lower; });
    if (!wanted || known || count == kSubjectWords || out.size() + word.bare.size() > kSubjectBytes) continue;
    if (words(out).empty() || std::ranges::none_of(words(out), [&](const Word& o) { return o.lower == word.lower; })) {
      out += (out.empty() ? "" : " ") + std::string(word.bare);
      ++count;
    }
  }
  return out;
}

// Chinese: what is left of a question without the words that ask.
std::string chinese_subject(std::string_view query) {
  std::string out(query);
  for (const std::string_view asking :
       {"什么时候", "为什么", "怎么样", "什么", "怎么", "怎样", "多少钱", "多少", "多久",   "多长",
        "多大",     "多高",   "哪里",   "哪个", "哪些", "如何", "何时",   "请问", "有没有", "是不是",
        "吗",       "呢",     "谁",     "几",   "的？", "？",   "?",      "。"}) {
    for (std::size_t at = out.find(asking); at != std::string::npos; at = out.find(asking, at)) {
      out.replace(at, asking.size(), " ");
    }
  }
  out = text::fold_space(out);
  for (const std::string_view loose : {"是", "有", "在"}) {
    while (out.ends_with(loose)) out.resize(out.size() - loose.size());
  }
  std::size_t length = std::min(out.size(), kSubjectBytes);
  while (!is_char_border(out, length)) --length;
  out.resize(length);
  return text::fold_space(out);
}

std::string with_subject(std::string_view question, std::string_view subject) {
  if (subject.empty()) return std::string(question);
  std::string_view bare = question;
  while (!bare.empty() && (bare.ends_with('?') || bare.ends_with(' '))) bare.remove_suffix(1);
  const std::string_view mark = bare.size() < question.size() ? "?" : "";
  return std::string(bare) + " (" + std::string(subject) + ")" + std::string(mark);
}

// "the second one": that paragraph of the answer, when it has one.
std::string counted_paragraph(std::string_view answer, const Words& words, const PointsBack& back) {
  std::size_t wanted = 0;
  constexpr std::string_view kOrder[] = {"first", "second", "third", "fourth", "fifth"};
  for (std::size_t i = back.first; i < back.first + back.count; ++i) {
    const auto* const found = std::ranges::find(kOrder, words[i].lower);
    if (found != std::end(kOrder)) wanted = static_cast<std::size_t>(found - std::begin(kOrder)) + 1;
  }
  for (std::size_t n = 1; wanted > 0 && !answer.empty(); ++n) {
    const std::size_t end = std::min(answer.find("\n\n"), answer.size());
    if (n == wanted) return std::string(answer.substr(0, end));
    answer.remove_prefix(std::min(end + 2, answer.size()));
  }
  return {};
}

// The first name in an answer: two or more words with capitals in a row that no sentence begins with alone.
std::string person_in(std::string_view answer) {
  const Words all = words(answer);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::size_t end = i;
    while (end < all.size() && is_upper(all[end].bare.front()) && is_subject_word(all[end].lower) && end - i < 4) {
      ++end;
      if (ends_clause(all[end - 1])) break;
    }
    if (end - i < 2) continue;
    std::string name;
    for (std::size_t k = i; k < end; ++k) name += (k == i ? "" : " ") + std::string(all[k].bare);
    return name;
  }
  return {};
}

std::string subject_for(const Word& pronoun, const EarlierTurn& turn) {
  if (one_of(pronoun.lower, {"he", "him", "his", "she", "her"})) {
    if (std::string name = person_in(turn.answer); !name.empty()) return name;
    return person_in(turn.query);
  }
  const bool plural = one_of(pronoun.lower, {"they", "them", "their", "these", "those"});
  return subject_of(words(turn.query), plural);
}

// Puts the subject in the place of a pronoun, whose word is one of the question's.
std::string substituted(std::string_view question, const Word& pronoun, std::string_view subject, How how) {
  const auto start = static_cast<std::size_t>(pronoun.bare.data() - question.data());
  std::string out = std::string(question.substr(0, start)) + std::string(subject);
  if (how == How::kPossessive) out += subject.ends_with('s') ? "'" : "'s";
  return out + std::string(question.substr(start + pronoun.bare.size()));
}

std::string as_typed(std::string_view question, const Words& words, const PointsBack& back) {
  if (back.count == 0) return std::string(text::fold_space(question));
  const Word& first = words[back.first];
  const Word& last = words[back.first + back.count - 1];
  const auto length = static_cast<std::size_t>(last.bare.data() + last.bare.size() - first.bare.data());
  return std::string(first.bare.data(), length);
}

// Whether all that the question says is still said.
bool keeps_words(std::string_view question, const PointsBack& back, const std::string& query) {
  const Words asked = words(question);
  const Words now = words(query);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (i >= back.first && i < back.first + back.count) continue;
    const auto same = [&](const Word& word) { return word.lower == asked[i].lower; };
    if (is_subject_word(asked[i].lower) && std::ranges::none_of(now, same)) return false;
  }
  return true;
}

std::string rewritten(std::string_view question, const Words& words, const PointsBack& back, const EarlierTurn& turn,
                      Language language) {
  const std::string words_before = subject_words(turn.query, question, language);
  if (back.how == How::kPronoun || back.how == How::kPossessive) {
    const Word& pronoun = words[back.first];
    const std::string subject = subject_for(pronoun, turn);
    if (!subject.empty()) return substituted(question, pronoun, subject, back.how);
  }
  if (back.how == How::kInstead && language == Language::kEnglish) {
    const char* const from = back.count == 0 ? words[0].bare.data() : words[back.count].bare.data();
    std::string_view other = question.substr(static_cast<std::size_t>(from - question.data()));
    while (!other.empty() && (other.ends_with('?') || other.ends_with(' '))) other.remove_suffix(1);
    std::string query = exchanged(turn.query, other);
    if (!query.empty()) return query;
  }
  if (std::string paragraph = counted_paragraph(turn.answer, words, back); !paragraph.empty()) {
    return with_subject(question, subject_words(paragraph, question, language));
  }
  return with_subject(question, words_before);
}

FollowUp follow_up_in_chinese(const std::string& question, const EarlierTurn& turn) {
  const std::string_view back = points_back_in_chinese(question);
  const std::string subject = chinese_subject(turn.query);
  if (back.empty() || subject.empty()) return {question, ""};
  return {subject + " " + question, std::string(back)};
}

}  // namespace

FollowUp follow_up(std::string_view question, std::span<const EarlierTurn> earlier) {
  FollowUp alone{std::string(question), ""};
  if (earlier.empty() || question.size() > kLongestQuestion || !is_utf8(question)) return alone;
  const std::string folded = text::fold_space(question);
  const Words asked = words(folded);
  if (asked.empty()) return alone;
  const Language language = language_of(folded, asked);
  if (language == Language::kChinese) {
    FollowUp out = follow_up_in_chinese(folded, earlier.back());
    return out.because.empty() ? alone : out;
  }
  const PointsBack back = language == Language::kGerman ? points_back_in_german(asked) : points_back_in_english(asked);
  if (back.how == How::kNo) return alone;
  // A turn that has no subject ("thanks") is passed over.
  for (const EarlierTurn& turn : earlier.last(std::min(earlier.size(), kTurnsBack)) | std::views::reverse) {
    std::string query = rewritten(folded, asked, back, turn, language);
    if (query != folded && keeps_words(folded, back, query)) return {std::move(query), as_typed(folded, asked, back)};
  }
  return alone;
}

}  // namespace docmind::agents
