#include "service/doctor.h"

#include <fmt/format.h>

#include <cmath>

namespace docmind::service {
namespace {

Check failed(std::string name, const Error& error) {
  return {std::move(name), CheckStatus::kFailed,
          error.hint.empty() ? error.message : fmt::format("{}; {}", error.message, error.hint)};
}

Check library_check(const Patient& patient, Deadline deadline, std::stop_token stop) {
  auto at = patient.library.read(deadline, stop);
  if (!at) return failed("library", at.error());
  auto stats = at->stats();
  if (!stats) return failed("library", stats.error());
  return {"library", CheckStatus::kOk,
          fmt::format("{}: {} documents, {} chunks", patient.library_path, stats->documents, stats->chunks)};
}

// A data directory that can be read but not written would fail at the first ingest, not now.
Check disk_check(const Patient& patient) {
  const std::string probe = patient.library_path + ".probe";
  if (auto written = patient.files.write_atomic(probe, "docmind"); !written) return failed("disk", written.error());
  if (auto removed = patient.files.remove(probe); !removed) return failed("disk", removed.error());
  return {"disk", CheckStatus::kOk, "the data directory can be written"};
}

Check parser_check(const Patient& patient, Deadline deadline, std::stop_token stop) {
  auto parsed = patient.parser.parse("# Title\n\nOne sentence.\n", "sample.md", deadline, stop);
  if (!parsed) return failed("parser", parsed.error());
  if (parsed->blocks.size() != 2)
    return {"parser", CheckStatus::kFailed, "a sample was read wrongly; reinstall docmind"};
  return {"parser", CheckStatus::kOk, "a sample was read in a process of its own"};
}

Check embedder_check(const Patient& patient, Deadline deadline, std::stop_token stop) {
  const llm::EmbedInput sample{"One sentence.", {}};
  auto embedded = patient.embedder.embed({&sample, 1}, deadline, stop);
  if (!embedded) return failed("embedder", embedded.error());
  auto info = patient.embedder.info(deadline, stop);
  if (!info) return failed("embedder", info.error());
  double norm = 0;
  for (const float x : embedded->front().vector) norm += static_cast<double>(x) * static_cast<double>(x);
  if (std::abs(norm - 1) > 1e-3)
    return {"embedder", CheckStatus::kFailed, "a vector is not of length 1; import the model again"};
  return {"embedder", CheckStatus::kOk,
          fmt::format("{}, {} dimensions, window {}", info->name, info->dimensions, info->window)};
}

}  // namespace

std::vector<Check> examine(const Patient& patient, Deadline deadline, std::stop_token stop) {
  return {library_check(patient, deadline, stop), disk_check(patient), parser_check(patient, deadline, stop),
          embedder_check(patient, deadline, stop)};
}

}  // namespace docmind::service
