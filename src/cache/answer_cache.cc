#include "cache/answer_cache.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "cache/impl/counts.h"
#include "cache/impl/flights.h"
#include "cache/impl/key_lists.h"
#include "cache/impl/questions.h"
#include "cache/record.h"

namespace docmind::cache {
namespace {

constexpr std::string_view kAbsent = "absent";

std::vector<std::string> tags_of(const Record& record) {
  std::vector<std::string> tags;
  if (!record.user.empty()) tags.push_back(tag_of(PurgeBy::kUser, record.user));
  if (!record.session.empty()) tags.push_back(tag_of(PurgeBy::kSession, record.session));
  for (const std::string& id : record.manifest.read) tags.push_back(tag_of(PurgeBy::kDocument, id));
  return tags;
}

std::int64_t now_ms(const Clock& clock) { return clock.wall().time_since_epoch().count(); }

// What came of trying one kept answer.
struct Tried {
  std::optional<Hit> hit{};
  std::string said{};  // The hit's text alone.
  std::string why{};
};

Tried missed(std::string_view why) { return {.why = std::string(why)}; }

// Fails closed: guards that fail find a difference.
Compared compared(const Compare& compare, std::string_view stored) {
  Result<Compared> found = compare(stored);
  return found ? *std::move(found) : Compared{.differs_in = "guard_failed"};
}

}  // namespace

std::string tag_of(PurgeBy by, std::string_view name) {
  switch (by) {
    case PurgeBy::kAll:
      return {};
    case PurgeBy::kUser:
      return "user:" + std::string(name);
    case PurgeBy::kSession:
      return "session:" + std::string(name);
    case PurgeBy::kDocument:
      return "document:" + std::string(name);
  }
  return {};
}

std::string_view name_of(Layer layer) { return layer == Layer::kExact ? "exact" : "semantic"; }

// What would have been given, in shadow mode.
struct Shadow {
  Layer layer = Layer::kExact;
  std::string said;
};

struct AnswerCache::Ticket::State {
  Flights::Lead lead{};
  ContentHash scope{};
  std::string key{};
  std::string name{};
  std::string question{};
  std::string space{};
  std::vector<float> vector{};
  std::optional<std::uint64_t> generation{};  // Of the library when it was given out; nothing while it was changing.
  std::uint64_t purges = 0;                   // Until then.
  std::optional<std::uint64_t> since{};       // Entries::moment() when it was given out.
  std::optional<Shadow> shadow{};
};

AnswerCache::Ticket::Ticket() = default;
AnswerCache::Ticket::Ticket(Ticket&&) noexcept = default;
AnswerCache::Ticket& AnswerCache::Ticket::operator=(Ticket&&) noexcept = default;
AnswerCache::Ticket::~Ticket() = default;

struct AnswerCache::State {
  State(AnswerCacheOptions given, AnswerCacheDeps its)
      : options(given),
        deps(std::move(its)),
        counts(deps.metrics),
        lists(deps.entries, deps.library.identity()),
        questions(options.questions, deps.plain) {}

  AnswerCacheOptions options;
  AnswerCacheDeps deps;
  Counts counts;
  KeyLists lists;
  Questions questions;
  Flights flights{};
  std::shared_mutex keeping{};  // Shared while one is kept, held alone by a purge.
  std::atomic<std::uint64_t> purges = 0;
  std::atomic<std::uint64_t> settled = 0;  // Generation up to which the search index knows the library.
  std::shared_ptr<void> listening{};

  void drop(const std::string& key, std::string_view why, Deadline deadline, std::stop_token stop);
  Tried try_key(const std::string& key, const Asked& asked, const ContentHash& scope, Layer layer, Deadline deadline,
                const std::stop_token& stop);
  Tried try_record(const std::string& key, Result<Record> record, const Asked& asked, const ContentHash& scope,
                   Layer layer, Deadline deadline, const std::stop_token& stop);
  std::optional<std::string> outdated(const Record& record, const Asked& asked, Deadline deadline,
                                      const std::stop_token& stop);
  Tried try_plain(const Asked& asked, const Ticket::State& ticket, const Compare& compare, Deadline deadline,
                  const std::stop_token& stop);
  Tried try_near(const Asked& asked, const Ticket::State& ticket, const Compare& compare, Deadline deadline,
                 const std::stop_token& stop);
  std::vector<Questions::Near> near_questions(const Asked& asked, const Ticket::State& ticket, Deadline deadline,
                                              const std::stop_token& stop);
  std::optional<Record> record_of_another(const std::string& key, Deadline deadline, const std::stop_token& stop);
  std::unique_ptr<Ticket::State> ticket_for(const Asked& asked, const ContentHash& scope) const;
  Looked served(Tried tried, std::unique_ptr<Ticket::State> ticket);
  std::optional<Refusal> refusal(const Ticket::State& ticket, const Offered& offered) const;
  std::optional<Refusal> keep(Ticket::State& ticket, Offered offered, Deadline deadline, const std::stop_token& stop);
  void load(Deadline deadline, const std::stop_token& stop);
};

AnswerCache::AnswerCache(std::unique_ptr<State> state) : state_(std::move(state)) {}
AnswerCache::~AnswerCache() { state_->listening.reset(); }

Result<std::unique_ptr<AnswerCache>> AnswerCache::open(AnswerCacheOptions options, AnswerCacheDeps deps,
                                                       Deadline deadline, std::stop_token stop) {
  auto state = std::make_unique<State>(options, std::move(deps));
  State* const raw = state.get();
  state->listening = raw->deps.library.listen(
      [raw](const library::Change& change) { raw->settled = std::max(raw->settled.load(), change.generation); });
  raw->settled = std::max(raw->settled.load(), raw->deps.library.generation());
  std::unique_ptr<AnswerCache> cache(new AnswerCache(std::move(state)));
  raw->load(deadline, stop);
  DM_TRY(cache->sweep(deadline, std::move(stop)));
  return cache;
}

void AnswerCache::State::load(Deadline deadline, const std::stop_token& stop) {
  const auto take = [this](const std::string& key, const std::string& bytes) {
    const auto record = read_record(bytes);
    if (record && record->key == key) questions.add(*record, {});
  };
  lists.read_all(take, deadline, stop);
}

// ---- looking ----

void AnswerCache::State::drop(const std::string& key, std::string_view why, Deadline deadline, std::stop_token stop) {
  questions.remove(key);
  if (deps.shared != nullptr) deps.shared->remove(key, deadline, stop);
  // What cannot be taken away now is held against the library again the next time.
  (void)deps.entries.erase(key, deadline, std::move(stop));
  counts.dropped(why);
}

// Why the library does not bear it (any more), nothing when it does. It is not dropped for "changing" and
// "look_failed".
std::optional<std::string> AnswerCache::State::outdated(const Record& record, const Asked& asked, Deadline deadline,
                                                        const std::stop_token& stop) {
  std::uint64_t generation = 0;
  {
    auto at = deps.library.read(deadline, stop);  // Not held while the search is made again.
    if (!at) return "look_failed";
    const auto now = at->generation();
    if (!now) return "look_failed";
    generation = *now;
    if (questions.checked(record) == generation) return std::nullopt;
    const auto standing = stands(record.manifest, *at);
    if (!standing) return "look_failed";
    if (!*standing) return "evidence_changed";
  }
  if (record.manifest.renewal == Renewal::kNone || !asked.best) return "library_changed";
  if (settled.load() < generation) return "changing";
  const auto best = asked.best(record.question, deadline, stop);
  if (!best) return "look_failed";
  if (*best != record.manifest.best) return "better_evidence";
  questions.add(record, generation);
  return std::nullopt;
}

Tried AnswerCache::State::try_key(const std::string& key, const Asked& asked, const ContentHash& scope, Layer layer,
                                  Deadline deadline, const std::stop_token& stop) {
  const auto got = deps.entries.get(key, deadline, stop);
  if (!got) return missed("store_failed");
  const std::optional<std::string>& bytes = *got;
  if (!bytes) {
    questions.remove(key);
    return missed(kAbsent);
  }
  return try_record(key, read_record(*bytes), asked, scope, layer, deadline, stop);
}

// What was read under that key.
Tried AnswerCache::State::try_record(const std::string& key, Result<Record> record, const Asked& asked,
                                     const ContentHash& scope, Layer layer, Deadline deadline,
                                     const std::stop_token& stop) {
  if (!record || record->key != key || record->scope != scope) {
    drop(key, "damaged", deadline, stop);
    return missed("damaged");
  }
  const std::int64_t age = now_ms(deps.clock) - record->made_ms;
  // A clock that was put back makes it older than it says: nobody knows how old.
  if (age < 0 || age >= std::chrono::duration_cast<std::chrono::milliseconds>(options.ttl).count()) {
    drop(key, "expired", deadline, stop);
    return missed("expired");
  }
  if (const auto why = outdated(*record, asked, deadline, stop)) {
    if (*why != "changing" && *why != "look_failed") drop(key, *why, deadline, stop);
    return missed(*why);
  }
  return {.hit = Hit{.layer = layer,
                     .answer = std::move(record->answer),
                     .question = std::move(record->question),
                     .age = static_cast<double>(age) / 1000,
                     .trace_id = std::move(record->trace_id),
                     .seconds = record->seconds,
                     .tokens = record->tokens},
          .said = std::move(record->said),
          .why = {}};
}

// What another machine has kept. Nothing: it is gone, is none, or where it is is away just now.
std::optional<Record> AnswerCache::State::record_of_another(const std::string& key, Deadline deadline,
                                                            const std::stop_token& stop) {
  const auto bytes = deps.entries.get(key, deadline, stop);
  if (!bytes || !*bytes) return std::nullopt;
  Result<Record> record = read_record(**bytes);
  if (!record || record->question.empty()) return std::nullopt;
  return *std::move(record);
}

// Its own and those of other machines, the nearest first.
std::vector<Questions::Near> AnswerCache::State::near_questions(const Asked& asked, const Ticket::State& ticket,
                                                                Deadline deadline, const std::stop_token& stop) {
  std::vector<Questions::Near> out =
      questions.nearest(ticket.scope, ticket.vector, asked.scope.embedder, options.candidates);
  if (deps.shared == nullptr) return out;
  for (SharedQuestions::Near& one :
       deps.shared->nearest(ticket.scope, ticket.vector, options.candidates, deadline, stop)) {
    if (std::ranges::find(out, one.key, &Questions::Near::key) != out.end()) continue;
    out.push_back({std::move(one.key), {}, one.cosine});
  }
  std::ranges::sort(out, std::greater<>(), &Questions::Near::cosine);
  if (out.size() > options.candidates) out.resize(options.candidates);
  return out;
}

// Those with the same plain words, which need no vector.
Tried AnswerCache::State::try_plain(const Asked& asked, const Ticket::State& ticket, const Compare& compare,
                                    Deadline deadline, const std::stop_token& stop) {
  if (!deps.plain || options.max_distance < 0) return {};
  for (const Questions::Near& one :
       questions.with_plain(ticket.scope, deps.plain(asked.question), options.candidates)) {
    const Compared found = compared(compare, one.question);
    if (!found.differs_in.empty() || !found.same_words) continue;
    Tried tried = try_key(one.key, asked, ticket.scope, Layer::kSemantic, deadline, stop);
    if (tried.hit) return tried;
  }
  return {};
}

// The nearest in turn: guards decide first, then the distance, then the library.
Tried AnswerCache::State::try_near(const Asked& asked, const Ticket::State& ticket, const Compare& compare,
                                   Deadline deadline, const std::stop_token& stop) {
  std::string why;  // Of the nearest.
  for (Questions::Near& near : near_questions(asked, ticket, deadline, stop)) {
    std::optional<Record> read;  // Of another machine's: its words stand in the entry alone.
    if (near.question.empty()) {
      read = record_of_another(near.key, deadline, stop);
      if (!read) continue;
      near.question = read->question;
    }
    Compared found = compared(compare, near.question);
    const double distance = 1 - static_cast<double>(near.cosine);
    const bool close = found.same_words || distance <= options.max_distance;
    if (found.differs_in.empty() && !close) found.differs_in = "distance";
    if (!found.differs_in.empty()) {
      if (why.empty()) why = std::move(found.differs_in);
      continue;
    }
    Tried tried = read ? try_record(near.key, *std::move(read), asked, ticket.scope, Layer::kSemantic, deadline, stop)
                       : try_key(near.key, asked, ticket.scope, Layer::kSemantic, deadline, stop);
    if (tried.hit) tried.hit->distance = std::max(0.0, distance);
    if (tried.hit) return tried;
    if (why.empty()) why = std::move(tried.why);
  }
  return missed(why);
}

std::unique_ptr<AnswerCache::Ticket::State> AnswerCache::State::ticket_for(const Asked& asked,
                                                                           const ContentHash& scope) const {
  auto ticket = std::make_unique<Ticket::State>();
  const std::string normalised = deps.normalised(asked.question);
  ticket->scope = scope;
  ticket->key = key_of(scope, normalised);
  ticket->name = asked.agent + "::" + asked.scope.query_type + "::" + normalised;
  ticket->question = asked.question;
  ticket->space = asked.scope.embedder;
  ticket->purges = purges;
  const std::uint64_t generation = deps.library.generation();
  if (settled.load() == generation) ticket->generation = generation;
  return ticket;
}

AnswerCache::Looked AnswerCache::State::served(Tried tried, std::unique_ptr<Ticket::State> ticket) {
  Looked out;
  if (tried.hit && options.serving == Serving::kOn) {
    counts.hit(*tried.hit);
    out.hit = std::move(tried.hit);
    return out;
  }
  if (const auto& hit = tried.hit) {
    ticket->shadow = Shadow{hit->layer, std::move(tried.said)};
    tried.why = "shadow";
  }
  // Now, after the store was asked: one that is shared has said then which purges there were.
  if (ticket != nullptr) {
    if (const auto moment = deps.entries.moment()) ticket->since = *moment;
  }
  counts.missed(tried.why);
  out.why = std::move(tried.why);
  out.ticket.state_ = std::move(ticket);
  return out;
}

Result<AnswerCache::Looked> AnswerCache::look(const Asked& asked, Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  if (asked.use == Use::kBypass) return my.served(missed("bypass"), nullptr);
  const Compare compare = my.deps.compare(asked.question);
  if (const Compared itself = compared(compare, asked.question); !itself.differs_in.empty()) {
    return my.served(missed(itself.differs_in), nullptr);
  }
  const ContentHash scope = hash_of(asked.scope);
  auto ticket = my.ticket_for(asked, scope);
  const auto embed = [&] {
    if (!asked.vector || my.options.max_distance < 0) return std::string();
    auto vector = asked.vector(deadline, stop);
    if (vector) ticket->vector = *std::move(vector);
    return std::string(vector ? "" : "embedder_failed");
  };
  if (asked.use == Use::kRefresh) {
    (void)embed();
    return my.served(missed("refresh"), std::move(ticket));
  }
  Tried exact = my.try_key(ticket->key, asked, scope, Layer::kExact, deadline, stop);
  if (!exact.hit) {
    ticket->lead = DM_TRY(my.flights.enter(ticket->key, deadline, stop));
    Tried again = my.try_key(ticket->key, asked, scope, Layer::kExact, deadline, stop);
    if (again.hit || exact.why == kAbsent) exact = std::move(again);
  }
  if (exact.hit) return my.served(std::move(exact), std::move(ticket));
  Tried plain = my.try_plain(asked, *ticket, compare, deadline, stop);
  if (plain.hit && my.options.serving == Serving::kOn) return my.served(std::move(plain), std::move(ticket));
  std::string failure = embed();
  if (!failure.empty()) return my.served(missed(failure), std::move(ticket));
  Tried near = plain.hit ? std::move(plain) : my.try_near(asked, *ticket, compare, deadline, stop);
  if (near.why.empty()) near.why = std::move(exact.why);
  return my.served(std::move(near), std::move(ticket));
}

// ---- keeping ----

std::optional<Refusal> AnswerCache::State::refusal(const Ticket::State& ticket, const Offered& offered) const {
  if (options.ttl <= Duration::zero()) return Refusal::kOff;
  if (const auto why = refusal_of(offered.facts, options.sampling)) return why;
  if (offered.manifest.cited.empty()) return Refusal::kUngrounded;
  if (offered.answer.size() > options.answer_bytes) return Refusal::kTooLarge;
  const std::uint64_t generation = deps.library.generation();
  if (ticket.generation != generation || settled.load() != generation) return Refusal::kChanged;
  if (ticket.purges != purges.load()) return Refusal::kPurged;
  return std::nullopt;
}

std::optional<Refusal> AnswerCache::State::keep(Ticket::State& ticket, Offered offered, Deadline deadline,
                                                const std::stop_token& stop) {
  const std::shared_lock lock(keeping);
  if (const auto why = refusal(ticket, offered)) return why;
  Record record;
  record.scope = ticket.scope;
  record.key = ticket.key;
  record.name = std::move(ticket.name);
  record.question = std::move(ticket.question);
  record.space = std::move(ticket.space);
  record.vector = to_halves(ticket.vector);
  record.user = std::move(offered.user);
  record.session = std::move(offered.session);
  record.trace_id = std::move(offered.trace_id);
  record.said = std::move(offered.said);
  record.made_ms = now_ms(deps.clock);
  record.seconds = offered.seconds;
  record.tokens = offered.tokens;
  record.manifest = std::move(offered.manifest);
  record.manifest.generation = ticket.generation.value_or(0);
  record.answer = std::move(offered.answer);
  const std::vector<std::string> tags = tags_of(record);
  Put put{
      .value = write_record(record), .ttl = options.ttl, .cost = record.seconds, .tags = tags, .since = ticket.since};
  if (!deps.entries.put(record.key, std::move(put), deadline, stop)) return Refusal::kStore;
  questions.add(record, ticket.generation);
  if (deps.shared != nullptr) deps.shared->add(record, tags, deadline, stop);
  (void)lists.add(record.key, deadline, stop);  // Without, it is found by its own words alone after a restart.
  return std::nullopt;
}

std::optional<Refusal> AnswerCache::offer(Ticket ticket, Offered offered, Deadline deadline, std::stop_token stop) {
  if (!ticket.state_) return Refusal::kOff;
  if (const auto& shadow = ticket.state_->shadow) state_->counts.shadow(shadow->layer, shadow->said == offered.said);
  const auto refused = state_->keep(*ticket.state_, std::move(offered), deadline, stop);
  if (refused) state_->counts.not_kept(*refused);
  return refused;
}

// ---- taking away ----

Result<std::uint64_t> AnswerCache::purge(PurgeBy by, std::string_view name, Deadline deadline, std::stop_token stop) {
  if (by != PurgeBy::kAll && name.empty()) {
    return Error{Code::kInvalidArgument, "whose answers are to be purged is not said", "Name them, or purge all."};
  }
  ++state_->purges;  // What is being made now is not kept any more.
  const std::unique_lock lock(state_->keeping);
  const std::size_t known = state_->questions.size();
  state_->questions.remove_tagged(by, name);
  SharedQuestions* const shared = state_->deps.shared;
  const Result<> of_others = shared == nullptr ? Result<>() : shared->purge(tag_of(by, name), deadline, stop);
  const std::uint64_t purged = DM_TRY(state_->deps.entries.purge(tag_of(by, name), deadline, std::move(stop)));
  if (!of_others) return of_others.error();
  return by == PurgeBy::kAll ? known : purged;  // Without the lists.
}

Result<> AnswerCache::sweep(Deadline deadline, std::stop_token stop) {
  std::vector<std::string> gone;
  {
    library::Snapshot at = DM_TRY(state_->deps.library.read(deadline, stop));
    gone = DM_TRY(state_->questions.outdated(at));
  }
  for (const std::string& key : gone) state_->drop(key, "swept", deadline, stop);
  return {};
}

std::uint64_t AnswerCache::count(PurgeBy by, std::string_view name) const {
  return state_->questions.count_tagged(by, name);
}

Result<AnswerCacheStats> AnswerCache::stats() {
  const EntriesStats kept = DM_TRY(state_->deps.entries.stats());
  AnswerCacheStats out = state_->counts.stats();
  out.answers = state_->questions.size();
  out.bytes = kept.bytes;
  out.place = kept.place;
  out.trouble = kept.trouble;
  out.max_distance = state_->options.max_distance;
  return out;
}

}  // namespace docmind::cache
