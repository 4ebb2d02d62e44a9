// What happened at Microsoft: requests, calls, and the faults to try.

import { h, show } from "./dom.js";

const at = (id) => document.getElementById(id);

// `choose(request)` takes a request into the command; `turn(key, on)` sets a fault.
export function showMicrosoft(state, choose, turn) {
  show(at("requests"), state.requests, (one) => `${one.type} ${one.id}`, (one) => request(one, choose));
  showFaults(state.faults, turn);
  show(at("calls"), state.calls, (one) => one.number, call);
  at("no-calls").hidden = state.calls.length > 0;
  at("complaints").hidden = state.violations.length === 0;
  show(at("complaints").querySelector("ul"), state.violations, (one) => one, (one) => h("li", {}, one));
}

function request(one, choose) {
  const label = `Put ${one.type} ${one.id} into the command`;
  return h(
    "li",
    { class: one.open ? "request open" : "request" },
    h(
      "p",
      { class: "row" },
      h("button", { type: "button", class: "choose", "aria-label": label, title: label, onclick: () => choose(one) }, one.title || one.type),
      h("span", { class: "state" }, one.state),
    ),
    h("p", { class: "kind" }, `${one.type} · ${one.owner}`),
    h(
      "p",
      { class: "row" },
      h("code", {}, one.id),
      h("button", { type: "button", class: "copy", onclick: (event) => copy(event.target, one.id), "aria-label": `Copy the id ${one.id}` }, "Copy"),
    ),
    one.effects.map((effect) => h("p", { class: "effect" }, `Cancelled by ${effect.by}`, effect.why && `: “${effect.why}”`)),
  );
}

async function copy(button, id) {
  await navigator.clipboard.writeText(id);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 1500);
}

// A switch stays the same node when it goes on or off, so that it keeps the focus.
function showFaults(faults, turn) {
  show(at("faults"), faults.map(({ key, label }) => ({ key, label })), (one) => one.key, (one) => fault(one, turn));
  const switches = [...at("faults").querySelectorAll("input")];
  switches.forEach((one, index) => (one.checked = faults[index].on));
}

function fault({ key, label }, turn) {
  const toggle = (event) => {
    event.preventDefault(); // it turns when the sandbox says so
    turn(key, event.target.checked);
  };
  return h("li", {}, h("label", {}, h("input", { type: "checkbox", role: "switch", onclick: toggle }), ` ${label}`));
}

function call(one) {
  const answer = one.status === null ? "no answer" : String(one.status);
  const good = one.status !== null && one.status < 400;
  const query = Object.entries(one.query).map(([name, value]) => `${name}=${value}`).join("&");
  return h(
    "li",
    {},
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "row" }, h("strong", {}, one.method), h("span", { class: good ? "status" : "status bad" }, answer)),
        h("code", {}, query ? `${one.path}?${query}` : one.path),
        h("span", { class: "kind" }, `${one.service} · as ${one.by}`),
      ),
      h(
        "dl",
        {},
        h("dt", {}, "Body"), h("dd", {}, h("code", {}, one.body === null ? "none" : JSON.stringify(one.body))),
        h("dt", {}, "Permissions"), h("dd", {}, one.permissions.join(" ") || "none"),
        h("dt", {}, "client-request-id"), h("dd", {}, h("code", {}, one.client_request_id ?? "none")),
      ),
    ),
  );
}
