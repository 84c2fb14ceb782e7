#include "llm/router/router.h"

#include <algorithm>
#include <set>
#include <utility>

namespace docmind::router {
namespace {

// Passes a stream on and remembers that something went through.
class Passing final : public llm::TokenStream {
 public:
  explicit Passing(llm::TokenStream& to) : to_(to) {}
  Result<> text(std::string_view piece) override {
    begun_ = true;
    return to_.text(piece);
  }
  bool begun() const { return begun_; }

 private:
  llm::TokenStream& to_;
  bool begun_ = false;
};

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

struct Router::Place {
  Member member;
  obs::Counter& answers;
  obs::Counter& failures;
  // Under the router's lock:
  TimePoint rests_until{};
  std::string failure{};
  std::optional<llm::Capabilities> can{};
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
    places_.push_back(std::make_unique<Place>(Place{std::move(member), answers, failures}));
  }
}

Router::~Router() = default;

// The one in use, then the others; those that rest come last.
std::vector<Router::Place*> Router::order() const {
  const MutexLock lock(mutex_);
  std::vector<Place*> all{places_[in_use_].get()};
  for (const auto& place : places_) {
    if (place != places_[in_use_]) all.push_back(place.get());
  }
  std::vector<Place*> out;
  std::vector<Place*> resting;
  const TimePoint now = deps_.clock.now();
  for (Place* place : all) {
    const bool open = place->member.left_alone && place->member.left_alone() > Duration::zero();
    (place->rests_until > now || open ? resting : out).push_back(place);
  }
  out.insert(out.end(), resting.begin(), resting.end());
  return out;
}

Result<llm::Capabilities> Router::can(Place& place, Deadline deadline, const std::stop_token& stop) {
  // Another backend may still answer: one that says nothing may not use up all the time.
  const Deadline patience = places_.size() > 1 ? deadline.sooner(options_.probe, deps_.clock) : deadline;
  Result<llm::Capabilities> told = place.member.model->capabilities(patience, stop);
  if (!told) {
    if (!stop.stop_requested()) failed(place, told.error());
    return told;
  }
  const MutexLock lock(mutex_);
  place.can = *told;
  return told;
}

Result<llm::Capabilities> Router::known(Place& place, Deadline deadline, const std::stop_token& stop) {
  {
    const MutexLock lock(mutex_);
    if (place.can && place.failure.empty()) return *place.can;
  }
  return can(place, deadline, stop);
}

void Router::failed(Place& place, const Error& error) {
  place.failures.add();
  deps_.log.failure(obs::Level::kWarn, "backend_failed", error, {{"backend", place.member.name}});
  const MutexLock lock(mutex_);
  place.rests_until = deps_.clock.now() + std::chrono::duration_cast<TimePoint::duration>(options_.rest);
  place.failure = error.message;
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
  for (std::size_t i = 0; i < why.size(); ++i) message += (i == 0 ? ": " : "; ") + why[i];
  return {Code::kUnavailable, message + ".", "Look at docmind backends, start one of them, or ask again."};
}

Result<llm::Capabilities> Router::capabilities(Deadline deadline, std::stop_token stop) {
  std::vector<std::string> why;
  for (Place* place : order()) {
    auto told = can(*place, deadline, stop);
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
    std::optional<Passing> passing;
    if (stream != nullptr) passing.emplace(*stream);
    Result<llm::ChatReply> reply = place->member.model->chat(request, passing ? &*passing : nullptr, deadline, stop);
    if (reply) {
      answered(*place, passed_over);
      reply->backend = place->member.name;
      reply->fallbacks = std::move(why);
      return reply;
    }
    if (stop.stop_requested() || deadline.expired() || !is_its_own(reply.error())) return reply;
    failed(*place, reply.error());
    if (passing && passing->begun()) return reply;
    skip(reply.error().message);
  }
  return none_answers(why);
}

Result<> Router::use(std::string_view name, Deadline deadline, std::stop_token stop) {
  const auto found = std::ranges::find_if(places_, [&](const auto& place) { return place->member.name == name; });
  if (found == places_.end()) {
    return Error{Code::kNotFound, "There is no backend " + std::string(name) + ".",
                 "docmind backends lists those that are set up."};
  }
  Place& place = **found;
  const auto told = place.member.model->capabilities(deadline, stop);
  if (!told) return told.error();
  const llm::ChatRequest warm_up{.messages = {{.role = llm::Role::kUser, .content = "Hi"}},
                                 .max_tokens = options_.warm_up_tokens};
  if (auto warm = place.member.model->chat(warm_up, nullptr, deadline, stop); !warm) return warm.error();
  deps_.log.event(obs::Level::kInfo, "backend_in_use", {{"backend", place.member.name}});
  const MutexLock lock(mutex_);
  place.can = *told;
  place.rests_until = {};
  place.failure.clear();
  in_use_ = static_cast<std::size_t>(found - places_.begin());
  return {};
}

void Router::look(Deadline deadline, const std::stop_token& stop) {
  for (Place* place : order()) (void)can(*place, deadline, stop);
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
                   .failure = place->rests_until > now ? place->failure : std::string(),
                   .answers = static_cast<std::uint64_t>(place->answers.value()),
                   .failures = static_cast<std::uint64_t>(place->failures.value())});
  }
  return out;
}

}  // namespace docmind::router
