// Where vectors are kept, as the settings say: stores of one server for the rooms that want them.
//
// Thread safety: any.
#pragma once
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "config/settings.h"
#include "net/client.h"
#include "vectors/store.h"

namespace docmind::app {

// kInvalidArgument when vectors.url is no address of such a server, or is another machine that is not allowed by name.
Result<> check_vector_stores(const config::Settings& settings);

// What of a store is this data directory's alone: ids in it are those of its library. Another on another machine with
// the same path has another name, as long as the machines' names differ.
std::string own_name(const std::filesystem::path& data);

// What is at vectors.url just now, as a sentence for `docmind doctor`. The Error says what is wrong and what to do.
Result<std::string> examine_vector_stores(const config::Settings& settings, const std::filesystem::path& data,
                                          const Clock& clock, Deadline deadline, std::stop_token stop);

class VectorStores {
 public:
  // vectors.store is not embedded. Asks nobody yet. Errors: those of check_vector_stores(). The arguments outlive it
  // and its stores.
  static Result<std::unique_ptr<VectorStores>> open(const config::Settings& settings, const Clock& clock);

  // `timeout`: of one request. A caller that a person waits for, and that has another way, wants a short one.
  Result<std::unique_ptr<vectors::Store>> store(vectors::Collection collection, Duration timeout) const;

  const std::string& where() const { return where_; }                  // "Qdrant at 127.0.0.1:6333"
  const std::string& sends_text_to() const { return sends_text_to_; }  // The same when it is another machine; or empty.

 private:
  VectorStores(const config::Settings& settings, const Clock& clock) : settings_(settings), clock_(clock) {}
  const config::Settings& settings_;
  const Clock& clock_;
  std::unique_ptr<net::Client> client_;  // Null for PostgreSQL.
  std::string where_;
  std::string sends_text_to_;
};

}  // namespace docmind::app
