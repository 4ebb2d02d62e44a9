// Messages of a conversation, and a thread.

import { blocks } from "./blocks.js";
import { h, show } from "./dom.js";
import { mrkdwn } from "./text.js";

const TIME = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });

// Replies whose root is gone stand in the channel, as they would otherwise be seen nowhere.
export function roots(messages) {
  const known = new Set(messages.map((one) => one.ts));
  return messages.filter((one) => !known.has(one.thread_ts) || one.thread_ts === one.ts);
}

export function repliesTo(messages, ts) {
  return messages.filter((one) => one.thread_ts === ts && one.ts !== ts);
}

// `context` is that of blocks.js for one message: context(message), with its shortcut(); `open(ts)` opens a thread.
export function showMessages(list, messages, all, context, open) {
  const items = messages.map((one) => ({ ...one, replies: open ? repliesTo(all, one.ts).length : 0 }));
  const scroller = list.parentElement;
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
  show(list, items, (one) => one.ts, (one) => message(one, context(one), open));
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

function message(one, context, open) {
  return h(
    "li",
    { class: one.private ? "message private" : "message" },
    h("span", { class: one.app ? "avatar app" : "avatar", "aria-hidden": "true" }, one.app ? "✕" : one.by[0]),
    h(
      "div",
      { class: "body" },
      one.private && h("p", { class: "only-you" }, "Only visible to you"),
      h("p", { class: "by" }, h("strong", {}, one.by), one.app && h("span", { class: "app" }, "APP"), time(one)),
      one.blocks.length ? blocks(one.blocks, context) : one.text && h("p", { class: "text" }, mrkdwn(one.text, context.names)),
      one.attachments.map((list) => h("div", { class: "attachment" }, blocks(list, context))),
      one.replies > 0 && replies(one, open),
    ),
    !one.private && menu(context.shortcut),
  );
}

function menu(shortcut) {
  const choose = (event) => {
    event.target.closest("details").open = false;
    shortcut();
  };
  return h(
    "details",
    { class: "menu" },
    h("summary", { "aria-label": "More actions" }, "⋮"),
    h("button", { type: "button", onclick: choose }, "Cancel this request"),
  );
}

function time(one) {
  const date = new Date(Number(one.ts) * 1000);
  return h("span", { class: "when" }, h("time", { datetime: date.toISOString() }, TIME.format(date)), one.edited && " (edited)");
}

function replies(one, open) {
  const count = one.replies === 1 ? "1 reply" : `${one.replies} replies`;
  return h("button", { type: "button", class: "replies", onclick: () => open(one.ts) }, count);
}
