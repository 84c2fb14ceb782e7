#include "app/capability_records.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"

namespace docmind::app {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxRecord = 64U << 10U;
constexpr int kVersion = 1;

json::object to_json(const llm::Capabilities& can) {
  return {{"model", can.model},
          {"hash", can.hash},
          {"context", can.context},
          {"json_schema", can.json_schema},
          {"tools", can.tools},
          {"thinking", can.thinking},
          {"documents", can.documents},
          {"counts_tokens", can.counts_tokens},
          {"caches_prefix", can.caches_prefix},
          {"server", can.server}};
}

llm::Capabilities capabilities_in(const json::value& from) {
  const auto flag = [&from](std::string_view name) { return json_flag(json_member(from, name)); };
  const auto text = [&from](std::string_view name) { return std::string(json_text(json_member(from, name))); };
  return {.model = text("model"),
          .hash = text("hash"),
          .context = json_small(json_member(from, "context")),
          .json_schema = flag("json_schema"),
          .tools = flag("tools"),
          .thinking = flag("thinking"),
          .documents = flag("documents"),
          .counts_tokens = flag("counts_tokens"),
          .caches_prefix = flag("caches_prefix"),
          .server = text("server")};
}

}  // namespace

std::optional<llm::Capabilities> CapabilityRecords::read(const std::string& backend) const {
  const auto bytes = files_.read(folder_ / (backend + ".json"), kMaxRecord);
  if (!bytes) return {};
  const auto record = parse_json(*bytes);
  if (!record || json_count(json_member(*record, "version")) != kVersion) return {};
  llm::Capabilities can = capabilities_in(json_member(*record, "capabilities"));
  if (can.model.empty()) return {};
  return can;
}

void CapabilityRecords::write(const std::string& backend, const llm::Capabilities& can) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(clock_.wall());
  const std::string record = to_text(json::object{{"version", kVersion},
                                                  {"backend", backend},
                                                  {"tried", fmt::format("{:%FT%TZ}", seconds)},
                                                  {"capabilities", to_json(can)}});
  Result<> written = files_.make_dirs(folder_);
  if (written) written = files_.write_atomic(folder_ / (backend + ".json"), record + "\n");
  if (!written) {
    log_.failure(obs::Level::kWarn, "capability_record_lost", written.error(), {{"backend", backend}});
  }
}

}  // namespace docmind::app
