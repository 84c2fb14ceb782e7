#include "llm/router/router.h"

#include <algorithm>
#include <set>
#include <utility>

#include "exec/wait.h"
#include "llm/router/prefix_order.h"

namespace docmind::router {
namespace {

// Whether the failure is the backend's, so that another one may do better.
bool is_its_own(const Error& error) {
  return error.code != Code::kInvalidArgument && error.code != Code::kCancelled && error.code != Code::kConflict;
}

// Why this one cannot take the request; empty when it can.
std::string unfit(const llm::ChatRequest& request, const llm::Capabilities& can) {
  if (request.window > 0 && can.context > 0 && can.context < request.window) return "its window is smaller";
  if (!request.schema.empty() && !can.json_schema) return "it cannot be held to a schema";
  if (!request.tools.empty() && !can.tools) return "it cannot call tools";
  return {};
}

}  // namespace

// Passes a stream on, to nobody when nobody listens, and remembers that something went out.
class Router::Passing final : public llm::TokenStream {
 public:
  explicit Passing(llm::TokenStream* to) : to_(to) {}
  Result<> text(std::string_view piece) override {
    if (turn_ != nullptr) turn_->first_token();
    if (to_ == nullptr) return {};
    begun_ = true;
    return to_->text(piece);
  }
  bool begun() const { return begun_; }
  void tell(PrefixOrder::Turn* turn) { turn_ = turn; }  // Its first token. Null: nobody.
  // What a model is given: nothing when neither somebody listens nor somebody waits for the first token.
  llm::TokenStream* stream() { return to_ != nullptr || turn_ != nullptr ? this : nullptr; }

 private:
  llm::TokenStream* const to_;
  PrefixOrder::Turn* turn_ = nullptr;
  bool begun_ = false;
};

struct Router::Place {
  Place(Member m, obs::Counter& a, obs::Counter& f, const PrefixOrderOptions& order, const Clock& clock)
      : member(std::move(m)), answers(a), failures(f), prefixes(order, clock) {}

  Member member;
  obs::Counter& answers;
  obs::Counter& failures;
  PrefixOrder prefixes;
  // Under the router's lock:
  std::uint32_t running = 0;
  bool leaving = false;  // Its memory goes with its last answer.
  bool tried = false;
  TimePoint rests_until{};
  std::string failure{};
  std::optional<Failure> last{};
  std::optional<llm::Capabilities> can{};

  MemberState state() const { return member.state ? member.state() : MemberState{}; }
};

Result<std::unique_ptr<Router>> Router::open(std::vector<Member> members, const RouterOptions& options,
                                             RouterDeps deps) {
  std::set<std::string> names;
  for (const Member& member : members) names.insert(member.name);
  if (members.empty() || names.size() != members.size()) {
    return Error{Code::kInvalidArgument, "The backends have no name each of their own.", "Name each once."};
  }
  return std::unique_ptr<Router>(new Router(std::move(members), options, deps));
}

Router::Router(std::vector<Member> members, const RouterOptions& options, RouterDeps deps)
    : options_(options), deps_(deps) {
  for (Member& member : members) {
    const obs::Labels labels{{"backend", member.name}};
    obs::Counter& answers =
        deps_.metrics.counter("docmind_backend_answers_total", "Answers that a backend wrote.", labels);
    obs::Counter& failures =
        deps_.metrics.counter("docmind_backend_failures_total", "Requests that a backend failed.", labels);
    std::optional<llm::Capabilities> recorded = std::move(member.recorded);
    const std::uint32_t slots = member.slots;
    places_.push_back(
        std::make_unique<Place>(std::move(member), answers, failures, PrefixOrderOptions{.slots = slots}, deps_.clock));
    places_.back()->can = std::move(recorded);
  }
}

Router::~Router() = default;

// The one in use, then the others.
std::vector<Router::Place*> Router::preferred() const {
  const MutexLock lock(mutex_);
  std::vector<Place*> out{places_[in_use_].get()};
  for (const auto& place : places_) {
    if (place != places_[in_use_]) out.push_back(place.get());
  }
  return out;
}

// As preferred, but those that rest come last.
std::vector<Router::Place*> Router::order() const {
  std::vector<Place*> out;
  std::vector<Place*> resting;
  const TimePoint now = deps_.clock.now();
  for (Place* place : preferred()) {
    const MemberState state = place->state();
    const MutexLock lock(mutex_);
    const bool waits = place->rests_until > now || state.left_alone > Duration::zero() || !state.away.empty();
    (waits ? resting : out).push_back(place);
  }
  out.insert(out.end(), resting.begin(), resting.end());
  return out;
}

Result<llm::Capabilities> Router::can(Place& place, Deadline deadline, const std::stop_token& stop) {
  if (std::string away = place.state().away; !away.empty()) return Error{Code::kUnavailable, std::move(away)};
  Result<llm::Capabilities> told = place.member.model->capabilities(deadline, stop);
  if (!told) {
    if (!stop.stop_requested()) failed(place, told.error());
    return told;
  }
  learn(place, *told);
  return told;
}

void Router::learn(Place& place, const llm::Capabilities& told) {
  bool other = false;
  {
    const MutexLock lock(mutex_);
    other = place.can != told;
    place.can = told;
    place.tried = true;
  }
  if (other && deps_.record) deps_.record(place.member.name, told);
  tell_model();
}

// The model that answers, for dashboards: 1 for the one in use, 0 for one that was.
void Router::tell_model() {
  const MutexLock lock(mutex_);
  for (const auto& place : places_) {
    const auto& can = place->can;
    if (!can) continue;
    deps_.metrics
        .gauge("docmind_model_info", "1 for the model that answers.",
               {{"backend", place->member.name}, {"model", can->model}})
        .set(place == places_[in_use_] ? 1 : 0);
  }
}

Result<llm::Capabilities> Router::known(Place& place, Deadline deadline, const std::stop_token& stop) {
  if (place.state().away.empty()) {
    const MutexLock lock(mutex_);
    if (place.can && place.tried && place.failure.empty()) return *place.can;
  }
  return can(place, patience(deadline), stop);
}

// Another backend may still answer: one that says nothing may not use up all the time.
Deadline Router::patience(Deadline deadline) const {
  return places_.size() > 1 ? deadline.sooner(options_.probe, deps_.clock) : deadline;
}

// Those before the one that answered that were not even asked, since they failed a moment ago.
void Router::tell_resting(const Place& answering, std::vector<Place*>& passed_over,
                          std::vector<std::string>& why) const {
  for (Place* place : preferred()) {
    if (place == &answering) return;
    if (std::ranges::find(passed_over, place) != passed_over.end()) continue;
    const MemberState state = place->state();
    std::string reason = state.away;
    if (reason.empty()) {
      const MutexLock lock(mutex_);
      reason = place->failure;
    }
    passed_over.push_back(place);
    why.push_back(place->member.name + ": " + (reason.empty() ? "it failed a moment ago" : reason));
  }
}

void Router::failed(Place& place, const Error& error) {
  place.failures.add();
  deps_.log.failure(obs::Level::kWarn, "backend_failed", error, {{"backend", place.member.name}});
  const MutexLock lock(mutex_);
  place.rests_until = deps_.clock.now() + std::chrono::duration_cast<TimePoint::duration>(options_.rest);
  place.failure = error.message;
  place.last = Failure{error, deps_.clock.wall().time_since_epoch().count()};
}

void Router::answered(Place& place, const std::vector<Place*>& passed_over) {
  place.answers.add();
  for (const Place* other : passed_over) {
    deps_.metrics
        .counter("docmind_fallbacks_total", "Requests that another backend answered.",
                 {{"from", other->member.name}, {"to", place.member.name}})
        .add();
    deps_.log.event(obs::Level::kWarn, "backend_fallback", {{"from", other->member.name}, {"to", place.member.name}});
  }
  const MutexLock lock(mutex_);
  place.rests_until = {};
  place.failure.clear();
}

Error Router::none_answers(const std::vector<std::string>& why) const {
  std::string message = "No backend answers";
  for (std::size_t i = 0; i < why.size(); ++i) {
    message += (i == 0 ? ": " : "; ") + why[i];
    if (message.ends_with('.')) message.pop_back();  // One stop, at the end of all.
  }
  return {Code::kUnavailable, message + ".", "Look at docmind backends, start one of them, or ask again."};
}

Result<llm::Capabilities> Router::capabilities(Deadline deadline, std::stop_token stop) {
  std::vector<std::string> why;
  for (Place* place : order()) {
    auto told = can(*place, patience(deadline), stop);
    if (told || stop.stop_requested() || deadline.expired()) return told;
    why.push_back(place->member.name + ": " + told.error().message);
  }
  return none_answers(why);
}

Result<std::vector<std::uint32_t>> Router::count(std::span<const std::string> texts, Deadline deadline,
                                                 std::stop_token stop) {
  // By the tokenizer of the one whose capabilities the caller was told; another's would count other tokens.
  return order().front()->member.model->count(texts, deadline, std::move(stop));
}

Result<llm::ChatReply> Router::chat(const llm::ChatRequest& request, llm::TokenStream* stream, Deadline deadline,
                                    std::stop_token stop) {
  std::vector<Place*> passed_over;
  std::vector<std::string> why;
  for (Place* place : order()) {
    const auto skip = [&](const std::string& reason) {
      passed_over.push_back(place);
      why.push_back(place->member.name + ": " + reason);
    };
    const auto told = known(*place, deadline, stop);
    if (stop.stop_requested()) return Error{Code::kCancelled, "The request was cancelled."};
    if (deadline.expired()) return Error{Code::kDeadlineExceeded, "No backend answered in time."};
    if (!told) {
      skip(told.error().message);
      continue;
    }
    if (const std::string reason = unfit(request, *told); !reason.empty()) {
      skip(reason);
      continue;
    }
    Passing passing(stream);
    Result<llm::ChatReply> reply = ask(*place, request, passing, deadline, stop);
    if (reply) {
      tell_resting(*place, passed_over, why);
      answered(*place, passed_over);
      reply->backend = place->member.name;
      reply->model = told->model;
      for (const std::string& one : why) reply->fallbacks.push_back("Another backend wrote it: " + one);
      if (const std::string reduced = place->state().reduced; !reduced.empty()) {
        reply->fallbacks.push_back(place->member.name + " runs with less: " + reduced);
      }
      return reply;
    }
    if (stop.stop_requested() || deadline.expired() || !is_its_own(reply.error())) return reply;
    failed(*place, reply.error());
    if (passing.begun()) return reply;
    skip(reply.error().message);
  }
  return none_answers(why);
}

// One request, counted while it runs.
Result<llm::ChatReply> Router::ask(Place& place, const llm::ChatRequest& request, Passing& passing, Deadline deadline,
                                   const std::stop_token& stop) {
  {
    const MutexLock lock(mutex_);
    ++place.running;
  }
  Result<llm::ChatReply> reply = in_order(place, request, passing, deadline, stop);
  {
    const MutexLock lock(mutex_);
    --place.running;
    ended_.notify_all();
  }
  release_idle(place);
  return reply;
}

// Our own engine takes documents, and orders by itself.
Result<llm::ChatReply> Router::in_order(Place& place, const llm::ChatRequest& request, Passing& passing,
                                        Deadline deadline, const std::stop_token& stop) {
  bool ordered = place.member.slots > 0;
  {
    const MutexLock lock(mutex_);
    if (place.can) ordered = !place.can->documents && (ordered || place.can->caches_prefix);
  }
  if (!ordered) return place.member.model->chat(request, passing.stream(), deadline, stop);
  PrefixOrder::Turn turn = DM_TRY(place.prefixes.enter(beginning_of(request), deadline, stop));
  passing.tell(turn.leads() ? &turn : nullptr);
  Result<llm::ChatReply> reply = place.member.model->chat(request, passing.stream(), deadline, stop);
  passing.tell(nullptr);
  if (reply) turn.first_token();
  return reply;
}

void Router::release_idle(Place& place) {
  {
    const MutexLock lock(mutex_);
    if (place.running > 0 || !std::exchange(place.leaving, false)) return;
  }
  place.member.release();
  deps_.log.event(obs::Level::kInfo, "backend_released", {{"backend", place.member.name}});
}

Result<llm::Capabilities> Router::load(Place& place, Deadline deadline, const std::stop_token& stop) {
  llm::Capabilities told = DM_TRY(place.member.model->capabilities(deadline, stop));
  const llm::ChatRequest warm_up{.messages = {{.role = llm::Role::kUser, .content = "Hi"}},
                                 .max_tokens = options_.warm_up_tokens};
  DM_TRY(place.member.model->chat(warm_up, nullptr, deadline, stop));
  return told;
}

Result<> Router::make_room(Place& old, Deadline deadline, const std::stop_token& stop) {
  {
    MutexLock lock(mutex_);
    const auto idle = [&old]() DM_REQUIRES(mutex_) { return old.running == 0; };
    const exec::Waited waited = exec::wait_until(ended_, lock, deadline, stop, idle);
    if (waited != exec::Waited::kReady) return exec::error_of(waited, "waiting for the old backend's answers");
    old.leaving = true;
  }
  release_idle(old);
  return {};
}

Result<> Router::use(std::string_view name, Deadline deadline, std::stop_token stop) {
  const auto found = std::ranges::find_if(places_, [&](const auto& place) { return place->member.name == name; });
  if (found == places_.end()) {
    return Error{Code::kNotFound, "There is no backend " + std::string(name) + ".",
                 "docmind backends lists those that are set up."};
  }
  Place& place = **found;
  Place* old = nullptr;
  {
    const MutexLock lock(mutex_);
    old = places_[in_use_].get();
  }
  auto told = load(place, deadline, stop);
  const bool no_room = !told && told.error().code == Code::kResourceExhausted && !place.state().loaded;
  if (no_room && old != &place && old->member.release) {
    DM_TRY(make_room(*old, deadline, stop));
    told = load(place, deadline, stop);
  }
  if (!told) return told.error();
  deps_.log.event(obs::Level::kInfo, "backend_in_use", {{"backend", place.member.name}});
  {
    const MutexLock lock(mutex_);
    place.rests_until = {};
    place.failure.clear();
    place.leaving = false;
    in_use_ = static_cast<std::size_t>(found - places_.begin());
    if (options_.release_old && old != &place && old->member.release) old->leaving = true;
  }
  learn(place, *told);
  release_idle(*old);
  return {};
}

Result<> Router::warm_up(Deadline deadline, const std::stop_token& stop) {
  Place& first = *preferred().front();
  if (!first.state().away.empty()) return {};  // It is on its way.
  DM_TRY(can(first, deadline, stop));
  return {};
}

void Router::look(Deadline deadline, const std::stop_token& stop) {
  for (Place* place : order()) (void)can(*place, patience(deadline), stop);
}

std::vector<MemberStatus> Router::status() const {
  const MutexLock lock(mutex_);
  std::vector<MemberStatus> out;
  const TimePoint now = deps_.clock.now();
  for (const auto& place : places_) {
    out.push_back({.name = place->member.name,
                   .where = place->member.where,
                   .in_use = place == places_[in_use_],
                   .elsewhere = place->member.elsewhere,
                   .can = place->can,
                   .tried = place->tried,
                   .failure = place->rests_until > now ? place->failure : std::string(),
                   .last = place->last,
                   .state = place->state(),
                   .answers = static_cast<std::uint64_t>(place->answers.value()),
                   .failures = static_cast<std::uint64_t>(place->failures.value())});
  }
  return out;
}

}  // namespace docmind::router
