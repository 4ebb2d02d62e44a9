// An external select: a field to search in, above the options that the app offers for what is typed.

import { h } from "./dom.js";

const PAUSE_MS = 150;
const LEAST_TYPED = 3; // Slack's default for min_query_length
const offered = new Map(); // by dialog and field: what was typed last, and the app's answer

// `key` tells the field of one dialog from all others; `chosen` is the option in its state; `ask(typed)` promises the answer.
export function picker(element, key, attributes, chosen, ask) {
  const shown = offered.get(key) ?? { typed: "", answer: null };
  offered.set(key, shown);
  const list = h("select", { ...attributes, size: 6 });
  const note = h("p", { class: "hint", role: "status" });
  const draw = () => fill(list, note, shown.answer, list.selectedOptions[0] ?? (chosen && option(chosen)));
  const load = async () => {
    if (shown.typed.length < (element.min_query_length ?? LEAST_TYPED)) return;
    const typed = shown.typed;
    const answer = await ask(typed);
    if (typed !== shown.typed) return;
    shown.answer = answer;
    draw();
  };
  const later = debounced(load);
  const typing = (event) => {
    shown.typed = event.target.value;
    later();
  };
  const search = h("input", { type: "search", autocomplete: "off", "aria-label": "Search", oninput: typing, placeholder: element.placeholder?.text ?? "Type to search" });
  search.value = shown.typed;
  if (chosen) list.append(option(chosen));
  if (shown.answer) draw();
  else load();
  list.around = [search, list, note];
  return list;
}

// What is chosen, a node, stays in the list.
function fill(list, note, answer, chosen) {
  const groups = answer.option_groups ?? [{ options: answer.options ?? [] }];
  const values = groups.flatMap((group) => group.options.map((one) => one.value));
  list.replaceChildren(
    ...(chosen && !values.includes(chosen.value) ? [chosen] : []),
    ...groups.flatMap((group) => (group.label ? [h("optgroup", { label: group.label.text }, group.options.map(option))] : group.options.map(option))),
  );
  list.value = chosen?.value ?? "";
  note.textContent = answer.error ?? (values.length ? "" : "Nothing found.");
}

function option(one) {
  return h("option", { value: one.value }, one.text.text);
}

function debounced(action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, PAUSE_MS);
  };
}
