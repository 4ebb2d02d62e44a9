// The fields of a dialog. A field is named as the stand-in finds it: by its block in an input, else by its action.

import { h } from "./dom.js";
import { picker } from "./picker.js";
import { plain } from "./text.js";

const LONGEST = 3000; // Slack's limit where the app gives none

export function keyOf(control) {
  return control.dataset.key;
}

// What is entered, by name; of `only` one control, or all. A menu without a choice says nothing.
export function values(container, only) {
  const controls = only ? [only] : [...container.querySelectorAll("[name]")];
  return Object.fromEntries(controls.filter((one) => one.multiple || one.value || one.tagName !== "SELECT").map((one) => [one.name, valueOf(one)]));
}

// A list where several can be chosen.
export function valueOf(control) {
  return control.multiple ? [...control.selectedOptions].map((one) => one.value) : control.value;
}

// `kept` are the values that the browser has, by key; `on` has fill(control), use(control),
// suggest(element, typed), and the id of the view.
export function field(block, element, state, kept, error, on) {
  const isInput = block.type === "input";
  const key = [block.block_id, element.action_id, element.type].join(" ");
  const id = `field-${block.block_id}-${element.action_id}`;
  const attributes = {
    id,
    name: isInput ? block.block_id : element.action_id,
    "data-key": key,
    required: isInput && !block.optional,
    "aria-label": isInput ? null : (element.placeholder?.text ?? element.action_id),
    "aria-invalid": error ? "true" : null,
    "aria-describedby": [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(" ") || null,
    onchange: (event) => (!isInput || block.dispatch_action ? on.use : on.fill)(event.target),
  };
  const now = state[block.block_id]?.[element.action_id];
  const chosen = now?.selected_options ?? [now?.selected_option].filter(Boolean);
  const control = CONTROLS[element.type]?.(element, attributes, chosen, on);
  if (!control) return undefined;
  if (!control.multiple) control.value = kept.get(key) ?? entered(now); // what several are chosen is in the state at once
  return isInput ? labelled(block, control, error) : control;
}

const external = (element, attributes, chosen, on) =>
  picker(element, `${on.view} ${attributes["data-key"]}`, attributes, chosen, (typed) => on.suggest(element, typed));

const CONTROLS = {
  plain_text_input: (element, attributes) =>
    h(element.multiline ? "textarea" : "input", {
      ...attributes,
      autocomplete: "off",
      rows: element.multiline ? 4 : null,
      maxlength: element.max_length ?? LONGEST,
      placeholder: element.placeholder?.text,
    }),
  external_select: external,
  multi_external_select: external,
  static_select: (element, attributes) =>
    h(
      "select",
      attributes,
      h("option", { value: "", disabled: true }, element.placeholder?.text ?? "Choose one"),
      element.options?.map(option),
      element.option_groups?.map((group) => h("optgroup", { label: group.label.text }, group.options.map(option))),
    ),
};

function option(one) {
  return h("option", { value: one.value }, one.text.text);
}

function entered(state) {
  return state?.value ?? state?.selected_option?.value ?? "";
}

function labelled(block, control, error) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, plain(block.label.text), block.optional && h("span", { class: "optional" }, " (optional)")),
    control.around ?? control,
    error && h("p", { class: "error", id: `${control.id}-error`, role: "alert" }, error),
    block.hint && h("p", { class: "hint", id: `${control.id}-hint` }, plain(block.hint.text)),
  );
}
