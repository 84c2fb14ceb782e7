#include "grammar/impl/pattern.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/utf8.h"

namespace docmind::grammar {
namespace {

constexpr std::size_t kMostStates = 4096;
constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kMostGroups = 64;  // Inside each other.
constexpr unsigned kMostTimes = 1000;
constexpr char32_t kLast = 0x10ffff;

using Set = Pattern::Set;

Set normalised(Set set) {
  std::sort(set.begin(), set.end(), [](const auto& a, const auto& b) { return a.low < b.low; });
  Set out;
  for (const Pattern::Range& range : set) {
    if (!out.empty() && range.low <= out.back().high + 1) {
      out.back().high = std::max(out.back().high, range.high);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

Set inverse(const Set& set) {
  Set out;
  char32_t next = 0;
  for (const Pattern::Range& range : set) {
    if (range.low > next) out.push_back({next, range.low - 1});
    next = range.high + 1;
  }
  if (next <= kLast) out.push_back({next, kLast});
  return out;
}

const Set kDigits = {{'0', '9'}};
const Set kWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const Set kBlank = {{9, 13},          {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
                    {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
const Set kLineEnds = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

// What a pattern is made of, before repetition is written out.
struct Part {
  enum class Kind : std::uint8_t { kSet, kSequence, kEither, kRepeat } kind = Kind::kSequence;
  std::shared_ptr<const Set> set;  // Shared by all the states its repetitions become.
  std::vector<Part> parts;
  unsigned least = 0;
  std::optional<unsigned> most;
};

}  // namespace

class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) {}

  Result<Pattern> run() {
    if (text_.size() > kMostBytes) return wrong("it is longer than " + std::to_string(kMostBytes) + " bytes");
    if (!is_utf8(text_)) return wrong("it is not UTF-8");
    do {
      const bool from_start = take('^');
      const Part part = DM_TRY(sequence());
      const bool to_end = take('$');
      if (at_ < text_.size() && text_[at_] != '|') return wrong_here();
      std::uint32_t state = to_end ? Pattern::kMatch : anything(Pattern::kMatch);
      state = build(part, state);
      if (!from_start) state = anything(state);
      starts_.push_back(state);
    } while (take('|'));
    pattern_.start_ = way(std::move(starts_));
    if (full_) return wrong("it is too large once its repetitions are written out");
    return std::move(pattern_);
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Error wrong(const std::string& why) const {
    return {
        Code::kInvalidArgument, "the pattern is not supported: " + why,
        "Patterns may have characters, classes, groups, alternatives, repetition, ^ at the start and $ at the end."};
  }
  Error wrong_here() const {
    return wrong(at_ < text_.size() ? "byte " + std::to_string(at_) + " of it" : "it ends too early");
  }

  Result<Part> alternatives() {
    Part either;
    either.kind = Part::Kind::kEither;
    do {
      either.parts.push_back(DM_TRY(sequence()));
    } while (take('|'));
    return either;
  }

  Result<Part> sequence() {
    Part out;
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')' && text_[at_] != '$') {
      Part part = DM_TRY(atom());
      out.parts.push_back(DM_TRY(repeated(std::move(part))));
    }
    return out;
  }

  Result<Part> atom() {
    if (take('(')) {
      if (take('?') && !take(':')) return wrong_here();
      if (++groups_ > kMostGroups) return wrong("its groups are nested too deep");
      Part part = DM_TRY(alternatives());
      --groups_;
      if (!take(')')) return wrong_here();
      return part;
    }
    if (take('[')) return set_of(DM_TRY(char_class()));
    if (take('.')) return set_of(inverse(kLineEnds));
    if (take('\\')) return set_of(DM_TRY(escape()));
    if (std::string_view("^*+?{})").find(text_[at_]) != std::string_view::npos) return wrong_here();
    const char32_t c = character();
    return set_of({{c, c}});
  }

  static Part set_of(Set set) {
    Part part;
    part.kind = Part::Kind::kSet;
    part.set = std::make_shared<const Set>(std::move(set));
    return part;
  }

  char32_t character() {
    const CodePoint c = code_point_at(text_, at_);
    at_ += c.length;
    return c.value;
  }

  Result<Part> repeated(Part part) {
    Part out;
    out.kind = Part::Kind::kRepeat;
    if (take('*')) {
    } else if (take('+')) {
      out.least = 1;
    } else if (take('?')) {
      out.most = 1;
    } else if (take('{')) {
      out.least = DM_TRY(number());
      if (!take(',')) {
        out.most = out.least;
      } else if (at_ < text_.size() && text_[at_] != '}') {
        out.most = DM_TRY(number());
      }
      if (!take('}') || (out.most && *out.most < out.least)) return wrong_here();
    } else {
      return part;
    }
    take('?');  // Fewest first: the same texts.
    out.parts.push_back(std::move(part));
    return out;
  }

  Result<unsigned> number() {
    unsigned value = 0;
    const std::size_t first = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      value = value * 10 + static_cast<unsigned>(text_[at_] - '0');
      if (value > kMostTimes) return wrong("it repeats more than " + std::to_string(kMostTimes) + " times");
    }
    if (at_ == first) return wrong_here();
    return value;
  }

  Result<Set> escape() {
    if (at_ >= text_.size()) return wrong_here();
    const char c = text_[at_++];
    switch (c) {
      case 'd':
        return kDigits;
      case 'D':
        return inverse(kDigits);
      case 'w':
        return kWord;
      case 'W':
        return inverse(kWord);
      case 's':
        return kBlank;
      case 'S':
        return inverse(kBlank);
      case 'u':
        return hex(4);
      case 'x':
        return hex(2);
      default:
        break;
    }
    constexpr std::string_view kNames = "tnrfv";
    constexpr std::string_view kValues = "\t\n\r\f\v";
    if (const auto at = kNames.find(c); at != std::string_view::npos) return one(kValues[at]);
    if (std::string_view("^$\\.*+?()[]{}|/-\"'#&%,:;<=>@!~_` ").find(c) == std::string_view::npos) {
      --at_;
      return wrong_here();
    }
    return one(c);
  }

  static Set one(char c) { return {{static_cast<char32_t>(c), static_cast<char32_t>(c)}}; }

  Result<Set> hex(std::size_t digits) {
    char32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const auto digit =
          at_ < text_.size() ? std::string_view("0123456789abcdef").find(static_cast<char>(text_[at_] | 0x20)) : 16;
      if (digit > 15) return wrong_here();
      value = value * 16 + static_cast<char32_t>(digit);
    }
    if (value >= 0xd800 && value < 0xe000) return wrong("it names half of a surrogate pair");
    return Set{{value, value}};
  }

  Result<Set> char_class() {
    const bool inverted = take('^');
    Set set;
    while (!take(']')) {
      if (at_ >= text_.size()) return wrong_here();
      const Set low = DM_TRY(class_item());
      const bool range = at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']';
      if (!range) {
        set.insert(set.end(), low.begin(), low.end());
        continue;
      }
      ++at_;
      const Set high = DM_TRY(class_item());
      if (low.size() != 1 || high.size() != 1 || low[0].low != low[0].high || high[0].low != high[0].high ||
          low[0].low > high[0].low) {
        return wrong_here();
      }
      set.push_back({low[0].low, high[0].low});
    }
    set = normalised(std::move(set));
    return inverted ? inverse(set) : set;
  }

  Result<Set> class_item() {
    if (at_ >= text_.size()) return wrong_here();
    if (take('\\')) return take('b') ? Set{{8, 8}} : escape();
    const char32_t c = character();
    return Set{{c, c}};
  }

  // States, from the last to the first: each piece is given where it leads.
  std::uint32_t add(Pattern::State state) {
    if (pattern_.states_.size() >= kMostStates) {
      full_ = true;
      return Pattern::kMatch;
    }
    pattern_.states_.push_back(std::move(state));
    return static_cast<std::uint32_t>(pattern_.states_.size() - 1);
  }
  std::uint32_t way(std::vector<std::uint32_t> ways) {
    return add({.set = nullptr, .next = 0, .ways = std::move(ways)});
  }
  std::uint32_t anything(std::uint32_t next) {
    const std::uint32_t loop = way({next});
    const std::uint32_t any = add({.set = any_, .next = loop, .ways = {}});
    if (!full_) pattern_.states_[loop].ways.push_back(any);
    return loop;
  }

  std::uint32_t build(const Part& part, std::uint32_t next) {
    if (full_) return next;
    switch (part.kind) {
      case Part::Kind::kSet:
        return add({.set = part.set, .next = next, .ways = {}});
      case Part::Kind::kSequence:
        for (auto p = part.parts.rbegin(); p != part.parts.rend(); ++p) next = build(*p, next);
        return next;
      case Part::Kind::kEither: {
        std::vector<std::uint32_t> ways;
        for (const Part& p : part.parts) ways.push_back(build(p, next));
        return way(std::move(ways));
      }
      case Part::Kind::kRepeat:
        return build_repeat(part, next);
    }
    return next;
  }

  std::uint32_t build_repeat(const Part& part, std::uint32_t next) {
    const Part& what = part.parts.front();
    if (!part.most) {
      const std::uint32_t loop = way({next});
      const std::uint32_t body = build(what, loop);
      if (!full_) pattern_.states_[loop].ways.push_back(body);
      next = loop;
    } else {
      const std::uint32_t after = next;
      for (unsigned i = part.least; i < *part.most && !full_; ++i) next = way({after, build(what, next)});
    }
    for (unsigned i = 0; i < part.least && !full_; ++i) next = build(what, next);
    return next;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t groups_ = 0;
  bool full_ = false;
  std::vector<std::uint32_t> starts_;
  std::shared_ptr<const Set> any_ = std::make_shared<const Set>(Set{{0, kLast}});
  Pattern pattern_;
};

Result<Pattern> Pattern::parse(std::string_view text) { return PatternParser(text).run(); }

void close_over(const Pattern& pattern, std::vector<std::uint32_t>& states, std::vector<char>& seen) {
  for (const std::uint32_t s : states) seen[s] = 1;
  for (std::size_t i = 0; i < states.size(); ++i) {
    for (const std::uint32_t way : pattern.states()[states[i]].ways) {
      if (seen[way] != 0) continue;
      seen[way] = 1;
      states.push_back(way);
    }
  }
  for (const std::uint32_t s : states) seen[s] = 0;
}

bool Pattern::State::reads(char32_t c) const {
  return set && std::any_of(set->begin(), set->end(), [c](const Range& r) { return r.low <= c && c <= r.high; });
}

bool Pattern::matches(std::string_view text, std::size_t& steps) const {
  std::vector<std::uint32_t> here = {start_};
  std::vector<std::uint32_t> next;
  std::vector<char> seen(states_.size());
  close_over(*this, here, seen);
  for (std::size_t at = 0; at < text.size() && !here.empty();) {
    const std::size_t cost = 1 + here.size() / 4;
    if (steps < cost) {
      steps = 0;
      return false;
    }
    steps -= cost;
    const CodePoint c = code_point_at(text, at);
    at += c.length;
    next.clear();
    for (const std::uint32_t s : here) {
      const State& state = states_[s];
      if (state.reads(c.value) && seen[state.next] == 0) {
        seen[state.next] = 1;
        next.push_back(state.next);
      }
    }
    for (const std::uint32_t s : next) seen[s] = 0;
    here.swap(next);
    close_over(*this, here, seen);
  }
  return std::find(here.begin(), here.end(), kMatch) != here.end();
}

}  // namespace docmind::grammar
