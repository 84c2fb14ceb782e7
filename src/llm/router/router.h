// One chat model out of several backends: the one in use answers, and when it cannot, the next in the order does.
//
// A request goes to the backend in use. One that fails is passed over for a while, and the request goes to the next
// that can hold it (its window, its schema, its tools), unless a piece of the answer was given out already: then the
// error is the answer. Who answered, and why not another, stands in the reply. A switch loads and warms the new backend
// while the old one answers; requests that have begun stay where they are. A switch that fails changes nothing. Thread
// safety: any method from any thread. Metrics: docmind_backend_answers_total{backend},
// docmind_backend_failures_total{backend}, docmind_fallbacks_total{from,to}.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "base/thread_annotations.h"
#include "llm/chat_model.h"
#include "obs/log.h"
#include "obs/metrics.h"

namespace docmind::router {

// How a backend stands, as far as it is ours to know.
struct MemberState {
  Duration left_alone{};  // So long its breaker still refuses calls.
  std::string away{};     // Why it cannot be asked now ("is starting"); empty: it can.
  std::string reduced{};  // What it gave up since its memory did not suffice; empty: it runs as set up.
  bool loaded = true;     // Whether its model is in memory.
  Duration start_took{};  // Of its process; 0: it is not ours, or never ran.
};

struct Member {
  std::string name{};                           // "vllm"
  llm::ChatModel* model = nullptr;              // Outlives the router.
  std::string where{};                          // For people: an address, or "this process's own engine".
  bool elsewhere = false;                       // Text that goes there leaves this machine.
  std::uint32_t slots = 0;                      // Texts that it writes at once; 0: any number.
  std::function<MemberState()> state{};         // Empty: nothing is known of it.
  std::function<void()> release{};              // Frees its memory; the next request loads it again. Empty: nobody can.
  std::optional<llm::Capabilities> recorded{};  // What it could when it was tried last, by an earlier process.
};

struct RouterOptions {
  Duration rest = std::chrono::seconds(10);   // So long one that failed is passed over.
  Duration probe = std::chrono::seconds(20);  // For one to say what it can while others wait to be asked.
  std::uint32_t warm_up_tokens = 1;
  bool release_old = false;  // After a switch the old one's memory is freed, once its last answer has ended.
};

struct RouterDeps {  // All outlive the router.
  const Clock& clock;
  const obs::Log& log;
  obs::Metrics& metrics;
  // Gets what a backend can, whenever it is another than before; may be empty.
  std::function<void(const std::string& name, const llm::Capabilities& can)> record{};
};

struct MemberStatus {
  std::string name{};
  std::string where{};
  bool in_use = false;
  bool elsewhere = false;
  std::optional<llm::Capabilities> can{};  // As it last said,
  bool tried = false;                      // in this process; else as recorded.
  std::string failure{};                   // What it failed with last, while it is passed over.
  std::optional<Failure> last{};           // The same, and when; later, too.
  MemberState state{};
  std::uint64_t answers = 0;
  std::uint64_t failures = 0;
};

class Router final : public llm::ChatModel {
 public:
  // `members` in the order in which they stand in for each other, the first in use. kInvalidArgument without one, or
  // when two have one name.
  static Result<std::unique_ptr<Router>> open(std::vector<Member> members, const RouterOptions& options,
                                              RouterDeps deps);
  ~Router() override;

  // Of the first, from the one in use on, that answers. kUnavailable when none does.
  Result<llm::Capabilities> capabilities(Deadline deadline, std::stop_token stop) override;
  Result<std::vector<std::uint32_t>> count(std::span<const std::string> texts, Deadline deadline,
                                           std::stop_token stop) override;
  Result<llm::ChatReply> chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                              std::stop_token stop) override;

  // Puts another one in use, once it has answered. When its memory does not suffice beside the old one, that one's
  // answers end, its memory is freed, and it is tried once more; what runs on the old one otherwise goes on there.
  // kNotFound for a name that no member has; what it failed with, and the old one stays in use.
  Result<> use(std::string_view name, Deadline deadline, std::stop_token stop);

  // Has the one in use loaded and tried, however long that takes: before somebody waits for it.
  Result<> warm_up(Deadline deadline, const std::stop_token& stop);

  // Asks every one what it can, so that status() knows.
  void look(Deadline deadline, const std::stop_token& stop);
  std::vector<MemberStatus> status() const;

 private:
  struct Place;
  class Passing;
  Router(std::vector<Member> members, const RouterOptions& options, RouterDeps deps);
  std::vector<Place*> preferred() const DM_EXCLUDES(mutex_);
  std::vector<Place*> order() const DM_EXCLUDES(mutex_);
  void tell_resting(const Place& answering, std::vector<Place*>& passed_over, std::vector<std::string>& why) const
      DM_EXCLUDES(mutex_);
  Result<llm::ChatReply> ask(Place& place, const llm::ChatRequest& request, Passing& passing, Deadline deadline,
                             const std::stop_token& stop) DM_EXCLUDES(mutex_);
  Result<llm::ChatReply> in_order(Place& place, const llm::ChatRequest& request, Passing& passing, Deadline deadline,
                                  const std::stop_token& stop) DM_EXCLUDES(mutex_);
  Result<llm::Capabilities> load(Place& place, Deadline deadline, const std::stop_token& stop);
  Result<> make_room(Place& old, Deadline deadline, const std::stop_token& stop) DM_EXCLUDES(mutex_);
  void learn(Place& place, const llm::Capabilities& told) DM_EXCLUDES(mutex_);
  void release_idle(Place& place) DM_EXCLUDES(mutex_);
  void tell_model() DM_EXCLUDES(mutex_);
  // Asks it; kUnavailable, and no failure of its, while its process is on its way.
  Result<llm::Capabilities> can(Place& place, Deadline deadline, const std::stop_token& stop);
  Deadline patience(Deadline deadline) const;
  // As it said last; asked only when it has not said yet, or has failed since.
  Result<llm::Capabilities> known(Place& place, Deadline deadline, const std::stop_token& stop);
  void failed(Place& place, const Error& error) DM_EXCLUDES(mutex_);
  void answered(Place& place, const std::vector<Place*>& passed_over) DM_EXCLUDES(mutex_);
  Error none_answers(const std::vector<std::string>& why) const;

  const RouterOptions options_;
  const RouterDeps deps_;
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Place>> places_;  // The vector never changes.
  std::size_t in_use_ DM_GUARDED_BY(mutex_) = 0;
  std::condition_variable_any ended_;  // A request of some place has.
};

}  // namespace docmind::router
