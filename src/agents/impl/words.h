// A sentence as a list of words, for the rules about questions and answers. Pure functions.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::agents {

struct Word {
  std::string_view raw;   // Between white space, with its punctuation.
  std::string_view bare;  // Without brackets, quotes and closing punctuation around it.
  std::string lower;      // bare in lower case (ASCII letters).
};

std::vector<Word> words(std::string_view text);

bool one_of(std::string_view word, std::initializer_list<std::string_view> set);

std::string lower_of(std::string_view text);  // Latin letters, with accents too; valid UTF-8 in.

bool is_upper(char c);
bool is_lower(char c);
bool is_digit(char c);
bool is_letter(char c);  // ASCII; bytes of other scripts are none.

}  // namespace docmind::agents
