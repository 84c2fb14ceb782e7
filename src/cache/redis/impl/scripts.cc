#include "cache/redis/impl/scripts.h"

namespace docmind::cache::scripts {
namespace {

// tags_of: as row.h packs them; nothing for what is not packed so.
// For want of memory the server refuses a script's first write alone, and only one that takes memory: so purge begins
// with a DEL of nothing, and is never refused, and put with an HSET that changes nothing, and is refused as a whole.
constexpr const char* kCommon = R"lua(
local P = ARGV[1]
local call = redis.call
local function text(number) return string.format('%.0f', number) end
local function micros() local t = call('TIME') return t[1] * 1000000 + t[2] end
local now = math.floor(micros() / 1000)
local function index_of(tag) if tag == '' then return P .. 'a' end return P .. 't:' .. tag end
local function tags_of(packed)
  local tags, at = {}, 1
  while at + 3 <= #packed do
    local size = struct.unpack('<I4', packed, at)
    tags[#tags + 1] = packed:sub(at + 4, at + 3 + size)
    at = at + 4 + size
  end
  return tags
end
local function counts(key, tags)
  local score = call('ZSCORE', P .. 'a', key)
  if not score or tonumber(score) <= now then return false end
  for _, tag in ipairs(tags) do if not call('ZSCORE', P .. 't:' .. tag, key) then return false end end
  return true
end
local function read(key, most)
  if call('HSTRLEN', P .. 'e:' .. key, 'v') > most then return false, '' end
  local kept = call('HMGET', P .. 'e:' .. key, 'v', 't')
  if not kept[1] or not kept[2] or not counts(key, tags_of(kept[2])) then return false, '' end
  return kept[1], kept[2]
end
local function forget(key, tags)
  for _, tag in ipairs(tags) do call('ZREM', P .. 't:' .. tag, key) end
  call('ZREM', P .. 'a', key)
  call('DEL', P .. 'e:' .. key)
end
local function moments()
  local kept = call('HMGET', P .. 's', 'moment', 'horizon')
  if kept[1] and kept[2] then return tonumber(kept[1]), tonumber(kept[2]) end
  local first = micros()
  call('HSET', P .. 's', 'moment', text(first), 'horizon', text(first))
  call('DEL', P .. 'l')
  return first, first
end
local function purge(tag)
  call('DEL', P .. 'none')
  local index = index_of(tag)
  local count = call('ZCOUNT', index, '(' .. text(now), '+inf')
  local moment, horizon = moments()
  moment = moment + 1
  if call('EXISTS', index) == 1 then
    call('RENAME', index, P .. 'x:' .. text(moment))
    call('RPUSH', P .. 'x', text(moment) .. ':' .. tag)
  end
  call('ZADD', P .. 'l', text(moment), tag)
  if call('ZCARD', P .. 'l') > 1024 then horizon = tonumber(call('ZPOPMIN', P .. 'l')[2]) end
  call('HSET', P .. 's', 'moment', text(moment), 'horizon', text(horizon))
  return moment, count
end
)lua";

std::string with_common(const char* script) { return std::string(kCommon) + script; }

}  // namespace

const std::string& begin() {
  static const std::string kScript = with_common(R"lua(
local kept = call('HMGET', P .. 's', 'moment', 'horizon')
local lost = false
if ARGV[3] ~= '' then
  local mine = tonumber(ARGV[3])
  if not kept[1] or not kept[2] then
    lost = call('EXISTS', P .. 'a') == 1
  elseif tonumber(kept[2]) <= mine then
    local known = call('ZSCORE', P .. 'l', ARGV[2])
    lost = not known or tonumber(known) < mine
  end
end
local moment
if lost then moment = purge('') else moment = moments() end
return {text(moment), lost and 1 or 0, call('LLEN', P .. 'x')}
)lua");
  return kScript;
}

const std::string& get() {
  static const std::string kScript = with_common(R"lua(
local moment = call('HGET', P .. 's', 'moment') or '0'
local value, packed = read(ARGV[2], tonumber(ARGV[3]))
return {moment, value, packed}
)lua");
  return kScript;
}

const std::string& get_many() {
  static const std::string kScript = with_common(R"lua(
local moment = call('HGET', P .. 's', 'moment') or '0'
local room = tonumber(ARGV[3])
local out = {}
for i = 4, #ARGV do
  local value, packed = read(ARGV[i], tonumber(ARGV[2]))
  if value then room = room - #value - #packed end
  if room < 0 and #out > 0 then break end
  out[#out + 1] = value
  out[#out + 1] = packed
end
return {moment, out}
)lua");
  return kScript;
}

const std::string& put() {
  static const std::string kScript = with_common(R"lua(
local key, value, packed, ttl, since, most = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local tags = tags_of(packed)
local moment, horizon = moments()
if since ~= '' then
  local mine = tonumber(since)
  local function outrun(tag)
    local purged = call('ZSCORE', P .. 'l', tag)
    return purged and tonumber(purged) > mine
  end
  if mine < horizon or mine > moment or outrun('') then return {text(moment), 0, 0} end
  for _, tag in ipairs(tags) do if outrun(tag) then return {text(moment), 0, 0} end end
end
if ttl ~= '0' then call('HSET', P .. 's', 'moment', text(moment)) end
local old = call('HGET', P .. 'e:' .. key, 't')
if old then forget(key, tags_of(old)) else call('DEL', P .. 'e:' .. key) end
if ttl == '0' then return {text(moment), 1, 0} end
local score = 'inf'
if ttl ~= '' then score = text(now + tonumber(ttl)) end
local function list(index)
  call('ZREMRANGEBYSCORE', index, '-inf', text(now))
  call('ZADD', index, score, key)
  local last = call('ZREVRANGE', index, 0, 0, 'WITHSCORES')[2]
  if last == 'inf' then call('PERSIST', index) else call('PEXPIREAT', index, last) end
end
list(P .. 'a')
for _, tag in ipairs(tags) do list(P .. 't:' .. tag) end
call('HSET', P .. 'e:' .. key, 'v', value, 't', packed)
if ttl ~= '' then call('PEXPIREAT', P .. 'e:' .. key, score) end
local made_room = 0
while made_room < 100 and call('ZCARD', P .. 'a') > most do
  local first = call('ZRANGE', P .. 'a', 0, 0)[1]
  forget(first, tags_of(call('HGET', P .. 'e:' .. first, 't') or ''))
  made_room = made_room + 1
end
return {text(moment), 1, made_room}
)lua");
  return kScript;
}

const std::string& erase() {
  static const std::string kScript = with_common(R"lua(
local moment = call('HGET', P .. 's', 'moment') or '0'
local packed = redis.pcall('HGET', P .. 'e:' .. ARGV[2], 't')
if type(packed) == 'table' then packed = '' end  -- Something that is no entry.
if not packed then return {moment, 0} end
local tags = tags_of(packed)
local there = counts(ARGV[2], tags)
forget(ARGV[2], tags)
return {moment, there and 1 or 0}
)lua");
  return kScript;
}

const std::string& purge() {
  static const std::string kScript = with_common(R"lua(
local moment, count = purge(ARGV[2])
return {text(moment), count}
)lua");
  return kScript;
}

// An entry that was put again since is named by the new set: it stays.
const std::string& sweep() {
  static const std::string kScript = with_common(R"lua(
local item = call('LINDEX', P .. 'x', 0)
if not item then return 0 end
local at = item:find(':', 1, true)
local purged, tag = P .. 'x:' .. item:sub(1, at - 1), item:sub(at + 1)
local keys = call('ZRANGE', purged, 0, tonumber(ARGV[2]) - 1)
for _, key in ipairs(keys) do
  local packed = call('HGET', P .. 'e:' .. key, 't')
  if packed and not call('ZSCORE', index_of(tag), key) then
    local tags = tags_of(packed)
    local has = tag == ''
    for _, one in ipairs(tags) do has = has or one == tag end
    if has then forget(key, tags) end
  end
end
if #keys > 0 then call('ZREMRANGEBYRANK', purged, 0, #keys - 1) end
if call('ZCARD', purged) == 0 then
  call('DEL', purged)
  call('LPOP', P .. 'x')
end
return call('LLEN', P .. 'x')
)lua");
  return kScript;
}

const std::string& count() {
  static const std::string kScript = with_common(R"lua(
local entries = call('ZCOUNT', P .. 'a', '(' .. text(now), '+inf')
local keys
if entries <= 64 then keys = call('ZRANGE', P .. 'a', 0, 63) else keys = call('ZRANDMEMBER', P .. 'a', 64) end
local bytes, seen = 0, 0
for _, key in ipairs(keys) do
  local size = call('MEMORY', 'USAGE', P .. 'e:' .. key, 'SAMPLES', 0)
  if size then bytes = bytes + size seen = seen + 1 end
end
return {entries, bytes, seen}
)lua");
  return kScript;
}

}  // namespace docmind::cache::scripts
