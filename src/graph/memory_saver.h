// Keeps checkpoints in memory: for tests, and for runs that need interrupts but no restart.
//
// Thread safety: any method from any thread. Bounded by nothing but its users: prune() and delete_thread().
#pragma once
#include <memory>

#include "graph/checkpoint.h"

namespace docmind::graph {

class MemorySaver final : public Saver {
 public:
  MemorySaver();
  ~MemorySaver() override;

  Result<> put(const NewCheckpoint& checkpoint, Waiting waiting) override;
  Result<> put_writes(const Place& place, std::string_view checkpoint, const std::vector<PendingWrite>& writes,
                      Waiting waiting) override;
  Result<std::optional<SavedCheckpoint>> get(const Place& place, std::string_view id, Waiting waiting) override;
  Result<std::vector<SavedCheckpoint>> list(const ListFilter& filter, Waiting waiting) override;
  Result<std::vector<std::string>> threads(std::string_view after, std::size_t limit, Waiting waiting) override;
  Result<> delete_thread(std::string_view thread, Waiting waiting) override;
  Result<> delete_runs(const std::vector<std::string>& runs, Waiting waiting) override;
  Result<> copy_thread(std::string_view from, std::string_view to, Waiting waiting) override;
  Result<> prune(const std::vector<std::string>& threads, Prune what, Waiting waiting) override;

  // Pieces of values that are kept now: what its tests measure storage by.
  std::size_t pieces() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace docmind::graph
