// The event log: what happened, as a name and typed fields; one line each, JSON for machines or text for people.
//
// Thread safety: any method from any thread; a line is written whole. Times are UTC from the Clock handed in.
// Invariant: an event is one line whatever its fields hold: control characters and ill-formed UTF-8 are escaped,
// and a line ends at 16 KiB. A log that cannot be written (disk full) drops lines, which is said once on stderr; it
// never fails its caller.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

namespace docmind::obs {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kConsole, kJson };
enum class Colour : std::uint8_t { kOff, kOn };

// "debug", "info", "warn", "error", and back.
std::string_view name(Level level);
Result<Level> level_named(std::string_view name);

// The least that is written: of all rooms, and of some by another level. A room's level is that of the rooms inside it,
// too: what holds for "llm" holds for "llm/router" unless that is named itself.
struct LogLevels {
  Level least = Level::kInfo;
  std::map<std::string, Level, std::less<>> rooms{};

  Level of(std::string_view room) const;
  bool operator==(const LogLevels&) const = default;
};

// From "info" and "server=debug, llm=warn". kInvalidArgument for a level or a room that there is not.
Result<LogLevels> log_levels(std::string_view least, std::string_view rooms);

// Lives for the call: keys and strings are borrowed.
struct Field {
  using Value = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;
  std::string_view key;
  Value value;

  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, std::signed_integral auto v) : key(k), value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view k, std::unsigned_integral auto v) : key(k), value(static_cast<std::uint64_t>(v)) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
};

struct LogOptions {
  LogLevels levels{};                      //
  LogFormat format = LogFormat::kConsole;  //
  Colour colour = Colour::kOff;            // Of the level, in the console form only.
  std::string file{};                      // Empty: stderr. Else appended to, and turned over at 32 MiB, 3 kept.
  std::function<void(std::string_view line)> sink{};  // When set, gets each line (without its end) instead: for tests.
};

class Log {
 public:
  Log();  // Discards everything.
  static Result<std::unique_ptr<Log>> open(LogOptions options, const Clock& clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // event is a fixed snake_case name ("document_added"), never text from outside: that goes into fields. The room is
  // that of the file it is called from, and a JSON line names it.
  void event(Level level, std::string_view event, std::initializer_list<Field> fields = {},
             std::source_location from = std::source_location::current()) const;
  // The same with the error's code, message and hint as fields.
  void failure(Level level, std::string_view event, const Error& error, std::initializer_list<Field> fields = {},
               std::source_location from = std::source_location::current()) const;
  bool enabled(Level level, std::source_location from = std::source_location::current()) const;

  // From the next line on.
  void use(LogLevels levels);

 private:
  class Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace docmind::obs
