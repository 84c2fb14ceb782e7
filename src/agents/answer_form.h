// Which kind of answer a question asks for (a person, a time, a number, a command...), and how much a sentence looks
// like one: the feature "cue" of the extractor. English words; another language asks for no form and gets kNoForm.
//
// Rules and values are the measured table of the recipe in docs/extractive-answers.md. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::agents {

enum class Form : std::uint8_t {
  kPerson,      // who, whom, author
  kTime,        // when, which year
  kNumber,      // how many, much, long, often; maximum, default value
  kLiteral,     // which command, option, package...
  kProcedure,   // how do I, how can, how to
  kPlace,       // where, which file, directory, list, address
  kDefinition,  // what is X, meaning
  kReason,      // why, purpose
  kVerdict,     // is, can, may, must ...
  kDifference,  // differ, difference
};

struct AskedForms {
  std::vector<Form> forms;
  std::vector<std::string> subject;  // The X of "what is X": lower-case words, without an article in front.
};

// The cue of any sentence when the question asks for no form that is known.
inline constexpr double kNoForm = 0.3;

AskedForms asked_forms(std::string_view question);

// 0 to 1: the best of the forms asked for.
double cue(const AskedForms& asked, std::string_view sentence);

// Whether it holds something a person would type or look for as it stands: an option, a call(), a path, a_b, a-b,
// file.ext, UPPER_CASE, $x, a quoted word, a::b.
bool has_code_literal(std::string_view sentence);

// Whether any word of it asks: who, what, which, how, ...; or it begins with a verb that asks (is, can, may...).
bool has_question_word(std::string_view text);

}  // namespace docmind::agents
