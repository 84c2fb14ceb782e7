// The texts on which a quantised model is compared with the original: several kinds and languages, always the same.
#pragma once
#include <array>
#include <string_view>

namespace docmind::engine {

inline constexpr std::array<std::string_view, 40> kLossTexts{
    "The contract ends on the last day of the month in which notice was given.",
    "How long may a customer return goods that were bought online?",
    "Goods bought online may be returned within fourteen days of delivery, without giving reasons.",
    "The pump starts when the water level rises above forty centimetres and stops below twenty.",
    "What makes the pump start?",
    "A binary package is installed with dpkg; its dependencies are resolved by apt.",
    "Which tool resolves the dependencies of a package?",
    "Photosynthesis turns carbon dioxide and water into sugar and oxygen with the energy of light.",
    "Where do plants take the energy for making sugar from?",
    "The committee met four times last year and approved the budget unanimously in March.",
    "When was the budget approved?",
    "int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }",
    "SELECT name, count(*) FROM orders GROUP BY name HAVING count(*) > 3;",
    "Which customers have more than three orders?",
    "The patient reported mild headaches for two weeks; no medication was prescribed.",
    "Was the patient given any medicine?",
    "Penguins live in the southern hemisphere, most of them in Antarctica.",
    "Polar bears live in the Arctic and hunt seals on the ice.",
    "Which animals hunt seals?",
    "The train to Hamburg leaves from platform nine at a quarter past seven in the evening.",
    "Der Vertrag endet am letzten Tag des Monats, in dem gekündigt wurde.",
    "Le contrat prend fin le dernier jour du mois au cours duquel il a été résilié.",
    "El contrato termina el último día del mes en que se dio aviso.",
    "合同在发出通知当月的最后一天终止。",
    "契約は、通知が行われた月の末日に終了します。",
    "Договор прекращается в последний день месяца, в котором было сделано уведомление.",
    "Revenue grew by 12.4 % to 3,817 million euros, while costs fell by 2.1 %.",
    "By how much did the revenue grow?",
    "Store the vaccine between two and eight degrees Celsius and protect it from light.",
    "At what temperature must the vaccine be kept?",
    "The bridge was closed to lorries after engineers found cracks in two of its bearings.",
    "Why may lorries no longer use the bridge?",
    "To reset the device, hold the power button for ten seconds until the lamp blinks twice.",
    "My device does not react any more, what can I do?",
    "The novel tells of a lighthouse keeper who collects the letters that the sea brings him.",
    "A recipe for bread: flour, water, salt, yeast, and a whole night of patience.",
    "The court held that the clause was void because it put the tenant at an unreasonable disadvantage.",
    "Is the clause in the lease valid?",
    "Employees accrue two days of leave for each month of service, up to a limit of thirty days.",
    "How many days of leave does an employee get after half a year?"};

}  // namespace docmind::engine
