// Slack's mrkdwn, emoji and links as nodes.

import { h } from "./dom.js";

const EMOJI = {
  arrow_right: "➡️", ballot_box_with_check: "☑️", bell: "🔔", grey_question: "❔", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", information_source: "ℹ️", lock: "🔒", no_entry: "⛔", no_entry_sign: "🚫",
  question: "❓", rotating_light: "🚨", tada: "🎉", wave: "👋", warning: "⚠️", white_check_mark: "✅", x: "❌",
};

const WRAPPERS = { "*": "strong", _: "em", "~": "s" };

// In this order: code (nothing inside counts), <references>, :emoji:, then *bold*, _italic_ and ~strike~ at word borders.
const TOKENS = new RegExp(
  [
    "```(?<pre>[^]+?)```",
    "`(?<code>[^`\\n]+)`",
    "<(?<reference>[^<>\\n]+)>",
    ":(?<emoji>[a-z0-9_+-]+):",
    "(?<![\\w*_~])(?<mark>[*_~])(?<marked>\\S|\\S[^\\n]*?\\S)\\k<mark>(?![\\w*_~])",
  ].join("|"),
);

export function emoji(name) {
  return EMOJI[name] ? h("span", { role: "img", "aria-label": name.replaceAll("_", " ") }, EMOJI[name]) : `:${name}:`;
}

export function link(url, label) {
  if (!/^(https?|mailto):/i.test(url)) return label || url;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label || url);
}

export function mention(name) {
  return h("span", { class: "mention" }, name);
}

export function plain(text) {
  return text.split(/(:[a-z0-9_+-]+:)/).map((part) => (/^:.+:$/.test(part) ? emoji(part.slice(1, -1)) : part));
}

export function mrkdwn(text, names) {
  return text.split(/(?<=\n)(?=&gt;)|(?<=(?:^|\n)&gt;[^\n]*\n)(?!&gt;)/).map((part) =>
    part.startsWith("&gt;") ? h("blockquote", {}, inline(part.replace(/^&gt; ?/gm, "").trimEnd(), names)) : inline(part, names),
  );
}

function inline(text, names) {
  const nodes = [];
  for (let rest = text; rest; ) {
    const found = TOKENS.exec(rest);
    nodes.push(unescape(found ? rest.slice(0, found.index) : rest));
    if (!found) break;
    nodes.push(token(found.groups, names));
    rest = rest.slice(found.index + found[0].length);
  }
  return nodes;
}

function token({ pre, code, reference, emoji: name, mark, marked }, names) {
  if (pre) return h("pre", {}, unescape(pre));
  if (code) return h("code", {}, unescape(code));
  if (reference) return referred(reference, names);
  if (name) return emoji(name);
  return h(WRAPPERS[mark], {}, inline(marked, names));
}

function referred(reference, names) {
  const [target, label] = reference.split("|").map(unescape);
  switch (target[0]) {
    case "@": return mention(`@${names[target.slice(1)] ?? label ?? target.slice(1)}`);
    case "#": return mention(`#${names[target.slice(1)] ?? label ?? target.slice(1)}`);
    case "!": return mention(target.startsWith("!subteam^") ? label ?? target : `@${target.slice(1)}`);
    default: return link(target, label);
  }
}

function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
