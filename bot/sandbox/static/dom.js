// Making nodes, and keeping those whose content stays the same. Strings only ever become text nodes.

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

// Make `parent` show `items`: a node stays as it is (with focus, selection and open details) while its item's JSON does.
export function show(parent, items, keyOf, draw) {
  const before = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const node = fresh(before.get(key), item, key, draw);
    if (before.get(key) === place && place) place = place.nextElementSibling;
    if (before.has(key) && node !== before.get(key)) replace(before.get(key), node);
    else if (node.nextElementSibling !== place || !node.parentNode) parent.insertBefore(node, place);
    before.delete(key);
  }
  for (const gone of before.values()) gone.remove();
}

function fresh(node, item, key, draw) {
  const json = JSON.stringify(item);
  if (node?.drawnFrom === json) return node;
  const made = draw(item);
  made.dataset.key = key;
  made.drawnFrom = json;
  return made;
}

function replace(old, node) {
  const focused = old.contains(document.activeElement);
  old.replaceWith(node);
  if (focused) {
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
  }
}
