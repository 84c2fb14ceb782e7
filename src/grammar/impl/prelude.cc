#include "grammar/impl/prelude.h"

#include <algorithm>

namespace docmind::grammar {

namespace {

constexpr std::size_t kIntegerDigits = 18;
constexpr std::size_t kWholeDigits = 16;
constexpr std::size_t kDecimals = 16;
constexpr std::size_t kIndentation = 32;

void hex_digit(Builder& builder, StateId from, StateId to) {
  builder.edge(from, '0', '9', to);
  builder.edge(from, 'a', 'f', to);
  builder.edge(from, 'A', 'F', to);
}

// The plain ASCII of a string: no control character, quote or backslash.
void plain(Builder& builder, StateId from, StateId to) {
  builder.edge(from, 0x20, 0x21, to);
  builder.edge(from, 0x23, 0x5b, to);
  builder.edge(from, 0x5d, 0x7f, to);
}

// \uXXXX after the u: a character of the first plane that is no surrogate, or a pair of them (RFC 8259, 7).
void unicode_escape(Builder& builder, StateId from, StateId to) {
  const auto hex = [&](StateId at, std::size_t count) {
    for (; count > 1; --count) {
      const StateId next = builder.state();
      hex_digit(builder, at, next);
      at = next;
    }
    hex_digit(builder, at, to);
  };
  const StateId rest = builder.state();
  builder.edge(from, '0', '9', rest);
  for (const char letter : {'a', 'b', 'c', 'e', 'f', 'A', 'B', 'C', 'E', 'F'}) builder.edge(from, letter, rest);
  hex(rest, 3);
  const StateId d = builder.state();
  const StateId below = builder.state();
  builder.edge(from, 'd', d);
  builder.edge(from, 'D', d);
  builder.edge(d, '0', '7', below);
  hex(below, 2);
  const StateId high = builder.state();
  builder.edge(d, '8', '9', high);
  for (const char letter : {'a', 'b', 'A', 'B'}) builder.edge(d, letter, high);
  StateId at = high;
  for (int i = 0; i < 2; ++i) {
    const StateId next = builder.state();
    hex_digit(builder, at, next);
    at = next;
  }
  for (const char* letters : {"\\", "u", "dD", "cdefCDEF"}) {
    const StateId next = builder.state();
    for (const char* letter = letters; *letter != 0; ++letter) builder.edge(at, *letter, next);
    at = next;
  }
  hex(at, 2);
}

// Characters of two to four bytes (RFC 3629).
void beyond_ascii(Builder& builder, StateId from, StateId to) {
  const StateId one = builder.state();
  const StateId two = builder.state();
  const StateId three = builder.state();
  builder.edge(one, 0x80, 0xbf, to);
  builder.edge(two, 0x80, 0xbf, one);
  builder.edge(three, 0x80, 0xbf, two);
  const auto first = [&](std::uint8_t byte, std::uint8_t low, std::uint8_t high, StateId next) {
    const StateId second = builder.state();
    builder.edge(from, byte, byte, second);
    builder.edge(second, low, high, next);
  };
  builder.edge(from, 0xc2, 0xdf, one);
  first(0xe0, 0xa0, 0xbf, one);
  builder.edge(from, 0xe1, 0xec, two);
  first(0xed, 0x80, 0x9f, one);
  builder.edge(from, 0xee, 0xef, two);
  first(0xf0, 0x90, 0xbf, two);
  builder.edge(from, 0xf1, 0xf3, three);
  first(0xf4, 0x80, 0x8f, two);
}

}  // namespace

Prelude::Prelude(Builder& builder, Spacing spacing) : builder_(builder), spacing_(spacing) {
  build_string();
  build_integer();
  build_number();
  build_blanks();
  build_value();
}

// What is no plain ASCII: escapes and longer characters.
void Prelude::build_string_parts(StateId from, StateId next) {
  const StateId escape = builder_.state();
  const StateId unicode = builder_.state();
  builder_.edge(from, '\\', escape);
  for (const char letter : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) builder_.edge(escape, letter, next);
  builder_.edge(escape, 'u', unicode);
  unicode_escape(builder_, unicode, next);
  beyond_ascii(builder_, from, next);
}

void Prelude::build_string() {
  string_ = builder_.state();
  string_end_ = builder_.state();
  builder_.end(string_end_);
  plain(builder_, string_, string_);
  builder_.edge(string_, '"', string_end_);
  build_string_parts(string_, string_);
  character_ = builder_.state();
  const StateId done = builder_.state();
  builder_.end(done);
  build_string_parts(character_, done);
}

StateId Prelude::string(std::size_t least, std::size_t most) {
  if (least == 0 && most == kNoMost) return string_;
  if (least == 0) {
    while (at_most_.size() <= most && !builder_.over()) {
      const StateId here = builder_.state();
      builder_.edge(here, '"', string_end_);
      if (!at_most_.empty()) {
        builder_.left(here, static_cast<std::uint16_t>(std::min<std::size_t>(at_most_.size(), 0xffff)));
        plain(builder_, here, at_most_.back());
        builder_.call(here, character_, at_most_.back());
      }
      at_most_.push_back(here);
    }
    return at_most_.size() > most ? at_most_[most] : string_;
  }
  StateId next = string(0, most == kNoMost ? most : most - least);
  for (std::size_t needed = 1; needed <= least && !builder_.over(); ++needed) {
    const auto [entry, added] = at_least_.try_emplace({needed, most == kNoMost ? most : most - least + needed}, 0);
    if (added) {
      entry->second = builder_.state();
      plain(builder_, entry->second, next);
      builder_.call(entry->second, character_, next);
    }
    next = entry->second;
  }
  return next;
}

// Digits that may end after each, at most `most` more; each of the states ends.
StateId Prelude::digits(std::size_t most, StateId end) {
  StateId next = end;
  for (std::size_t i = 0; i < most; ++i) {
    const StateId here = builder_.state();
    builder_.edge(here, '0', '9', next);
    builder_.end(here);
    next = here;
  }
  return next;
}

void Prelude::build_integer() {
  integer_ = builder_.state();
  const StateId sign = builder_.state();
  const StateId end = builder_.state();
  builder_.end(end);
  const StateId more = digits(kIntegerDigits - 1, end);
  builder_.edge(integer_, '0', end);
  for (const StateId from : {integer_, sign}) builder_.edge(from, '1', '9', more);
  builder_.edge(integer_, '-', sign);
}

void Prelude::build_number() {
  number_ = builder_.state();
  unsigned_number_ = builder_.state();  // After a minus too.
  const StateId end = builder_.state();
  builder_.end(end);
  const StateId power = builder_.state();
  const StateId power_sign = builder_.state();
  const StateId power_digit = builder_.state();
  builder_.edge(power, '+', power_sign);
  builder_.edge(power, '-', power_sign);
  for (const StateId from : {power, power_sign}) builder_.edge(from, '0', '9', power_digit);
  builder_.edge(power_digit, '0', '9', end);
  builder_.end(power_digit);

  const auto run = [&](std::size_t most, StateId tail) {  // Up to `most` digits more; `tail` may follow any of them.
    StateId next = tail;
    for (std::size_t i = 0; i < most; ++i) {
      const StateId here = builder_.state();
      builder_.edge(here, '0', '9', next);
      builder_.epsilon(here, tail);
      next = here;
    }
    return next;
  };
  const StateId tail = builder_.state();  // After the digits: the end, or an exponent.
  builder_.end(tail);
  builder_.edge(tail, 'e', power);
  builder_.edge(tail, 'E', power);
  const StateId point = builder_.state();
  builder_.edge(point, '0', '9', run(kDecimals - 1, tail));
  const StateId whole = builder_.state();  // After the whole part.
  builder_.epsilon(whole, tail);
  builder_.edge(whole, '.', point);
  const StateId more = run(kWholeDigits - 1, whole);
  for (const StateId from : {number_, unsigned_number_}) {
    builder_.edge(from, '0', whole);
    builder_.edge(from, '1', '9', more);
  }
  builder_.edge(number_, '-', unsigned_number_);
}

// At least one blank: " ", or a line break and an indentation.
void Prelude::build_blanks() {
  blanks_ = builder_.state();
  const StateId end = builder_.state();
  builder_.end(end);
  StateId next = end;
  for (std::size_t i = 0; i < kIndentation; ++i) {
    const StateId here = builder_.state();
    builder_.edge(here, ' ', next);
    builder_.end(here);
    next = here;
  }
  builder_.edge(blanks_, ' ', end);
  builder_.edge(blanks_, '\n', next);
}

void Prelude::gap(StateId from, StateId to) {
  if (spacing_ == Spacing::kSingle) {
    builder_.edge(from, ' ', to);
    return;
  }
  builder_.epsilon(from, to);
  if (spacing_ == Spacing::kFlexible) builder_.call(from, blanks_, to);
}

void Prelude::after_comma(StateId from, StateId to) {
  if (spacing_ == Spacing::kNone) return builder_.edge(from, ',', to);
  const StateId comma = builder_.state();
  builder_.edge(from, ',', comma);
  gap(comma, to);
}

void Prelude::after_colon(StateId from, StateId to) {
  if (spacing_ == Spacing::kNone) return builder_.edge(from, ':', to);
  const StateId colon = builder_.state();
  builder_.edge(from, ':', colon);
  gap(colon, to);
}

void Prelude::inside_bracket(StateId from, StateId to) {
  builder_.epsilon(from, to);
  if (spacing_ == Spacing::kFlexible) builder_.call(from, blanks_, to);
}

void Prelude::build_value() {
  value_ = builder_.state();
  object_ = builder_.state();
  const StateId end = builder_.state();
  builder_.end(end);
  for (const char* word : {"true", "false", "null"}) builder_.literal(value_, word, end);
  const StateId quote = builder_.state();
  builder_.edge(value_, '"', quote);
  builder_.call(quote, string_, end);
  builder_.call(value_, number_, end);

  const auto closing = [&](StateId from, char bracket) {
    const StateId close = builder_.state();
    inside_bracket(from, close);
    builder_.edge(close, bracket, end);
  };
  const StateId array = builder_.state();
  const StateId item = builder_.state();
  const StateId after_item = builder_.state();
  builder_.edge(value_, '[', array);
  builder_.edge(array, ']', end);
  inside_bracket(array, item);
  builder_.call(item, value_, after_item);
  after_comma(after_item, item);
  closing(after_item, ']');

  const StateId opened = builder_.state();
  const StateId key = builder_.state();
  const StateId name = builder_.state();
  const StateId named = builder_.state();
  const StateId member = builder_.state();
  const StateId after_member = builder_.state();
  for (const StateId from : {value_, object_}) builder_.edge(from, '{', opened);
  builder_.edge(opened, '}', end);
  inside_bracket(opened, key);
  builder_.edge(key, '"', name);
  builder_.call(name, string_, named);
  after_colon(named, member);
  builder_.call(member, value_, after_member);
  after_comma(after_member, key);
  closing(after_member, '}');
}

}  // namespace docmind::grammar
