// The dialog on top. What is typed belongs to the browser; an update keeps it where block, action and type stay the same.

import { blocks } from "./blocks.js";
import { h } from "./dom.js";
import { field, keyOf, valueOf, values } from "./fields.js";

const frame = document.getElementById("dialog");
let view = null;
let drawn = "";

// `act` does what the person does: submit(view, values), close(view), fill(view, values) and
// use(view, element, value, values), each with a promise of what went wrong, "" for nothing, and
// suggest(view, element, typed) with a promise of the app's answer.
export function showDialog(next, names, act) {
  const key = next ? JSON.stringify([next.id, next.hash, next.errors]) : "";
  if (key === drawn) return;
  drawn = key;
  const opened = view?.id !== next?.id;
  const before = opened ? [] : controls();
  view = next;
  if (!view) return frame.close();
  draw(before, view.errors, names, act);
  if (!frame.open) frame.showModal();
  if (opened) (controls()[0] ?? frame.querySelector("footer button")).focus();
}

frame.addEventListener("click", (event) => event.target.closest("[data-close]") && frame.close());

function draw(before, errors, names, act) {
  const shown = view;
  const kept = new Map(before.map((control) => [keyOf(control), valueOf(control)]));
  const focus = caret();
  const submit = (event) => {
    event.preventDefault();
    const missing = incomplete();
    if (missing || errors !== shown.errors) draw(controls(), missing ?? shown.errors, names, act);
    if (missing) return;
    const sent = frame.firstElementChild;
    sent.inert = true;
    act.submit(shown, values(frame)).then(tell).finally(() => (sent.inert = false));
  };
  const context = {
    names,
    press: (_block, one) => act.use(shown, one, one.value ?? null, values(frame)).then(tell),
    input: (block, one) =>
      field(block, one, shown.values, kept, errors[block.block_id], {
        view: shown.id,
        suggest: (element, typed) => act.suggest(shown, element, typed),
        fill: (control) => act.fill(shown, values(frame, control)),
        use: (control) => act.use(shown, one, valueOf(control), values(frame)).then(tell),
      }),
  };
  frame.onclose = () => view && act.close(shown);
  frame.replaceChildren(form(submit, errors, context));
  const target = frame.querySelector("[aria-invalid]") ?? controls().find((one) => keyOf(one) === focus?.key);
  if (!target) return;
  target.focus();
  if (focus?.key === keyOf(target)) target.setSelectionRange?.(focus.start, focus.end);
}

function tell(trouble) {
  const place = frame.querySelector(".trouble");
  if (place && trouble) place.textContent = trouble;
}

function form(submit, errors, context) {
  return h(
    "form",
    { novalidate: true, onsubmit: submit },
    h("header", {}, h("h2", { id: "dialog-title" }, view.title), h("button", { type: "button", "aria-label": "Close", "data-close": true }, "✕")),
    h("div", { class: "body" }, blocks(view.blocks, context), h("p", { class: "error trouble", role: "alert" }, errors[""])),
    h(
      "footer",
      {},
      h("button", { type: "button", "data-close": true }, view.close ?? "Cancel"),
      view.submit && h("button", { class: "primary" }, view.submit),
    ),
  );
}

function caret() {
  const control = document.activeElement;
  return control?.name && frame.contains(control) ? { key: keyOf(control), start: control.selectionStart, end: control.selectionEnd } : null;
}

function controls() {
  return [...frame.querySelectorAll("[name]")];
}

function incomplete() {
  const found = controls().filter((control) => control.required && !control.value);
  return found.length ? Object.fromEntries(found.map((control) => [control.name, "Please complete this field."])) : null;
}
