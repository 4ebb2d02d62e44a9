// An external select: a field to search in, above the options that the app offers for what is typed.

import { h } from "./dom.js";

const PAUSE_MS = 150;
const LEAST_TYPED = 3; // Slack's default for min_query_length
const offered = new Map(); // by dialog and field: what was typed last, and the app's answer

// `key` tells the field of one dialog from all others; `chosen` are the options in its state; `ask(typed)` promises the answer.
export function picker(element, key, attributes, chosen, ask) {
  const shown = offered.get(key) ?? { typed: "", answer: null };
  offered.set(key, shown);
  const several = element.type.startsWith("multi_");
  const list = h("select", { ...attributes, multiple: several, size: 6 });
  const note = h("p", { class: "hint", role: "status" });
  if (several) toggling(list, element.max_selected_items ?? Infinity, note);
  const draw = () => fill(list, note, shown.answer, list.length ? [...list.selectedOptions] : chosen.map(option));
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
  list.append(...chosen.map(option));
  for (const one of list.options) one.selected = true;
  if (shown.answer) draw();
  else load();
  list.around = [search, list, note];
  return list;
}

// What is chosen, nodes, stays in the list.
function fill(list, note, answer, chosen) {
  const groups = answer.option_groups ?? [{ options: answer.options ?? [] }];
  const values = groups.flatMap((group) => group.options.map((one) => one.value));
  const kept = chosen.map((one) => one.value);
  list.replaceChildren(
    ...chosen.filter((one) => !values.includes(one.value)),
    ...groups.flatMap((group) => (group.label ? [h("optgroup", { label: group.label.text }, group.options.map(option))] : group.options.map(option))),
  );
  for (const one of list.options) one.selected = kept.includes(one.value);
  if (!kept.length) list.selectedIndex = -1;
  note.textContent = answer.error ?? (values.length ? "" : "Nothing found.");
}

// A click chooses one more, or takes it back, as in Slack: a browser wants a key held down for that.
function toggling(list, most, note) {
  list.addEventListener("mousedown", (event) => {
    const one = event.target.closest("option");
    if (!one) return;
    event.preventDefault();
    const place = list.scrollTop;
    one.selected = !one.selected;
    list.focus();
    list.scrollTop = place;
    list.dispatchEvent(new Event("change"));
  });
  const counted = () => {
    while (list.selectedOptions.length > most) list.selectedOptions[most].selected = false;
    note.textContent = `${list.selectedOptions.length} chosen${most < Infinity ? ` of at most ${most}` : ""}`;
  };
  list.addEventListener("change", counted, { capture: true });
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
