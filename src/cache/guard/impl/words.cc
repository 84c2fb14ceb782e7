#include "cache/guard/impl/words.h"

#include <algorithm>
#include <array>

#include "cache/guard/impl/word_set.h"

namespace docmind::cache {
namespace {

constexpr WordSet kAsking({"how", "what", "when", "where", "which", "who", "whom", "whose", "why"});
constexpr WordSet kModals({"can", "could", "may", "might", "must", "ought", "shall", "should", "will", "would",
                           "cannot"});
constexpr WordSet kAuxiliaries({"am", "are", "did", "do", "does", "had", "has", "have", "is", "was", "were"});
constexpr WordSet kNegators({"barely",  "except", "excluding", "hardly", "isnt",   "neither", "never",
                             "no",      "nobody", "non",       "none",   "nor",    "not",     "nothing",
                             "nowhere", "rarely", "scarcely",  "seldom", "unless", "unlike",  "without",
                             "cannot",  "dont",   "lacking",   "un"});
constexpr WordSet kQuantifiers({"all",      "any",        "both",     "each",    "either",   "enough",   "entire",
                                "every",    "exactly",    "few",      "half",    "least",    "many",     "most",
                                "much",     "once",       "only",     "other",   "several",  "single",   "some",
                                "twice",    "whole",      "about",    "almost",  "another",  "always",   "often",
                                "usually",  "sometimes",  "alone",    "anybody", "anyone",   "anything", "everybody",
                                "everyone", "everything", "somebody", "someone", "something"});
constexpr WordSet kComparisons(
    {"above",   "below",   "best",    "better",   "beyond", "bigger",  "biggest",  "earlier", "earliest", "equal",
     "exceed",  "faster",  "fastest", "fewer",    "fewest", "greater", "greatest", "higher",  "highest",  "larger",
     "largest", "later",   "less",    "lesser",   "longer", "longest", "lower",    "lowest",  "max",      "maximal",
     "maximum", "min",     "minimal", "minimum",  "more",   "older",   "oldest",   "over",    "shorter",  "shortest",
     "slower",  "slowest", "smaller", "smallest", "than",   "under",   "worse",    "worst",   "younger",  "youngest"});
constexpr WordSet kPrepositions({"about",  "above",   "across", "after",  "against", "along",   "among",   "around",
                                 "as",     "at",      "before", "behind", "below",   "beneath", "beside",  "between",
                                 "beyond", "by",      "down",   "during", "except",  "for",     "from",    "in",
                                 "inside", "into",    "like",   "near",   "of",      "off",     "on",      "onto",
                                 "out",    "outside", "over",   "per",    "since",   "than",    "through", "to",
                                 "toward", "towards", "under",  "until",  "up",      "upon",    "using",   "versus",
                                 "via",    "vs",      "with",   "within", "without"});
constexpr WordSet kPronouns({"he", "i", "it", "one", "she", "there", "they", "this", "we", "you"});
constexpr WordSet kGenericSubjects({"i", "one", "we", "you"});
constexpr WordSet kRequests({"compare", "count", "define", "describe", "explain", "give", "list", "name", "outline",
                             "show", "summarise", "summarize", "tell"});
constexpr WordSet kClauseWords({"and", "because", "but", "if", "or", "so", "that", "then", "though", "unless",
                                "whether", "while"});
constexpr WordSet kDates({"april", "august", "december", "february", "friday", "january", "july", "june", "march",
                          "monday", "november", "october", "saturday", "september", "sunday", "thursday", "tuesday",
                          "wednesday"});
constexpr WordSet kLanguages({"arabic",   "bengali",     "chinese",   "czech",      "danish",     "deutsch",
                              "dutch",    "english",     "finnish",   "francais",   "french",     "german",
                              "greek",    "hebrew",      "hindi",     "hungarian",  "italian",    "japanese",
                              "korean",   "latin",       "norwegian", "polish",     "portuguese", "romanian",
                              "russian",  "spanish",     "swedish",   "turkish",    "ukrainian",  "vietnamese",
                              "englisch", "französisch", "spanisch",  "italienisch"});
// Besides prepositions: words that stand for others, and the small change of a sentence.
constexpr WordSet kOtherRoles({"'s",    "and",    "because", "being", "but",  "been",    "could", "did",    "had",
                               "has",   "have",   "he",      "her",   "here", "hers",    "him",   "his",    "i",
                               "if",    "it",     "its",     "may",   "me",   "might",   "mine",  "must",   "my",
                               "or",    "our",    "ours",    "own",   "same", "shall",   "she",   "should", "so",
                               "such",  "that",   "their",   "them",  "then", "there",   "these", "they",   "this",
                               "those", "though", "us",      "was",   "we",   "whether", "while", "will",   "would",
                               "you",   "your",   "yours",   "be",    "can",  "one"});
constexpr WordSet kGermanNegators({"kein", "keine", "keinem", "keinen", "keiner", "keines", "nicht", "nichts", "nie",
                                   "niemals", "niemand", "ohne", "weder"});
constexpr WordSet kGermanQuantifiers({"alle",      "allen", "aller", "alles",  "einige",  "einigen", "jede",
                                      "jeden",     "jeder", "jedes", "manche", "mehrere", "meisten", "mindestens",
                                      "höchstens", "nur",   "viele", "wenige", "außer",   "genau"});
constexpr WordSet kGermanAsking({"wann", "warum", "was", "welche", "welchem", "welchen", "welcher", "welches", "wem",
                                 "wen", "wer", "weshalb", "wessen", "wie", "wieso", "wieviel", "wo", "woher", "wohin"});
constexpr WordSet kEnglishSigns({"an",     "and",    "are",   "between", "can",   "could", "did",  "do",    "does",
                                 "from",   "have",   "how",   "i",       "is",    "it",    "list", "my",    "of",
                                 "please", "should", "that",  "the",     "there", "this",  "to",   "were",  "what",
                                 "what's", "when",   "where", "which",   "who",   "why",   "with", "would", "you"});
constexpr WordSet kGermanSigns({"auf",    "aus", "bei",  "bitte", "dass",  "das",    "dem",     "den",     "der",
                                "des",    "die", "ein",  "eine",  "einem", "einen",  "einer",   "für",     "gibt",
                                "hat",    "ich", "ist",  "kann",  "man",   "mit",    "nach",    "nicht",   "oder",
                                "sind",   "und", "von",  "wann",  "warum", "welche", "welcher", "welches", "wer",
                                "werden", "wie", "wird", "wo",    "wurde", "zu",     "zum",     "zur"});
constexpr WordSet kTimeAnchors(
    {"actuel",    "actuelle",  "actuellement", "actualmente", "ago",         "ahora",     "aktuell",   "aktuelle",
     "aktuellen", "aktueller", "aktuelles",    "aktuellste",  "aujourd'hui", "ayer",      "currently", "demain",
     "derzeit",   "gestern",   "heute",        "heutige",     "heutigen",    "hoy",       "jetzt",     "jüngste",
     "jüngsten",  "lately",    "latest",       "maintenant",  "momentan",    "neueste",   "neuesten",  "neuester",
     "neuestes",  "newest",    "now",          "nowadays",    "presently",   "recent",    "recently",  "still",
     "today",     "today's",   "tomorrow",     "tonight",     "upcoming",    "yesterday", "yet",       "сегодня",
     "сейчас",    "вчера",     "завтра",       "mañana",      "oggi",        "adesso",    "ieri"});
constexpr WordSet kBeforeTimes({"coming", "current", "dieses", "diese", "dieser", "last", "letzte", "letzten",
                                "letztes", "next", "nächste", "nächsten", "nächstes", "past", "present", "previous",
                                "this"});
constexpr WordSet kTimes({"afternoon", "autumn",  "day",      "days",    "decade",   "evening",   "fall",     "friday",
                          "hour",      "hours",   "jahr",     "minute",  "moment",   "monat",     "monday",   "month",
                          "months",    "morning", "night",    "quarter", "saturday", "season",    "semester", "spring",
                          "summer",    "sunday",  "thursday", "time",    "tuesday",  "wednesday", "week",     "weekend",
                          "weeks",     "winter",  "woche",    "year",    "years",    "jahres",    "monats"});
// What "current" may stand before without meaning now.
constexpr WordSet kCurrentThings({"buffer", "column", "directory", "element", "file", "folder",   "item",    "line",
                                  "match",  "node",   "package",   "page",    "path", "position", "process", "record",
                                  "row",    "shell",  "thread",    "user",    "word", "working"});
constexpr auto kUnseparatedAnchors =
    std::to_array<std::string_view>({"今天", "现在", "目前", "最新", "当前", "昨天", "明天", "今年", "最近", "今日",
                                     "現在", "昨日", "本月", "本周", "오늘", "지금", "최신"});

constexpr WordSet kUnitSigns({"%",  "A",  "B",   "C",   "EUR", "F",   "GB",  "GHz", "GW",  "Gb",  "GiB", "Hz",
                              "J",  "K",  "KB",  "KiB", "L",   "MB",  "MHz", "MW",  "Mb",  "MiB", "N",   "PB",
                              "Pa", "TB", "TiB", "USD", "V",   "W",   "bar", "bit", "cl",  "cm",  "d",   "dB",
                              "dl", "ft", "g",   "h",   "ha",  "hPa", "kB",  "kHz", "kJ",  "kV",  "kW",  "kWh",
                              "kb", "kg", "km",  "kn",  "kt",  "l",   "lb",  "m",   "mA",  "mV",  "mW",  "mb",
                              "mg", "mi", "min", "ml",  "mm",  "mph", "ms",  "nm",  "ns",  "oz",  "pm",  "am",
                              "ps", "pt", "px",  "rpm", "s",   "t",   "yd",  "°C",  "°F",  "°",   "μg",  "μm",
                              "μs", "£",  "¥",   "€",   "$",   "Ω",   "m²",  "m³",  "km²", "GBP", "JPY", "CHF"});
constexpr auto kUnitNames = word_map<std::string_view>({
    {"byte", "B"},        {"bytes", "B"},        {"kilobyte", "KB"},    {"kilobytes", "KB"},   {"megabyte", "MB"},
    {"megabytes", "MB"},  {"gigabyte", "GB"},    {"gigabytes", "GB"},   {"terabyte", "TB"},    {"terabytes", "TB"},
    {"milligram", "mg"},  {"milligrams", "mg"},  {"gram", "g"},         {"grams", "g"},        {"kilogram", "kg"},
    {"kilograms", "kg"},  {"kilo", "kg"},        {"kilos", "kg"},       {"metre", "m"},        {"metres", "m"},
    {"meter", "m"},       {"meters", "m"},       {"kilometre", "km"},   {"kilometres", "km"},  {"kilometer", "km"},
    {"kilometers", "km"}, {"centimetre", "cm"},  {"centimetres", "cm"}, {"centimeter", "cm"},  {"centimeters", "cm"},
    {"millimetre", "mm"}, {"millimetres", "mm"}, {"millimeter", "mm"},  {"millimeters", "mm"}, {"second", "s"},
    {"seconds", "s"},     {"sec", "s"},          {"secs", "s"},         {"millisecond", "ms"}, {"milliseconds", "ms"},
    {"minute", "min"},    {"minutes", "min"},    {"mins", "min"},       {"hour", "h"},         {"hours", "h"},
    {"hrs", "h"},         {"percent", "%"},      {"per cent", "%"},     {"euro", "€"},         {"euros", "€"},
    {"eur", "€"},         {"litre", "l"},        {"litres", "l"},       {"liter", "l"},        {"liters", "l"},
    {"inch", "inch"},     {"inches", "inch"},    {"mile", "mi"},        {"miles", "mi"},       {"feet", "ft"},
    {"foot", "ft"},       {"dollar", "dollar"},  {"dollars", "dollar"}, {"pound", "pound"},    {"pounds", "pound"},
    {"day", "day"},       {"days", "day"},       {"week", "week"},      {"weeks", "week"},     {"month", "month"},
    {"months", "month"},  {"year", "year"},      {"years", "year"},     {"prozent", "%"},      {"degrees", "°"},
    {"watt", "W"},        {"watts", "W"},        {"volt", "V"},         {"volts", "V"},        {"pixels", "px"},
});

constexpr auto kNumberWords = word_map<int>({
    {"zero", 0},      {"one", 1},       {"two", 2},       {"three", 3},    {"four", 4},     {"five", 5},
    {"six", 6},       {"seven", 7},     {"eight", 8},     {"nine", 9},     {"ten", 10},     {"eleven", 11},
    {"twelve", 12},   {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17},
    {"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},   {"thirty", 30},  {"forty", 40},   {"fifty", 50},
    {"sixty", 60},    {"seventy", 70},  {"eighty", 80},   {"ninety", 90},
});
constexpr auto kGermanNumberWords = word_map<int>({
    {"null", 0},     {"eins", 1},     {"zwei", 2},      {"drei", 3},       {"vier", 4},
    {"fünf", 5},     {"sechs", 6},    {"sieben", 7},    {"acht", 8},       {"neun", 9},
    {"zehn", 10},    {"elf", 11},     {"zwölf", 12},    {"zwanzig", 20},   {"dreißig", 30},
    {"vierzig", 40}, {"fünfzig", 50}, {"hundert", 100}, {"tausend", 1000},
});

}  // namespace

ItemKind kind_of_word(QuestionLanguage language, std::string_view word) {
  if (language == QuestionLanguage::kGerman) {
    if (kGermanNegators.has(word)) return ItemKind::kNegator;
    if (kGermanQuantifiers.has(word)) return ItemKind::kQuantifier;
    if (kGermanAsking.has(word)) return ItemKind::kAsked;
    return kLanguages.has(word) ? ItemKind::kLanguage : ItemKind::kWord;
  }
  if (language == QuestionLanguage::kOther) return ItemKind::kWord;
  if (kNegators.has(word)) return ItemKind::kNegator;
  if (kQuantifiers.has(word)) return ItemKind::kQuantifier;
  if (kComparisons.has(word)) return ItemKind::kComparison;
  if (kAsking.has(word)) return ItemKind::kAsked;
  if (kPrepositions.has(word) || kOtherRoles.has(word)) return ItemKind::kRole;
  if (kDates.has(word)) return ItemKind::kDate;
  return kLanguages.has(word) ? ItemKind::kLanguage : ItemKind::kWord;
}

bool is_asking(std::string_view word) { return kAsking.has(word); }
bool is_auxiliary(std::string_view word) { return kAuxiliaries.has(word) || kModals.has(word); }
bool is_modal(std::string_view word) { return kModals.has(word); }
bool is_preposition(std::string_view word) { return kPrepositions.has(word); }
bool is_pronoun(std::string_view word) { return kPronouns.has(word); }
bool is_generic_subject(std::string_view word) { return kGenericSubjects.has(word); }
bool is_request(std::string_view word) { return kRequests.has(word); }
bool is_clause_word(std::string_view word) { return kClauseWords.has(word); }

std::string_view unit_of(std::string_view typed, std::string_view low) {
  if (const std::string_view sign = kUnitSigns.find(typed); !sign.empty()) return sign == "EUR" ? "€" : sign;
  const std::string_view* const name = kUnitNames.find(low);
  return name == nullptr ? std::string_view() : *name;
}

int number_word(QuestionLanguage language, std::string_view word) {
  if (language == QuestionLanguage::kOther) return -1;
  const int* const value =
      language == QuestionLanguage::kEnglish ? kNumberWords.find(word) : kGermanNumberWords.find(word);
  return value == nullptr ? -1 : *value;
}

bool is_english_sign(std::string_view word) { return kEnglishSigns.has(word); }
bool is_german_sign(std::string_view word) { return kGermanSigns.has(word); }

bool is_time_anchor(std::string_view word) { return kTimeAnchors.has(word); }

bool is_time_anchor(std::string_view first, std::string_view second) {
  if (first == "current") return !kCurrentThings.has(second);
  if (kBeforeTimes.has(first) && kTimes.has(second)) return true;
  return (first == "right" && second == "now") || (first == "so" && second == "far") ||
         (first == "as" && second == "of") || (first == "the" && second == "moment");
}

bool has_time_anchor(std::string_view text) {
  return std::ranges::any_of(kUnseparatedAnchors,
                             [&](std::string_view anchor) { return text.find(anchor) != std::string_view::npos; });
}

}  // namespace docmind::cache
