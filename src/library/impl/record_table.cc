#include "library/impl/record_table.h"

#include <optional>

namespace docmind::library {

Result<> insert_trace(store::Transaction& to, const TraceRow& trace, std::uint32_t keep) {
  DM_TRY(to.run("DELETE FROM trace WHERE id=?", {trace.id}));
  DM_TRY(to.run("INSERT INTO trace(id, created_ms, json) VALUES(?,?,?)", {trace.id, trace.created_ms, trace.json}));
  const std::int64_t number = to.last_row_id();
  for (std::int64_t document : trace.documents) {
    DM_TRY(to.run("INSERT OR IGNORE INTO trace_document(trace, document) VALUES(?,?)", {number, document}));
  }
  DM_TRY(to.run("DELETE FROM trace WHERE number<=?", {number - keep}));
  return {};
}

Result<std::string> read_trace(store::Source& from, std::string_view id) {
  auto row = DM_TRY(from.query("SELECT json FROM trace WHERE id=?", {id}));
  if (!DM_TRY(row.step())) {
    return Error{Code::kNotFound, "There is no trace with this id.",
                 "Only the newest traces are kept, and those of deleted documents and chats are removed."};
  }
  return std::string(row.text(0));
}

Result<std::uint64_t> delete_traces_of(store::Transaction& to, std::int64_t document) {
  return static_cast<std::uint64_t>(DM_TRY(
      to.run("DELETE FROM trace WHERE number IN (SELECT trace FROM trace_document WHERE document=?)", {document})));
}

Result<> delete_traces(store::Transaction& to, std::span<const std::string> ids) {
  for (const std::string& id : ids) DM_TRY(to.run("DELETE FROM trace WHERE id=?", {id}));
  return {};
}

Result<> insert_performance(store::Transaction& to, std::span<const Library::Performance> lines, std::uint32_t keep) {
  for (const Library::Performance& line : lines) {
    std::optional<std::string_view> metrics;
    if (!line.metrics.empty()) metrics = line.metrics;
    DM_TRY(
        to.run("INSERT INTO performance_logs(operation, latency_ms, tokens_processed, timestamp, metrics) "
               "VALUES(?,?,?,?,?)",
               {line.operation, line.latency_ms, line.tokens, line.at_ms, metrics}));
  }
  if (!lines.empty()) DM_TRY(to.run("DELETE FROM performance_logs WHERE id<=?", {to.last_row_id() - keep}));
  return {};
}

Result<std::vector<PerformanceRow>> read_performance(store::Source& from, std::string_view operation,
                                                     std::uint32_t limit) {
  auto row =
      DM_TRY(from.query("SELECT timestamp, latency_ms, tokens_processed, coalesce(metrics, '') FROM performance_logs "
                        "WHERE operation=? ORDER BY id DESC LIMIT ?",
                        {operation, limit}));
  std::vector<PerformanceRow> out;
  while (DM_TRY(row.step())) {
    out.push_back({row.integer(0), row.real(1), static_cast<std::uint64_t>(row.integer(2)), std::string(row.text(3))});
  }
  return out;
}

}  // namespace docmind::library
