#include "obs/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <span>
#include <vector>

#include "base/json.h"
#include "base/list.h"
#include "base/request_id.h"
#include "base/thread_annotations.h"
#include "base/trace_context.h"
#include "base/utc.h"
#include "base/utf8.h"

namespace docmind::obs {
namespace {

constexpr std::size_t kLineBytes = 16 * 1024;
constexpr std::size_t kFieldBytes = 4 * 1024;
constexpr std::size_t kFileBytes = 32 * 1024 * 1024;
constexpr std::size_t kFilesKept = 3;
constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 4> kColours = {"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};

constexpr auto kRooms = std::to_array<std::string_view>({DOCMIND_ROOMS});  // Of src/ROOMS.

bool is_room(std::string_view name) { return std::ranges::find(kRooms, name) != kRooms.end(); }

// Without a folder: empty.
std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// The folder below src/ of the file that a line is written in.
std::string_view room_of(const std::source_location& from) {
  std::string_view path = from.file_name();
  const std::size_t src = path.rfind("src/");
  path.remove_prefix(src == std::string_view::npos ? 0 : src + 4);
  do {
    path = folder_of(path);
  } while (!path.empty() && !is_room(path));  // A folder in a room is none itself.
  return path;
}

// At most kFieldBytes of it, cut between characters, as well-formed UTF-8.
std::string bounded(std::string_view text) {
  std::uint64_t replaced = 0;
  if (text.size() <= kFieldBytes) return to_utf8(text, replaced);
  std::string head = to_utf8(text.substr(0, kFieldBytes), replaced);
  return head + "…";
}

// Characters that would move a terminal's cursor or turn the reading order around.
bool steers(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

void append_console(std::string& out, std::string_view text) {
  const bool quote = text.empty() || text.find_first_of(" \"=\\") != std::string_view::npos;
  if (quote) out += '"';
  for (std::uint64_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (c.value == '\n') {
      out += "\\n";
    } else if (steers(c.value)) {
      out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(c.value));
    } else {
      if (c.value == '"' || c.value == '\\') out += '\\';
      out += text.substr(at, c.length);
    }
    at += c.length;
  }
  if (quote) out += '"';
}

struct ValueText {
  LogFormat format;
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(std::uint64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const { return json_number(v); }
  std::string operator()(std::string_view v) const {
    if (format == LogFormat::kJson) return json_quoted(bounded(v));
    std::string out;
    append_console(out, bounded(v));
    return out;
  }
};

std::string field_text(const Field& field, LogFormat format) {
  std::string value = std::visit(ValueText{format}, field.value);
  if (format == LogFormat::kJson) return "," + json_quoted(bounded(field.key)) + ":" + value;
  std::string out = " ";
  append_console(out, bounded(field.key));
  return out + "=" + value;
}

}  // namespace

std::string_view name(Level level) { return kNames.at(static_cast<std::size_t>(level)); }

Result<Level> level_named(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == name) return static_cast<Level>(i);
  }
  return Error{Code::kInvalidArgument, "there is no log level " + json_quoted(name), "Use debug, info, warn or error."};
}

Level LogLevels::of(std::string_view room) const {
  for (; !rooms.empty() && !room.empty(); room = folder_of(room)) {
    if (const auto found = rooms.find(room); found != rooms.end()) return found->second;
  }
  return least;
}

Result<LogLevels> log_levels(std::string_view least, std::string_view rooms) {
  LogLevels out{.least = DM_TRY(level_named(least))};
  for (std::string one : words_between_commas(rooms)) {
    std::erase(one, ' ');
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string room = one.substr(0, equals);
    if (!is_room(room)) {
      return Error{Code::kInvalidArgument, "there is no room " + json_quoted(bounded(room)),
                   fmt::format("Write rooms with their levels: server=debug,llm/router=warn. The rooms are: {}.",
                               fmt::join(kRooms, ", "))};
    }
    out.rooms[room] = DM_TRY(level_named(one.substr(std::min(equals + 1, one.size()))));
  }
  return out;
}

class Log::Impl {
 public:
  Impl(LogOptions options, const Clock& clock, std::shared_ptr<spdlog::logger> logger)
      : options_(std::move(options)), clock_(clock), logger_(std::move(logger)) {
    use(options_.levels);
  }

  void use(LogLevels levels) {
    const MutexLock lock(mutex_);
    levels_ = std::move(levels);
    Level least = levels_.least;
    for (const auto& [room, level] : levels_.rooms) least = std::min(least, level);
    least_of_any_ = least;
  }

  // Mostly it is a level that no room writes.
  bool enabled(Level level, const std::source_location& from) const {
    if (level < least_of_any_.load(std::memory_order_relaxed)) return false;
    const MutexLock lock(mutex_);
    return level >= levels_.of(room_of(from));
  }

  void write(Level level, std::string_view event, std::span<const Field> fields,
             const std::source_location& from) const {
    std::string line = head(level, event);
    if (options_.format == LogFormat::kJson) line += field_text({"room", room_of(from)}, options_.format);
    if (!request_id().empty()) line += field_text({"request", request_id()}, options_.format);
    if (trace_context()) line += field_text({"trace", trace_id(trace_context())}, options_.format);
    for (const Field& field : fields) {
      const std::string text = field_text(field, options_.format);
      if (line.size() + text.size() > kLineBytes - 32) {
        line += options_.format == LogFormat::kJson ? ",\"cut\":true" : " cut=true";
        break;
      }
      line += text;
    }
    if (options_.format == LogFormat::kJson) line += '}';
    if (options_.sink) {
      options_.sink(line);
    } else {
      logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
    }
  }

 private:
  std::string head(Level level, std::string_view event) const {
    const std::string at = utc_text(clock_.wall());
    if (options_.format == LogFormat::kJson) {
      return R"({"time":")" + at + R"(","level":")" + std::string(name(level)) + R"(","event":)" +
             json_quoted(bounded(event));
    }
    std::string label = fmt::format("{:<5}", name(level));
    if (options_.colour == Colour::kOn) {
      label = std::string(kColours.at(static_cast<std::size_t>(level))) + label + "\x1b[0m";
    }
    std::string out = at + " " + label + " ";
    append_console(out, bounded(event));
    return out;
  }

  const LogOptions options_;
  const Clock& clock_;
  std::atomic<Level> least_of_any_;
  mutable Mutex mutex_;
  LogLevels levels_ DM_GUARDED_BY(mutex_);
  const std::shared_ptr<spdlog::logger> logger_;  // spdlog hands them out shared; nobody else has this one.
};

Log::Log() = default;
Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::open(LogOptions options, const Clock& clock) {
  std::shared_ptr<spdlog::logger> logger;
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, kFileBytes, kFilesKept);
    }
    logger = std::make_shared<spdlog::logger>("docmind", std::move(sink));
  } catch (const spdlog::spdlog_ex& e) {
    return Error{Code::kUnavailable,
                 fmt::format("cannot open the log file {}: {}", json_quoted(options.file), e.what()),
                 "Set log.file to a path that can be written, or leave it empty for the terminal."};
  }
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);  // A crash must not take the last lines with it.
  // A full disk costs lines, not the program.
  const bool on_stderr = options.file.empty();
  logger->set_error_handler([on_stderr, told = std::make_shared<std::atomic_flag>()](const std::string& why) {
    if (on_stderr || told->test_and_set()) return;
    std::fputs(fmt::format("docmind: the log cannot be written, its lines are lost: {}\n", bounded(why)).c_str(),
               stderr);
  });
  return std::unique_ptr<Log>(new Log(std::make_unique<Impl>(std::move(options), clock, std::move(logger))));
}

bool Log::enabled(Level level, std::source_location from) const { return impl_ && impl_->enabled(level, from); }

void Log::use(LogLevels levels) {
  if (impl_) impl_->use(std::move(levels));
}

void Log::event(Level level, std::string_view event, std::initializer_list<Field> fields,
                std::source_location from) const {
  if (enabled(level, from)) impl_->write(level, event, {fields.begin(), fields.size()}, from);
}

void Log::failure(Level level, std::string_view event, const Error& error, std::initializer_list<Field> fields,
                  std::source_location from) const {
  if (!enabled(level, from)) return;
  std::vector<Field> all(fields);
  all.emplace_back("code", docmind::name(error.code));
  all.emplace_back("message", error.message);
  if (!error.hint.empty()) all.emplace_back("hint", error.hint);
  impl_->write(level, event, all, from);
}

}  // namespace docmind::obs
