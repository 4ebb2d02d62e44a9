// The page: follows the state that the sandbox sends, and sends what the person does.

import { blocks } from "./blocks.js";
import { showDialog } from "./dialog.js";
import { h, show } from "./dom.js";
import { repliesTo, roots, showMessages } from "./messages.js";
import { showMicrosoft } from "./microsoft.js";

const COMMAND = "/cancel-approval";
const HINT = "Enter sends a command or a message. A click on a request under Microsoft puts it into the command.";
const at = (id) => document.getElementById(id);

// Who sits here and what is open; the address keeps the person, so that two windows can be two people.
const here = { me: location.hash.slice(1), channel: null, thread: null, home: false, tab: "slack", read: new Map() };
let state = null;
let events = null;

function follow() {
  events?.close();
  events = new EventSource(`/events?as=${encodeURIComponent(here.me)}`);
  events.onmessage = (event) => {
    at("offline").hidden = true;
    state = JSON.parse(event.data);
    draw();
  };
  events.onerror = () => (at("offline").hidden = false);
}

// Do something as this person; returns what went wrong, as a sentence, or "".
async function act(action) {
  return (await send({ user: state.me, ...action })).error ?? "";
}

async function send(action) {
  try {
    const body = JSON.stringify(action);
    const answer = await fetch("/actions", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return await answer.json();
  } catch {
    return { error: "The sandbox does not answer." };
  }
}

function say(text) {
  at("hint").textContent = text || HINT;
}

function draw() {
  here.me = state.me;
  const channel = state.channels.find((one) => one.id === here.channel) ?? state.channels[0];
  here.channel = channel.id;
  document.body.dataset.tab = here.tab;
  drawPeople();
  drawChannels();
  drawConversation(channel);
  drawThread(channel);
  showDialog(state.view, names(), dialogActions);
  showMicrosoft(state, choose, (key, on) => send({ do: "fault", key, on }));
}

function names() {
  return { ...state.names, ...Object.fromEntries(state.channels.map((one) => [one.id, one.name])) };
}

function drawPeople() {
  const label = (one) => (one.kind === "member" ? one.name : `${one.name} (${one.kind})`);
  show(at("who"), state.people, (one) => one.id, (one) => h("option", { value: one.id }, label(one)));
  at("who").value = state.me;
}

function drawChannels() {
  const items = state.channels.map((one) => ({ id: one.id, label: label(one), open: one.id === here.channel, unread: unread(one) }));
  show(at("channels"), items, (one) => one.id, (one) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", "aria-current": one.open ? "page" : null, onclick: () => enter(one.id) },
        h("span", {}, one.label),
        one.unread > 0 && h("span", { class: "unread", "aria-label": `${one.unread} new` }, String(one.unread)),
      ),
    ),
  );
}

function label(channel) {
  if (channel.im) return "✕ cancel-approval";
  return `${channel.private ? "🔒" : "#"} ${channel.name}`;
}

// What was there when the page was opened counts as read.
function unread(channel) {
  const key = `${state.me} ${channel.id}`;
  if (!here.read.has(key) || channel.id === here.channel) here.read.set(key, channel.messages.at(-1)?.ts ?? "");
  return channel.messages.filter((one) => one.ts > here.read.get(key)).length;
}

function enter(channel) {
  here.channel = channel;
  here.thread = null;
  here.home = false;
  draw();
  at("command").focus();
}

function drawConversation(channel) {
  at("title").textContent = label(channel) + (channel.shared ? " · shared with another organisation" : "");
  showMessages(at("messages"), roots(channel.messages), channel.messages, contextOf(channel), openThread);
  drawHome(channel);
}

// The app's own conversation has two tabs; the Home tab is what the app published for this person.
function drawHome(channel) {
  const open = channel.im && here.home;
  at("surfaces").hidden = !channel.im;
  for (const button of at("surfaces").children) button.setAttribute("aria-pressed", String((button.id === "to-home") === open));
  at("home").hidden = !open;
  at("messages").hidden = at("composer").hidden = open;
  const context = { names: names(), press: (_block, one) => act({ do: "use", view: state.home.id, action_id: one.action_id, value: one.value ?? null, values: {} }).then(say) };
  show(at("home"), state.home ? [state.home] : [], (view) => view.id, (view) => h("div", { class: "surface" }, blocks(view.blocks, context)));
}

function drawThread(channel) {
  const root = channel.messages.find((one) => one.ts === here.thread);
  at("thread").hidden = !root;
  document.body.classList.toggle("with-thread", Boolean(root));
  if (root) showMessages(at("replies"), [root, ...repliesTo(channel.messages, root.ts)], channel.messages, contextOf(channel), null);
}

function openThread(ts) {
  here.thread = ts;
  draw();
  at("leave").focus();
}

function contextOf(channel) {
  return (message) => ({
    names: names(),
    shortcut: () => act({ do: "shortcut", channel: channel.id, ts: message.ts }).then(say),
    press: (_block, one) =>
      act({ do: "click", channel: channel.id, ts: message.ts, action_id: one.action_id, value: one.value ?? null }).then(say),
  });
}

const dialogActions = {
  submit: (view, values) => act({ do: "submit", view: view.id, values }),
  close: (view) => act({ do: "close", view: view.id }),
  suggest: (view, element, typed) => send({ do: "suggest", user: state.me, view: view.id, action_id: element.action_id, typed }),
  fill: (view, values) => send({ do: "fill", view: view.id, values }),
  use: (view, element, value, values) => act({ do: "use", view: view.id, action_id: element.action_id, value, values }),
};

function choose(request) {
  at("command").value = `${COMMAND} ${request.type} ${request.id}`;
  turnTo("slack");
  at("command").focus();
}

function turnTo(tab) {
  here.tab = document.body.dataset.tab = tab;
  for (const button of document.querySelectorAll(".tabs button")) button.setAttribute("aria-pressed", String(button.dataset.tab === tab));
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = at("command").value.trim();
  const [command, ...words] = typed.split(" ");
  if (!typed || (command[0] === "/" && command !== COMMAND)) return say(`The only command here is ${COMMAND}.`);
  at("command").value = "";
  say("");
  if (command === COMMAND) act({ do: "command", channel: here.channel, text: words.join(" ") }).then(say);
  else act({ do: "say", channel: here.channel, text: typed }).then(say);
});

at("who").addEventListener("change", (event) => {
  here.me = event.target.value;
  here.thread = null;
  location.hash = here.me;
  follow();
});

at("to-home").addEventListener("click", () => {
  here.home = true;
  here.thread = null;
  draw();
  act({ do: "home" }).then(say);
});

at("to-messages").addEventListener("click", () => enter(here.channel));

at("leave").addEventListener("click", () => {
  here.thread = null;
  draw();
  at("command").focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && here.thread && !at("dialog").open) at("leave").click();
});

for (const button of document.querySelectorAll(".tabs button")) button.addEventListener("click", () => turnTo(button.dataset.tab));

say("");
follow();
