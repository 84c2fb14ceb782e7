// What each backend could when it was tried last, kept in the data directory, one file each
// (docs/formats/data-directory.md): shown until it is tried anew, never relied on.
//
// Thread safety: any method from any thread.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "llm/chat_model.h"
#include "obs/log.h"
#include "sys/files.h"

namespace docmind::app {

class CapabilityRecords {
 public:
  // All outlive it; the folder is made with its first record.
  CapabilityRecords(std::filesystem::path folder, sys::Files& files, const Clock& clock, const obs::Log& log)
      : folder_(std::move(folder)), files_(files), clock_(clock), log_(log) {}

  // Nothing when there is none, or none that can be read.
  std::optional<llm::Capabilities> read(const std::string& backend) const;
  // One that cannot be written is told in the log.
  void write(const std::string& backend, const llm::Capabilities& can) const;

 private:
  const std::filesystem::path folder_;
  sys::Files& files_;
  const Clock& clock_;
  const obs::Log& log_;
};

}  // namespace docmind::app
