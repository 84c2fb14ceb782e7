#include "llm/ollama/own_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"
#include "base/sha256.h"
#include "exec/wait.h"

namespace docmind::ollama {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxRecord = 64U << 10U;
constexpr Duration kToList = std::chrono::minutes(2);  // It may have to be started.
constexpr std::uint64_t kMade = 1;  // Grows when what is made of a file changes: its template, its parameters.

std::string how_far(const Progress& at) {
  if (at.total == 0) return at.what.empty() ? "Ollama is started" : at.what;
  return fmt::format("{} {} %", at.what, at.done * 100 / at.total);
}

}  // namespace

// What was made, of which file.
struct OwnModel::Record {
  std::string file{};
  std::uint64_t size = 0;
  std::uint64_t mtime_ns = 0;
  std::string sha256{};
  std::string name{};
  std::uint64_t context = 0;
  std::uint64_t made = 0;
  std::string digest{};  // Of the model in Ollama.

  bool is_of(const std::filesystem::path& path, const sys::FileStat& now) const {
    return file == path.string() && size == now.size && mtime_ns == static_cast<std::uint64_t>(now.mtime_ns);
  }
};

OwnModel::OwnModel(OwnModelOptions options, OwnModelDeps deps) : options_(std::move(options)), deps_(deps) {}

OwnModel::~OwnModel() {
  std::jthread worker;
  {
    const MutexLock lock(mutex_);
    worker = std::move(worker_);
  }  // Stopped and joined without the lock, which it takes at its end.
}

Result<std::uint64_t> OwnModel::ready(Deadline deadline, std::stop_token stop) {
  const sys::FileStat now = DM_TRY(deps_.files.stat(options_.file).with("the model for Ollama"));
  MutexLock lock(mutex_);
  if (!working_ && made_of_ == now) return times_;
  if (!working_) {
    working_ = true;
    failure_.reset();
    at_ = {};
    worker_ = std::jthread([this, now](const std::stop_token& ended) { run(now, ended); });
  }
  const auto waited =
      exec::wait_until(changed_, lock, deadline, std::move(stop), [this]() DM_REQUIRES(mutex_) { return !working_; });
  if (waited == exec::Waited::kStopped) return exec::error_of(waited, "waiting for the model in Ollama");
  if (waited == exec::Waited::kDeadline) {
    return Error{Code::kUnavailable, fmt::format("Ollama is being given {}: {}.", options_.name, how_far(at_)),
                 "It goes on; ask again in a moment."};
  }
  if (failure_) return *failure_;
  return times_;
}

void OwnModel::forget() {
  const MutexLock lock(mutex_);
  made_of_.reset();
}

void OwnModel::run(const sys::FileStat& file, const std::stop_token& stop) {
  Result<> made = make(file, stop);
  if (!made && made.error().code != Code::kCancelled) {
    deps_.log.failure(obs::Level::kWarn, "ollama_model_failed", made.error(), {{"model", options_.name}});
  }
  const MutexLock lock(mutex_);
  working_ = false;
  if (made) {
    made_of_ = file;
    ++times_;
  } else {
    failure_ = std::move(made).error();
  }
  changed_.notify_all();
}

void OwnModel::tell(const Progress& progress) {
  const MutexLock lock(mutex_);
  at_ = progress;
}

Result<> OwnModel::make(const sys::FileStat& file, const std::stop_token& stop) {
  Record record = recorded().value_or(Record{});
  const bool same_file = record.is_of(options_.file, file);
  if (same_file && DM_TRY(is_there(record, stop))) return {};
  const OnProgress telling = [this](const Progress& progress) { tell(progress); };
  const std::string sha256 = DM_TRY(deps_.models.create({.file = options_.file,
                                                         .name = options_.name,
                                                         .context = options_.context,
                                                         .digest = same_file ? record.sha256 : std::string()},
                                                        telling, Deadline::never(), stop));
  record = {.file = options_.file.string(),
            .size = file.size,
            .mtime_ns = static_cast<std::uint64_t>(file.mtime_ns),
            .sha256 = sha256,
            .name = options_.name,
            .context = options_.context,
            .made = kMade};
  for (const ListedModel& one : DM_TRY(deps_.models.list(Deadline::never(), stop))) {
    if (one.name == with_tag(options_.name)) record.digest = one.digest;
  }
  keep(record);
  deps_.log.event(obs::Level::kInfo, "ollama_model_made", {{"model", options_.name}, {"sha256", sha256}});
  return {};
}

Result<bool> OwnModel::is_there(const Record& record, const std::stop_token& stop) const {
  const bool same = record.name == options_.name && record.context == options_.context && record.made == kMade;
  if (!same || record.digest.empty()) return false;
  const std::vector<ListedModel> listed = DM_TRY(deps_.models.list(Deadline::in(kToList, deps_.clock), stop));
  return std::ranges::any_of(listed, [&](const ListedModel& one) {
    return one.name == with_tag(options_.name) && one.digest == record.digest;
  });
}

std::optional<OwnModel::Record> OwnModel::recorded() const {
  const auto text = deps_.files.read(options_.record, kMaxRecord);
  const auto value = text ? parse_json(*text) : Result<json::value>(text.error());
  if (!value) return std::nullopt;
  const auto word = [&](std::string_view key) { return std::string(json_text(json_member(*value, key))); };
  const auto number = [&](std::string_view key) { return json_count(json_member(*value, key)); };
  Record out{.file = word("file"),
             .size = number("size"),
             .mtime_ns = number("mtime_ns"),
             .sha256 = word("sha256"),
             .name = word("name"),
             .context = number("context"),
             .made = number("made"),
             .digest = word("digest")};
  if (!is_sha256(out.sha256)) return std::nullopt;
  return out;
}

// A convenience: without it the next process asks and hashes again.
void OwnModel::keep(const Record& record) const {
  const json::object out{{"file", record.file},     {"size", record.size},    {"mtime_ns", record.mtime_ns},
                         {"sha256", record.sha256}, {"name", record.name},    {"context", record.context},
                         {"made", record.made},     {"digest", record.digest}};
  (void)static_cast<bool>(deps_.files.make_dirs(options_.record.parent_path()));
  (void)static_cast<bool>(deps_.files.write_atomic(options_.record, to_text(out) + "\n"));
}

}  // namespace docmind::ollama
