// Block Kit as nodes. `context` has the names of people and channels by id, and what to do with what is used:
// press(block, element) for buttons, input(block, element) for the fields of a dialog.

import { h } from "./dom.js";
import { emoji, link, mention, mrkdwn, plain } from "./text.js";

const BLOCKS = {
  actions: (block, context) => h("div", { class: "actions" }, block.elements.map((one) => element(block, one, context))),
  context: (block, context) => h("div", { class: "context" }, block.elements.map((one) => contextElement(one, context))),
  divider: () => h("hr"),
  header: (block) => h("h3", {}, plain(block.text.text)),
  image: (block) => image(block),
  input: (block, context) => context.input?.(block, block.element) ?? unknown(block),
  rich_text: (block, context) => h("div", { class: "rich" }, block.elements.map((one) => rich(one, context))),
  section: (block, context) =>
    h(
      "div",
      { class: "section" },
      block.text && h("p", {}, text(block.text, context)),
      block.accessory && h("div", { class: "accessory" }, element(block, block.accessory, context)),
      block.fields && h("ul", { class: "fields" }, block.fields.map((one) => h("li", {}, text(one, context)))),
    ),
};

const RICH = {
  rich_text_section: (one, context) => h("p", {}, spans(one, context)),
  rich_text_quote: (one, context) => h("blockquote", {}, spans(one, context)),
  rich_text_preformatted: (one, context) => h("pre", {}, spans(one, context)),
  rich_text_list: (one, context) =>
    h(
      one.style === "ordered" ? "ol" : "ul",
      { class: `indent-${one.indent ?? 0}`, start: one.offset ? one.offset + 1 : null },
      one.elements.map((item) => h("li", {}, spans(item, context))),
    ),
};

const SPANS = {
  text: (one) => one.text,
  link: (one) => link(one.url, one.text),
  user: (one, { names }) => mention(`@${names[one.user_id] ?? one.user_id}`),
  channel: (one, { names }) => mention(`#${names[one.channel_id] ?? one.channel_id}`),
  usergroup: (one) => mention(`@${one.usergroup_id}`),
  broadcast: (one) => mention(`@${one.range}`),
  emoji: (one) => emoji(one.name),
};

const STYLES = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };

export function blocks(list, context) {
  return list.map((block) => (BLOCKS[block.type] ?? unknown)(block, context));
}

export function text(object, { names }) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, names) : plain(object.text);
}

function rich(one, context) {
  return (RICH[one.type] ?? unknown)(one, context);
}

function spans(one, context) {
  return one.elements.map((part) =>
    Object.keys(STYLES)
      .filter((style) => part.style?.[style])
      .reduce((inner, style) => h(STYLES[style], {}, inner), (SPANS[part.type] ?? unknown)(part, context)),
  );
}

function element(block, one, context) {
  switch (one.type) {
    case "button": return button(block, one, context);
    case "image": return image(one);
    case "static_select": return context.input?.(block, one) ?? unknown(one);
    default: return unknown(one);
  }
}

function button(block, one, context) {
  const press = () => {
    if (/^https?:/i.test(one.url ?? "")) window.open(one.url, "_blank", "noopener,noreferrer");
    context.press(block, one);
  };
  const label = one.accessibility_label ?? null;
  return h("button", { type: "button", class: one.style, "aria-label": label, onclick: press }, plain(one.text.text));
}

function contextElement(one, context) {
  return one.type === "image" ? image(one) : h("span", {}, text(one, context));
}

// The page loads nothing from elsewhere: of an image it shows what it is about.
function image(one) {
  return h("span", { class: "image", role: "img", "aria-label": one.alt_text }, `🖼 ${one.alt_text}`);
}

function unknown(one) {
  return h("p", { class: "unknown" }, `This page does not draw “${one.type}”.`);
}
